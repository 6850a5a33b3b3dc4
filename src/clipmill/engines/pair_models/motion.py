"""Writing that passes as a whole: where its strokes come from and go to tells that they are no caption.

*Convention:* a shift is in pixels of the strip, x right, y down, from one strip to the next.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

AT_REST = 0.45
"""The correlation of the strokes of two strips up to which they may have moved as a whole."""
MOVED, CLEARLY = 0.7, 0.3
"""The least correlation at their shift, and how much larger it is than at rest."""
LEAST_SHIFT_PX, STEADY_PX = 2, 2
SIDE, DOWN_PX = 4, 3
"""A strip is looked for in the next without a quarter at both sides and some pixels above and below."""

Strokes = NDArray[np.uint8]
Shift = tuple[int, int]


def passing_strokes(strokes: Sequence[Strokes], place: int) -> Strokes | None:
    """The strokes of a strip and the next that pass through them, or None where they don't move as a whole."""
    shift = _shift(strokes[place], strokes[place + 1])
    before, after = max(place - 1, 0), min(place + 2, len(strokes) - 1)
    if shift is None or not any(
        _near(shift, _shift(strokes[one], strokes[other])) for one, other in ((before, place), (place + 1, after))
    ):
        return None
    return np.stack([
        np.minimum(_moved(strokes[before], shift, before - place), _moved(strokes[place + 1], shift, 1)),
        np.minimum(_moved(strokes[place], shift, -1), _moved(strokes[after], shift, after - place - 1)),
    ])  # fmt: skip


def _near(shift: Shift, other: Shift | None) -> bool:
    """Whether what moves goes on as before: a caption that is changed for one like it moves only once."""
    return other is not None and max(abs(one - two) for one, two in zip(shift, other, strict=True)) <= STEADY_PX


def _shift(first: Strokes, second: Strokes) -> Shift | None:
    import cv2

    one, other = _signed(first), _signed(second)
    if _correlation(one, other) > AT_REST:
        return None
    left = one.shape[1] // SIDE
    middle = np.ascontiguousarray(one[DOWN_PX:-DOWN_PX, left:-left])
    found: Any = cv2.matchTemplate(other, middle, cv2.TM_CCOEFF_NORMED)
    _, most, _, (x, y) = cv2.minMaxLoc(found)
    shift = x - left, y - DOWN_PX
    moved = max(map(abs, shift)) >= LEAST_SHIFT_PX
    return shift if moved and most >= max(MOVED, float(found[DOWN_PX, left]) + CLEARLY) else None


def _signed(strokes: Strokes) -> NDArray[np.float32]:
    return strokes[..., 0].astype(np.float32) - strokes[..., 1]


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    one, other = (values.ravel() - values.mean() for values in (one, other))
    return float(one @ other / max(1.0, float(np.sqrt((one @ one) * (other @ other)))))


def _moved(strokes: Strokes, shift: Shift, frames: int) -> Strokes:
    """Strokes of a strip so many frames later as they lie in the strip that is looked at, a pixel broader."""
    import cv2

    matrix = np.array([[1, 0, -frames * shift[0]], [0, 1, -frames * shift[1]]], np.float32)
    size = (strokes.shape[1], strokes.shape[0])
    moved: Any = cv2.dilate(cv2.warpAffine(strokes, matrix, size), np.ones((3, 3), np.uint8))
    return moved
