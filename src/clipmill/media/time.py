"""Exact times and rates.

Convention: times are seconds as ``Fraction``, ends are exclusive, rates are frames per second. A number from the
wire is read by its shortest decimal text (0.1 is 1/10), never by its binary value.
"""

import math
import re
import reprlib
from bisect import bisect_right
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from clipmill.errors import InvalidRateError, InvalidRequestError

SLOWEST_RATE = 1
FASTEST_RATE = 240
BROADCAST_RATES = tuple(Fraction(nominal * 1000, 1001) for nominal in (24, 30, 48, 60, 120, 240))
BROADCAST_ROUNDING = Fraction(5, 1000)

_DECIMAL_TEXT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_RATIO_TEXT = re.compile(r"(\d{1,18})/(\d{1,18})", re.ASCII)
_LONGEST_TEXT = 64
# The exponents a float can carry: beyond them a few bytes of text would become megabytes of digits.
_EXPONENTS = range(-324, 309)


def exact(value: object, field: str) -> Fraction:
    """The exact value of a number or decimal text that arrived in ``field``.

    >>> exact(0.1, "time")
    Fraction(1, 10)
    """
    if isinstance(value, Fraction):
        return value
    decimal = _decimal(value)
    if decimal is None or not decimal.is_finite() or decimal.adjusted() not in _EXPONENTS:
        message = f"{field}: expected a finite decimal number, got {reprlib.repr(value)}. Send a number such as 12.5."
        raise InvalidRequestError(message, details={"field": field})
    return Fraction(decimal)


def _decimal(value: object) -> Decimal | None:
    match value:
        case bool():
            return None
        case int() | Decimal():
            return Decimal(value)
        case float():
            return Decimal(float.__repr__(value))
        case str() if len(value) <= _LONGEST_TEXT and _DECIMAL_TEXT.fullmatch(value):
            return Decimal(value)
        case _:
            return None


def round_half_up(value: Fraction | float) -> int:
    """The nearest whole number; halves go up, also below zero.

    >>> round_half_up(Fraction(75, 2)), round_half_up(-0.5)
    (38, 0)
    """
    whole = math.floor(value)
    return whole + (value - whole >= Fraction(1, 2))


def parse_rate(value: object, field: str) -> Fraction:
    """A rate from a number, a decimal text or ``"num/den"``; 29.97 and its kin mean n * 1000/1001.

    >>> parse_rate(29.97, "fps")
    Fraction(30000, 1001)
    """
    rate = _exact_rate(value)
    if rate is None or not SLOWEST_RATE <= rate <= FASTEST_RATE:
        message = (
            f"{field}: expected a rate from {SLOWEST_RATE} to {FASTEST_RATE} frames per second, "
            f'got {reprlib.repr(value)}. Send a number such as 30 or a fraction such as "30000/1001".'
        )
        raise InvalidRateError(message, details={"field": field})
    return rate


def _exact_rate(value: object) -> Fraction | None:
    if isinstance(value, Fraction):
        return value
    ratio = _RATIO_TEXT.fullmatch(value) if isinstance(value, str) else None
    if ratio:
        numerator, denominator = int(ratio[1]), int(ratio[2])
        return Fraction(numerator, denominator) if denominator else None
    try:
        rate = exact(value, "rate")
    except InvalidRequestError:
        return None
    return next((true for true in BROADCAST_RATES if abs(rate - true) <= BROADCAST_ROUNDING), rate)


def selection_tolerance(rate: Fraction) -> Fraction:
    """How far a time may miss a frame's timestamp and still mean it: absorbs millisecond containers."""
    return min(Fraction(1, 1000), 1 / (4 * rate))


def frame_count(duration: Fraction, fps: Fraction) -> int:
    """Frames of an output that lasts ``duration``; never fewer than one.

    >>> frame_count(Fraction(5, 4), Fraction(30))
    38
    """
    return max(1, round_half_up(duration * fps))


class TimeIndex:
    """Sorted times, searched for every frame: by floats first, exactly where floats cannot tell."""

    __slots__ = ("_floats", "times")

    def __init__(self, times: Iterable[Fraction]) -> None:
        self.times = tuple(times)
        self._floats = [float(time) for time in self.times]

    def last_at(self, t: Fraction) -> int:
        """The position of the last time that is not after ``t``; -1 before the first."""
        near = float(t)
        position = bisect_right(self._floats, near) - 1
        while position >= 0 and self._floats[position] == near and self.times[position] > t:
            position -= 1
        return position
