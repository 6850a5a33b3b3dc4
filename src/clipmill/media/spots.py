"""One highlighted player at one moment: where the ellipse lies and how strongly it shows.

*Convention:* pixels of the displayed frame, x right, y down; lengths in pixels; strengths and opacities are 0..1;
colours are ``#RRGGBB``. Widths that settings give are for a frame of 1080 lines and grow with its height.
"""

import math
from dataclasses import dataclass

from clipmill.media.choices import Effect, HighlightShape
from clipmill.media.geometry import Size
from clipmill.media.time import round_half_up

SETTINGS_HEIGHT = 1080
SMALLEST_RADIUS = 1.0
NARROWEST_STROKE = 2
OUTLINE_EXCESS = 2
"""How much wider the dark outline is than the stroke on it."""
SPOTLIGHT_LOSS = 0.7


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Centre and radii, axes along the frame's."""

    x: float
    y: float
    radius_x: float
    radius_y: float

    def on_the_ground(self) -> "Ellipse":
        """The disc under the feet of the player that this ellipse surrounds.

        >>> Ellipse(100.0, 50.0, 13.0, 26.0).on_the_ground()
        Ellipse(x=100.0, y=70.0, radius_x=20.0, radius_y=7.8)
        """
        return Ellipse(self.x, self.y + self.radius_y / 1.3, self.radius_x * 2 / 1.3, self.radius_y * 0.3)

    def meets(self, frame: Size, reach: float) -> bool:
        """Whether the ellipse, ``reach`` pixels larger all around, has a point in common with the frame."""
        across = max(-self.x, self.x - frame.width, 0.0) / (self.radius_x + reach)
        down = max(-self.y, self.y - frame.height, 0.0) / (self.radius_y + reach)
        return math.hypot(across, down) < 1


@dataclass(frozen=True, slots=True)
class Spot:
    """One region's ellipse at one moment."""

    ellipse: Ellipse
    strength: float
    stroke_opacity: float
    fill_opacity: float
    """0 where the look has no fill."""
    colour: str
    shape: HighlightShape


@dataclass(frozen=True, slots=True)
class Look:
    """How all highlights of a video look."""

    effect: Effect = Effect.DARK_OVERLAY
    shape: HighlightShape = HighlightShape.BODY
    stroke_width: float = 2.0
    dim_strength: float = 0.20
    boost_strength: float = 0.20
    blur_sigma: float = 8.0
    feather: float = 0.10
    fill_enabled: bool = False

    @property
    def filled(self) -> bool:
        return self.fill_enabled or self.shape is HighlightShape.GROUND

    @property
    def loss(self) -> float:
        """The share of its brightness that the picture loses where the outside weight is 1."""
        match self.effect:
            case Effect.DARK_OVERLAY:
                return self.dim_strength
            case Effect.SPOTLIGHT:
                return SPOTLIGHT_LOSS
            case _:
                return 0.0

    @property
    def gain(self) -> float:
        """How much brighter the picture gets where the inside weight is 1."""
        return self.boost_strength if self.effect is Effect.BRIGHTNESS_BOOST else 0.0

    @property
    def has_effect(self) -> bool:
        """Whether anything but strokes and fills can change."""
        return self.effect is Effect.BLUR or self.loss > 0 or self.gain > 0

    def stroke_px(self, frame: Size) -> int:
        """The width of the stroke; 0 for none.

        >>> Look().stroke_px(Size(3840, 2160)), Look(stroke_width=0).stroke_px(Size(3840, 2160))
        (4, 0)
        """
        if not self.stroke_width:
            return 0
        return max(NARROWEST_STROKE, round_half_up(self.stroke_width * frame.height / SETTINGS_HEIGHT))

    def outline_px(self, frame: Size) -> int:
        """The width of the dark line under the stroke; 0 for none."""
        stroke = self.stroke_px(frame)
        return stroke + OUTLINE_EXCESS if stroke else 0

    def sigma_px(self, frame: Size) -> float:
        """The blur's standard deviation."""
        return self.blur_sigma * frame.height / SETTINGS_HEIGHT

    def feather_px(self, ellipse: Ellipse) -> float:
        """How wide the soft edge of the mask is; never less than a pixel, so that hard edges are smooth as well."""
        return max(1.0, self.feather * min(ellipse.radius_x, ellipse.radius_y))
