"""Tracks: one property over time, given by keyframes.

Convention: key times are exact seconds, values are floats. Before the first key the first value holds, after the
last key the last one.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Self

from clipmill.media.geometry import Box
from clipmill.media.time import TimeIndex

SAME_TIME = Fraction(1, 1_000_000)

Key = tuple[Fraction, float]


class Blend(StrEnum):
    """How a value moves from one key to the next."""

    LINEAR = "linear"
    SMOOTH = "smooth"
    CATMULL_ROM = "catmull_rom"
    HOLD = "hold"


class Track:
    """One property over time.

    >>> Track([(Fraction(0), 10.0), (Fraction(4), 50.0)]).at(Fraction(3))
    40.0
    """

    __slots__ = ("_gaps", "_index", "_slopes", "_tolerance", "_values", "blend")

    def __init__(
        self,
        keys: Iterable[Key],
        blend: Blend = Blend.LINEAR,
        *,
        default: float = 0.0,
        tolerance: Fraction = Fraction(0),
    ) -> None:
        """Keys come in any order; ``default`` stands in for no keys, ``tolerance`` widens ``hold`` only."""
        kept = _distinct(keys) or [(Fraction(0), default)]
        self.blend = blend
        self._tolerance = tolerance
        self._index = TimeIndex(time for time, _ in kept)
        self._values = tuple(float(value) for _, value in kept)
        self._gaps = tuple(float(later - earlier) for earlier, later in pairwise(self._index.times))
        self._slopes = _slopes(self._gaps, self._values) if blend is Blend.SMOOTH else ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys in force: sorted, those at the same time merged."""
        return tuple(zip(self._index.times, self._values, strict=True))

    def at(self, t: Fraction) -> float:
        """The value at ``t``."""
        if self.blend is Blend.HOLD:
            return self._values[max(0, self._index.last_at(t + self._tolerance))]
        i = self._index.last_at(t)
        if i < 0:
            return self._values[0]
        if i == len(self._gaps):
            return self._values[i]
        u = _seconds_between(self._index.times[i], t) / self._gaps[i]
        return self._between(i, u) if u else self._values[i]

    def _between(self, i: int, u: float) -> float:
        start, end = self._values[i], self._values[i + 1]
        match self.blend:
            case Blend.SMOOTH:
                return _hermite(start, end, (self._slopes[i], self._slopes[i + 1]), self._gaps[i], u)
            case Blend.CATMULL_ROM:
                before, after = self._values[max(0, i - 1)], self._values[min(len(self._gaps), i + 2)]
                return _catmull_rom((before, start, end, after), u)
            case _:
                return start + (end - start) * u


class BoxTrack:
    """A box over time: each of its four numbers is a track of its own. Not clamped to any frame."""

    __slots__ = ("height", "width", "x", "y")

    def __init__(self, x: Track, y: Track, width: Track, height: Track) -> None:
        self.x, self.y, self.width, self.height = x, y, width, height

    @classmethod
    def from_keyframes(
        cls,
        keyframes: Iterable[tuple[Fraction, Box]],
        blend: Blend = Blend.LINEAR,
        *,
        default: Box,
        tolerance: Fraction = Fraction(0),
    ) -> Self:
        """The track through the given boxes; ``default`` stands in for none."""
        given = tuple(keyframes)

        def track(name: str) -> Track:
            keys = ((time, getattr(box, name)) for time, box in given)
            return Track(keys, blend, default=getattr(default, name), tolerance=tolerance)

        return cls(track("x"), track("y"), track("width"), track("height"))

    def at(self, t: Fraction) -> Box:
        """The box at ``t``."""
        return Box(self.x.at(t), self.y.at(t), self.width.at(t), self.height.at(t))

    @property
    def keyframes(self) -> tuple[tuple[Fraction, Box], ...]:
        """The box at every time that is a key of one of the four tracks."""
        times = {time for track in (self.x, self.y, self.width, self.height) for time, _ in track.keys}
        return tuple((time, self.at(time)) for time in sorted(times))


def _distinct(keys: Iterable[Key]) -> list[Key]:
    """Sorted keys; of keys at the same time the later in the input stays."""
    ordered = sorted(enumerate(keys), key=lambda entry: (entry[1][0], entry[0]))
    kept: list[tuple[int, Key]] = []
    for position, key in ordered:
        if not kept or key[0] - kept[-1][1][0] >= SAME_TIME:
            kept.append((position, key))
        elif position > kept[-1][0]:
            kept[-1] = (position, key)
    return [key for _, key in kept]


def _seconds_between(earlier: Fraction, later: Fraction) -> float:
    # The exact difference, rounded once, without the common divisor that Fraction would look for in every frame.
    difference = later.numerator * earlier.denominator - earlier.numerator * later.denominator
    return difference / (later.denominator * earlier.denominator)


def _hermite(start: float, end: float, slopes: tuple[float, float], gap: float, u: float) -> float:
    rest = 1 - u
    value = (
        (1 + 2 * u) * rest * rest * start
        + u * rest * rest * gap * slopes[0]
        + u * u * (3 - 2 * u) * end
        - u * u * rest * gap * slopes[1]
    )
    # The curve stays between its keys; rounding could carry it one step beyond.
    return min(max(value, min(start, end)), max(start, end))


def _catmull_rom(points: tuple[float, float, float, float], u: float) -> float:
    p0, p1, p2, p3 = points
    return (2 * p1 + (p2 - p0) * u + (2 * p0 - 5 * p1 + 4 * p2 - p3) * u**2 + (3 * p1 - p0 - 3 * p2 + p3) * u**3) / 2


def _slopes(gaps: Sequence[float], values: Sequence[float]) -> tuple[float, ...]:
    """Slopes at the keys that never overshoot (Fritsch and Butland's weighted harmonic mean)."""
    rises = [(later - earlier) / gap for (earlier, later), gap in zip(pairwise(values), gaps, strict=True)]
    if len(rises) < 2:
        return tuple(rises * 2)
    inner = [_inner_slope(*pair) for pair in pairwise(zip(gaps, rises, strict=True))]
    first = _end_slope((gaps[0], rises[0]), (gaps[1], rises[1]))
    last = _end_slope((gaps[-1], rises[-1]), (gaps[-2], rises[-2]))
    return (first, *inner, last)


def _inner_slope(before: tuple[float, float], after: tuple[float, float]) -> float:
    (gap_before, rise_before), (gap_after, rise_after) = before, after
    if rise_before * rise_after <= 0:
        return 0.0
    weight_before, weight_after = 2 * gap_after + gap_before, gap_after + 2 * gap_before
    return (weight_before + weight_after) / (weight_before / rise_before + weight_after / rise_after)


def _end_slope(outer: tuple[float, float], inner: tuple[float, float]) -> float:
    (gap, rise), (next_gap, next_rise) = outer, inner
    slope = ((2 * gap + next_gap) * rise - gap * next_rise) / (gap + next_gap)
    if slope * rise <= 0:
        return 0.0
    if rise * next_rise < 0 and abs(slope) > 3 * abs(rise):
        return 3 * rise
    return slope
