"""Texts and pictures laid over a video: what they are, where they stand, when they show.

*Convention:* times are exact seconds on the video's own clock, ends exclusive; positions and lengths are pixels of the
displayed frame, x to the right, y down; colours are ``#RRGGBB``, opacities 0..1.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from clipmill.media.geometry import Rectangle, Size
from clipmill.media.time import round_half_up

TEXT_PART = Fraction(5, 100)
"""Size of a text that names none, in parts of the frame's height."""


class Anchor(StrEnum):
    """The point of a box that is put at (x, y)."""

    TOP_LEFT = "top-left"
    TOP = "top"
    TOP_RIGHT = "top-right"
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom-right"

    @property
    def across(self) -> float:
        """How far right in the box: 0 = its left edge, 1 = its right edge."""
        return 0.0 if self.value.endswith("left") else 1.0 if self.value.endswith("right") else 0.5

    @property
    def down(self) -> float:
        """How far down in the box: 0 = its top edge, 1 = its bottom edge."""
        return 0.0 if self.value.startswith("top") else 1.0 if self.value.startswith("bottom") else 0.5


class Align(StrEnum):
    """Where the shorter lines of a text stand."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"

    @property
    def part(self) -> float:
        """The share of a line's free room that lies on its left."""
        return {Align.LEFT: 0.0, Align.CENTER: 0.5, Align.RIGHT: 1.0}[self]


class Weight(StrEnum):
    REGULAR = "regular"
    BOLD = "bold"


def anchored(x: float, y: float, anchor: Anchor, extent: Size) -> Rectangle:
    """The box of a size whose anchor point is at (x, y), to half a pixel.

    >>> anchored(100, 50, Anchor.BOTTOM, Size(40, 10))
    Rectangle(left=80, top=40, width=40, height=10)
    """
    left = round_half_up(x - anchor.across * extent.width)
    top = round_half_up(y - anchor.down * extent.height)
    return Rectangle(left, top, extent.width, extent.height)


@dataclass(frozen=True, slots=True)
class TextLayer:
    """A text, drawn as it is written."""

    text: str
    x: float
    y: float
    anchor: Anchor = Anchor.CENTER
    size: float | None = None
    """Height of the letters' em square in pixels; None = a twentieth of the frame's height."""
    weight: Weight = Weight.REGULAR
    color: str = "#FFFFFF"
    outline_color: str = "#000000"
    outline_width: float = 0.0
    box_color: str | None = None
    box_opacity: float = 0.5
    align: Align = Align.CENTER
    max_width: float | None = None

    def size_on(self, frame: Size) -> float:
        """The size of the letters on a frame."""
        return self.size if self.size is not None else max(1, round_half_up(frame.height * TEXT_PART))


@dataclass(frozen=True, slots=True)
class ImageLayer:
    """A PNG picture with alpha, as bytes or by the key under which it is stored.

    Without any of the four lengths it covers the whole frame; a length that is missing beside others is x = 0, y = 0
    and the picture's own width and height.
    """

    png: bytes | None = None
    key: str | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None

    @property
    def fills_frame(self) -> bool:
        return self.x is None and self.y is None and self.width is None and self.height is None


@dataclass(frozen=True, slots=True)
class Layer:
    """What is shown from ``start`` to ``end``; ``tolerance`` is how far a frame may miss them."""

    start: Fraction
    end: Fraction
    opacity: float
    fade_out: Fraction
    drawn: TextLayer | ImageLayer
    tolerance: Fraction

    def strength(self, t: Fraction) -> float:
        """How opaque the layer is on the frame shown at ``t``; 0 where it is not shown.

        >>> Layer(Fraction(0), Fraction(2), 1.0, Fraction(1, 4), TextLayer("2:1", 0, 0), Fraction(0)).strength(
        ...     Fraction("1.95")
        ... )
        0.2
        """
        if not self.start - self.tolerance <= t < self.end - self.tolerance:
            return 0.0
        left = self.end - t
        return self.opacity if left >= self.fade_out else self.opacity * float(left / self.fade_out)
