"""Sizes and rectangles on a frame.

Convention: pixels of the frame as displayed, origin top-left, x right, y down; pixel (i, j) covers
[i, i+1) x [j, j+1). Boxes are floats and stay fractional; right and bottom edges are exclusive. A ratio is
width / height. Rotation is in degrees, positive = counter-clockwise as seen, about the centre, on the same canvas.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from clipmill.errors import InvalidRequestError
from clipmill.media.time import round_half_up

SMALLEST_SIDE = 2.0
STRETCHABLE_MISMATCH = 0.01
LARGEST_ROTATION = 45.0
SMALLEST_ROTATION = 1e-6
# Rounding of a box computed without border may put a corner this far outside, in pixels.
BORDER_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Size:
    """A picture's width and height in whole pixels."""

    width: int
    height: int

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the displayed frame, by its top-left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Whole pixels of a frame; may lie partly or wholly outside it."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def grown(self, by: int) -> "Rectangle":
        """Moved outwards on all four sides."""
        return Rectangle(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)

    def inside(self, frame: Size) -> "Rectangle":
        """The part that lies on a frame; width or height 0 where none does.

        >>> Rectangle(-10, 20, 50, 50).inside(Size(64, 36))
        Rectangle(left=0, top=20, width=40, height=16)
        """
        left, top = min(max(self.left, 0), frame.width), min(max(self.top, 0), frame.height)
        right, bottom = min(self.right, frame.width), min(self.bottom, frame.height)
        return Rectangle(left, top, max(0, right - left), max(0, bottom - top))


class Fit(StrEnum):
    """What happens to a box whose ratio is not the output's."""

    COVER = "cover"
    CONTAIN = "contain"
    STRETCH = "stretch"


@dataclass(frozen=True, slots=True)
class Placement:
    """The box that is sampled, and where its picture lies on the output."""

    box: Box
    picture: Size
    left: int
    top: int


def largest_box(frame: Size, ratio: Fraction | float) -> Box:
    """The largest centred box of a ratio.

    >>> largest_box(Size(1920, 1080), Size(1080, 1920).ratio)
    Box(x=656.25, y=0.0, width=607.5, height=1080.0)
    """
    width = float(min(frame.width, frame.height * ratio))
    height = float(min(frame.height, frame.width / ratio))
    return _centred(frame, width, height)


def largest_rotated_box(frame: Size, ratio: Fraction | float, degrees: float) -> Box:
    """The largest centred box of a ratio that shows no border of the rotated picture."""
    shape = float(ratio)
    cosine, sine = math.cos(math.radians(abs(degrees))), math.sin(math.radians(abs(degrees)))
    height = min(frame.width / (shape * cosine + sine), frame.height / (shape * sine + cosine))
    return _centred(frame, shape * height, height)


def _centred(frame: Size, width: float, height: float) -> Box:
    return Box((frame.width - width) / 2, (frame.height - height) / 2, width, height)


def clamp_box(box: Box, frame: Size) -> Box:
    """The box inside the frame: grown to two pixels, shifted, then shrunk; never rounded.

    >>> clamp_box(Box(1900.0, 10.0, 100.0, 50.0), Size(1920, 1080))
    Box(x=1820.0, y=10.0, width=100.0, height=50.0)
    """
    x, width = _clamp_side(box.x, box.width, frame.width)
    y, height = _clamp_side(box.y, box.height, frame.height)
    return Box(x, y, width, height)


def _clamp_side(start: float, length: float, limit: int) -> tuple[float, float]:
    grown = max(length, SMALLEST_SIDE)
    start -= (grown - length) / 2
    length = min(grown, float(limit))
    return min(max(start, 0.0), limit - length), length


def ratio_mismatch(box: Box, ratio: Fraction | float) -> float:
    """How far the box is from a ratio: 0 = equal, 0.01 = one per cent."""
    have, want = box.width / box.height, float(ratio)
    return max(have, want) / min(have, want) - 1


def effective_fit(boxes: Iterable[Box], fit: Fit, output: Size) -> Fit:
    """The fit of a whole clip, from its clamped keyframe boxes: boxes that nearly match are stretched."""
    ratio = output.ratio
    nearly = all(ratio_mismatch(box, ratio) < STRETCHABLE_MISMATCH for box in boxes)
    return Fit.STRETCH if nearly else fit


def place(box: Box, fit: Fit, output: Size) -> Placement:
    """What is sampled for a box, and where it lies on an output of even sides.

    >>> place(Box(0.0, 0.0, 400.0, 400.0), Fit.COVER, Size(1080, 1920)).box
    Box(x=87.5, y=0.0, width=225.0, height=400.0)
    """
    match fit:
        case Fit.STRETCH:
            return Placement(box, output, 0, 0)
        case Fit.COVER:
            return Placement(_covering(box, output), output, 0, 0)
        case Fit.CONTAIN:
            picture = _contained(box, output)
            return Placement(
                box, picture, _even_margin(output.width, picture.width), _even_margin(output.height, picture.height)
            )


def _covering(box: Box, output: Size) -> Box:
    width = min(box.width, box.height * output.width / output.height)
    height = min(box.height, box.width * output.height / output.width)
    return Box(box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height)


def _contained(box: Box, output: Size) -> Size:
    # Products are compared and divided once, so that an exact half is still one when it is rounded.
    if box.width * output.height >= box.height * output.width:
        return Size(output.width, _even_side(box.height * output.width / box.width, output.height))
    return Size(_even_side(box.width * output.height / box.height, output.width), output.height)


def _even_side(length: float, limit: int) -> int:
    # A picture of a very flat box keeps two lines: none could not be drawn.
    return min(limit, max(2, 2 * round_half_up(length / 2)))


def _even_margin(outer: int, inner: int) -> int:
    # Even, so that the chroma of 4:2:0 starts on a whole sample.
    return (outer - inner) // 4 * 2


def rotation_in_force(degrees: float) -> float:
    """The rotation to draw: 0.0 where it is too small to see; beyond 45 degrees it is refused."""
    if not abs(degrees) <= LARGEST_ROTATION:
        message = f"rotation: expected -45 to 45 degrees, got {degrees}. Turn the source by its metadata for more."
        raise InvalidRequestError(message, details={"field": "rotation"})
    return 0.0 if abs(degrees) < SMALLEST_ROTATION else float(degrees)


def canvas_to_source(x: float, y: float, frame: Size, degrees: float) -> tuple[float, float]:
    """The source point that a rotation brings to (x, y) of the canvas."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    across, down = x - frame.width / 2, y - frame.height / 2
    return frame.width / 2 + across * cosine - down * sine, frame.height / 2 + across * sine + down * cosine


def rotated_box_leaves_source(box: Box, frame: Size, degrees: float) -> bool:
    """Whether a box on the rotated canvas shows the black border."""
    corners = [(box.x + across, box.y + down) for across in (0, box.width) for down in (0, box.height)]
    points = [canvas_to_source(x, y, frame, degrees) for x, y in corners]
    return any(_outside(x, frame.width) or _outside(y, frame.height) for x, y in points)


def _outside(position: float, limit: int) -> bool:
    return position < -BORDER_SLACK or position > limit + BORDER_SLACK
