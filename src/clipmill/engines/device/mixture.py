"""What becomes of the samples of a patch on a device: shares of the picture, of its blurred twin and of colours.

*Convention:* that of `clipmill.engines.overlay.mixture`: maps (rows, columns) over luma samples, levels from black.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from clipmill.engines.device.ellipses import EllipseMap
from clipmill.engines.overlay.levels import hex_above_black
from clipmill.engines.overlay.strokes import OUTLINE_OPACITY, OUTLINE_SHADE
from clipmill.media.choices import Effect, HighlightShape
from clipmill.media.spots import OUTLINE_EXCESS, Look, Spot


@dataclass(eq=False)
class DeviceMixture:
    """``kept`` of the picture + ``blurred`` of its blurred twin + ``added`` levels (3, rows, columns)."""

    kept: Tensor
    added: Tensor
    blurred: Tensor | None = None
    gain: Tensor | None = None
    """What the picture is multiplied by before anything is painted over it; where it is above 1, white may clip."""

    @classmethod
    def of(cls, look: Look, strongest: float, inside: Tensor) -> "DeviceMixture":
        """What the effect makes of a patch; ``inside`` is max(s * M) of the spots."""
        nothing = inside.new_zeros((3, *inside.shape))
        match look.effect:
            case Effect.DARK_OVERLAY | Effect.SPOTLIGHT:
                return cls(1 - look.loss * (strongest - inside), nothing)
            case Effect.BRIGHTNESS_BOOST:
                gain = 1 + look.gain * inside
                return cls(gain, nothing, gain=gain)
            case Effect.BLUR:
                outside = strongest - inside
                return cls(1 - outside, nothing, blurred=outside)
            case Effect.ORIGINAL:
                return cls(torch.ones_like(inside), nothing)

    def paint(self, spot: Spot, seen: EllipseMap, stroke_px: int) -> None:
        """Paint fill, outline and stroke of a spot, in this order."""
        fill = spot.fill_opacity * spot.strength
        if fill:
            self._cover(spot.colour, seen.coverage() * fill, 1.0)
        if stroke_px:
            arc = seen.front_arc() if spot.shape is HighlightShape.GROUND else 1.0
            outline = seen.line_coverage(stroke_px + OUTLINE_EXCESS) * arc
            self._cover(spot.colour, outline * (OUTLINE_OPACITY * spot.strength), float(OUTLINE_SHADE))
            stroke = seen.line_coverage(stroke_px) * arc
            self._cover(spot.colour, stroke * (spot.stroke_opacity * spot.strength), 1.0)

    def _cover(self, colour: str, share: Tensor, shade: float) -> None:
        """Paint over everything: ``share`` of a colour comes, so much darker, the rest of what is there stays."""
        free = 1 - share
        levels = share.new_tensor(hex_above_black(colour))[:, None, None] * shade
        self.kept = self.kept * free
        self.added = self.added * free + levels * share
        if self.blurred is not None:
            self.blurred = self.blurred * free
