"""The paint of a spot: its fill, the dark outline, the stroke on it."""

import numpy as np

from clipmill.engines.overlay.mask import Floats, Rim, coverage, front_arc, line_coverage
from clipmill.engines.overlay.mixture import Mixture
from clipmill.media.choices import HighlightShape
from clipmill.media.spots import OUTLINE_EXCESS, Spot

OUTLINE_SHADE = np.float32(0.3)
OUTLINE_OPACITY = 0.5


def paint_spot(mixture: Mixture, spot: Spot, rim: Rim, stroke_px: int) -> None:
    """Paint fill, outline and stroke, in this order."""
    fill = spot.fill_opacity * spot.strength
    if fill:
        share = rim.spread(coverage(rim.distance)).ravel()
        share *= np.float32(fill)
        mixture.cover(spot.colour, 1 - share, share)
    if stroke_px:
        mixture.cover(spot.colour, *_lines(spot, rim, stroke_px), rim.at)


def _lines(spot: Spot, rim: Rim, stroke_px: int) -> tuple[Floats, Floats]:
    """What outline and stroke together leave free on the rim, and how much colour they bring."""
    outline = line_coverage(rim.distance, stroke_px + OUTLINE_EXCESS) * np.float32(OUTLINE_OPACITY * spot.strength)
    stroke = line_coverage(rim.distance, stroke_px) * np.float32(spot.stroke_opacity * spot.strength)
    if spot.shape is HighlightShape.GROUND:
        arc = front_arc(spot.ellipse, rim)
        outline *= arc
        stroke *= arc
    below_stroke = 1 - stroke
    return below_stroke * (1 - outline), outline * OUTLINE_SHADE * below_stroke + stroke
