"""Long outputs in parts: every stretch of an output has an encoder of its own, a part is a run of whole stretches.

Convention: stretches are counted from 0, their places are output frames; ends are exclusive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from clipmill.media.time import round_half_up

STRETCH_S = Fraction(20)
"""How long one encoder lasts: a boundary costs little more than a key frame, which is due every two seconds anyway."""
PART_S = Fraction(60)
"""How long a part is unless the caller says otherwise: shorter ones cost more in starting machines than they save in time."""
GROUP_S = 2


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbours, from the first up to, not including, the last."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first


def group_length(fps: Fraction) -> int:
    """The most frames from one key frame to the next."""
    return max(1, round_half_up(GROUP_S * fps))


def stretch_length(fps: Fraction, seconds: Fraction = STRETCH_S) -> int:
    """The frames of a stretch: whole groups, as near to ``seconds`` as they come; part of a group where it is shorter.

    >>> stretch_length(Fraction(30000, 1001)), stretch_length(Fraction(30), Fraction(1, 2))
    (600, 15)
    """
    group = group_length(fps)
    groups = round_half_up(seconds * fps / group)
    return groups * group if groups else max(1, round_half_up(seconds * fps))


def stretches(frames: int, length: int) -> tuple[Run, ...]:
    """Tile an output of ``frames`` frames.

    >>> stretches(130, 60)
    (Run(first=0, last=60), Run(first=60, last=120), Run(first=120, last=130))
    """
    return tuple(Run(first, min(first + length, frames)) for first in range(0, frames, length))


def part_count(weights: Sequence[int], stretch_s: Fraction = STRETCH_S, part_s: Fraction = PART_S) -> int:
    """How many parts of about ``part_s`` stretches of these weights make; the longest one lasts ``stretch_s``.

    >>> part_count([600] * 135), part_count([600, 130]), part_count([])
    (45, 1, 1)
    """
    seconds = Fraction(sum(weights), max(weights)) * stretch_s if weights else Fraction(0)
    return max(1, round_half_up(seconds / part_s))


def parts(weights: Sequence[int], count: int) -> tuple[Run, ...]:
    """Share stretches of these weights out to at most ``count`` parts of about the same weight; none is empty.

    >>> parts([60, 60, 60, 60, 10], 2)
    (Run(first=0, last=2), Run(first=2, last=5))
    """
    if not weights:
        return ()
    count = max(1, min(count, len(weights)))
    reached = list(accumulate(weights, initial=0))
    cuts = [0]
    for left in range(count - 1, 0, -1):
        due = reached[-1] * Fraction(count - left, count)
        possible = range(cuts[-1] + 1, len(weights) - left + 1)
        cuts.append(min(possible, key=lambda cut, due=due: abs(reached[cut] - due)))
    return tuple(Run(first, last) for first, last in pairwise([*cuts, len(weights)]))
