"""The band of the picture that holds captions, as fractions and as pixels.

*Convention:* fractions 0..1 of the displayed frame, origin top-left, x right, y down; right and bottom are exclusive.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

from clipmill.errors import InvalidParameterError
from clipmill.media.geometry import Size

SLACK = 1e-6
"""How far outside 0..1 a fraction may lie and still mean the edge; also what a pixel edge may miss its pixel by."""
SMALLEST_SIDE_PX = 8


@dataclass(frozen=True, slots=True)
class CropRegion:
    """The caption band; checked and clamped as it is made."""

    crop_left: float
    crop_top: float
    crop_right: float
    crop_bottom: float

    def __post_init__(self) -> None:
        for side in fields(self):
            object.__setattr__(self, side.name, fraction(getattr(self, side.name), side.name))
        if not (self.crop_left < self.crop_right and self.crop_top < self.crop_bottom):
            raise InvalidParameterError(
                f"crop_region: expected crop_left < crop_right and crop_top < crop_bottom, got {self.to_json()}. "
                "Send the edges in this order, as fractions of the displayed frame.",
                details={"field": "crop_region"},
            )

    @classmethod
    def from_json(cls, region: Mapping[str, Any]) -> "CropRegion":
        """The region that a mapping of its four edges means; edges missing or unknown are refused."""
        names = {side.name for side in fields(cls)}
        if set(region.keys()) != names:
            raise InvalidParameterError(
                f"crop_region: expected exactly {', '.join(sorted(names))}, got {', '.join(sorted(map(repr, region)))}.",
                details={"field": "crop_region"},
            )
        return cls(**region)

    def to_json(self) -> dict[str, float]:
        return {side.name: getattr(self, side.name) for side in fields(self)}


@dataclass(frozen=True, slots=True)
class PixelRect:
    """Whole pixels of the displayed frame, of even size."""

    left: int
    top: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    def to_json(self) -> dict[str, int]:
        return {"left": self.left, "top": self.top, "width": self.width, "height": self.height}


def fraction(value: object, field: str) -> float:
    """A coordinate inside 0..1; rounding that crossed an edge is taken back, anything further out is refused."""
    number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    if not -SLACK <= number <= 1 + SLACK:
        raise InvalidParameterError(
            f"{field}: expected a fraction 0..1 of the displayed frame, got {value!r:.80}. Divide pixels by the size of "
            "the frame as displayed.",
            details={"field": field},
        )
    return min(max(number, 0.0), 1.0)


def pixel_rect(region: CropRegion, frame: Size) -> PixelRect:
    """The pixels of a region: all that it touches, then an even number of them, because odd sizes lose chroma lines.

    >>> pixel_rect(CropRegion(0.1, 0.8, 0.9, 0.95), Size(1920, 1080))
    PixelRect(left=192, top=864, width=1536, height=162)
    """
    left, right = _touched(region.crop_left, region.crop_right, frame.width)
    top, bottom = _touched(region.crop_top, region.crop_bottom, frame.height)
    if min(right - left, bottom - top) < SMALLEST_SIDE_PX:
        raise InvalidParameterError(
            f"crop_region: covers {right - left}x{bottom - top} pixels of {frame.width}x{frame.height}; expected at least "
            f"{SMALLEST_SIDE_PX} in both directions. Choose a larger region.",
            details={"field": "crop_region"},
        )
    left, right = _even(left, right, frame.width)
    top, bottom = _even(top, bottom, frame.height)
    return PixelRect(left, top, right - left, bottom - top)


def _touched(low: float, high: float, limit: int) -> tuple[int, int]:
    first, end = math.floor(low * limit + SLACK), math.ceil(high * limit - SLACK)
    return max(first, 0), min(end, limit)


def _even(first: int, end: int, limit: int) -> tuple[int, int]:
    if (end - first) % 2 == 0:
        return first, end
    if end < limit:
        return first, end + 1
    return (first - 1, end) if first > 0 else (first, end - 1)


WHOLE_FRAME = CropRegion(0.0, 0.0, 1.0, 1.0)
