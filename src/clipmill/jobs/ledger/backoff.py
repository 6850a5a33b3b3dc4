"""How long to wait before the next try: growing pauses, stretched by chance so that tries do not come in step."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from fractions import Fraction
from random import SystemRandom

Chance = Callable[[], float]
"""A number from 0 up to but not including 1."""

chance: Chance = SystemRandom().random

ATTEMPT_PAUSES_S = (3, 6)
DELIVERY_PAUSES_S = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)

_MOST_STRETCH = Fraction(1, 4)


def pause(pauses_s: Sequence[int], tries: int, draw: Chance) -> timedelta | None:
    """The wait after so many tries, up to a quarter longer than the schedule says; None when all tries are used up.

    >>> pause(ATTEMPT_PAUSES_S, 2, lambda: 0.5).total_seconds()
    6.75
    >>> pause(ATTEMPT_PAUSES_S, 3, lambda: 0.5) is None
    True
    """
    if tries > len(pauses_s):
        return None
    seconds = pauses_s[tries - 1] * (1 + _MOST_STRETCH * Fraction(draw()))
    return timedelta(microseconds=int(seconds * 1_000_000))
