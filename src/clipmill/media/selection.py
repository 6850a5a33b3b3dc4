"""Which source frame is on screen at a time.

Convention: the last frame with pts <= t + tolerance; before the first frame it is the first, after the last the last.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from clipmill.errors import CorruptMediaError

NEAR = Fraction(1, 1000)
"""A moment this close to a frame, in parts of the gap to the next one, is that frame."""

Frame = TypeVar("Frame")


@dataclass(frozen=True, slots=True)
class OnScreen(Generic[Frame]):
    """The frame shown at a time, and the one after it, if any."""

    frame: Frame
    following: Frame | None


def on_screen(pts: Sequence[Fraction], t: Fraction, tolerance: Fraction) -> int:
    """The position of the frame shown at ``t`` among sorted timestamps, of which there is at least one.

    >>> on_screen([Fraction(0), Fraction(1, 25), Fraction(2, 25)], Fraction(1, 30), Fraction(1, 1000))
    0
    """
    return max(0, bisect_right(pts, t + tolerance) - 1)


def frames_on_screen(
    times: Iterable[Fraction],
    frames: Iterable[Frame],
    pts: Callable[[Frame], Fraction],
    tolerance: Fraction,
) -> Iterator[OnScreen[Frame]]:
    """Yield the frame shown at each of the times, which never decrease; reads one frame ahead and keeps no other."""
    supply = iter(frames)
    shown = next(supply, None)
    if shown is None:
        raise CorruptMediaError(
            "no frame could be decoded in the range asked for. Check the file, or choose another range."
        )
    following = next(supply, None)
    latest: Fraction | None = None
    for t in times:
        if latest is not None and t < latest:
            raise ValueError(f"times must not decrease, got {t} after {latest}")
        latest = t
        while following is not None and pts(following) <= t + tolerance:
            shown, following = following, next(supply, None)
        yield OnScreen(shown, following)


def motion_fraction(t: Fraction, shown: Fraction, following: Fraction) -> float:
    """How far ``t`` lies between two frames' timestamps: 0.0 and 1.0 mean one frame itself."""
    part = (t - shown) / (following - shown)
    if part < NEAR:
        return 0.0
    return 1.0 if part > 1 - NEAR else float(part)
