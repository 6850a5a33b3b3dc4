"""The region around the boxes of the captions, and the side at which their lines stand.

*Convention:* fractions of the displayed frame; the region has room for letters that reach further than those seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from clipmill.media.captions.layout.boxes import ROUNDING, Box
from clipmill.media.captions.layout.spread import median, median_deviation, percentile
from clipmill.media.captions.region import CropRegion
from clipmill.media.geometry import Size

MANY_BOXES = 100
"""From here on single outliers do not stretch the region."""
OUTLIERS = 0.01
FEW_BOXES = 20
"""Below this, longer lines than those seen are to be expected."""
NEAR_SIDE = 0.1
NEAR_CENTRE = 0.1
FEWEST_TO_MEASURE = 3
CENTRED_BY = 0.005
DECIMALS = 6


class AnchorType(StrEnum):
    """What stays in place when a line grows: its left end, its centre, or its right end."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where lines stand."""

    type: AnchorType
    position: float


@dataclass(frozen=True, slots=True)
class _Bounds:
    left: float
    top: float
    right: float
    bottom: float


def anchor_of(boxes: Sequence[Box]) -> Anchor:
    """The edge or centre that moves least from box to box."""
    edges = {
        AnchorType.LEFT: [box.left for box in boxes],
        AnchorType.CENTER: [box.centre_x for box in boxes],
        AnchorType.RIGHT: [box.right for box in boxes],
    }
    few = len(boxes) < FEWEST_TO_MEASURE
    kind = _by_place(median(edges[AnchorType.CENTER])) if few else _by_spread(edges)
    return Anchor(kind, median(edges[kind]))


def _by_place(centre: float) -> AnchorType:
    if abs(centre - 0.5) <= NEAR_CENTRE + ROUNDING:
        return AnchorType.CENTER
    return AnchorType.LEFT if centre < 0.5 else AnchorType.RIGHT


def _by_spread(edges: dict[AnchorType, list[float]]) -> AnchorType:
    spreads = {kind: median_deviation(values) for kind, values in edges.items()}
    close = min(spreads.values()) + CENTRED_BY + ROUNDING
    return next(kind for kind in (AnchorType.CENTER, AnchorType.LEFT, AnchorType.RIGHT) if spreads[kind] <= close)


def region_of(boxes: Sequence[Box], anchor: Anchor, frame: Size) -> CropRegion:
    """The region that holds the boxes, and longer lines that were not seen.

    >>> one = [Box(0, 0, 0.3, 0.85, 0.7, 0.91)]
    >>> region_of(one, anchor_of(one), Size(1280, 720))
    CropRegion(crop_left=0.1, crop_top=0.82, crop_right=0.9, crop_bottom=0.94)
    """
    height = median(box.height for box in boxes)
    bounds = _raw_bounds(boxes)
    left, right = _balanced(bounds, anchor)
    aside = height * frame.height / frame.width
    edges = (left - aside, bounds.top - height / 2, right + aside, bounds.bottom + height / 2)
    region = CropRegion(*(round(min(max(edge, 0.0), 1.0), DECIMALS) for edge in edges))
    return with_room_aside(region, anchor.type) if len(boxes) < FEW_BOXES else region


def with_room_aside(region: CropRegion, anchor: AnchorType) -> CropRegion:
    """The region with room for longer lines than those that were seen, on the sides to which they grow."""
    left = region.crop_left if anchor is AnchorType.LEFT else min(region.crop_left, NEAR_SIDE)
    right = region.crop_right if anchor is AnchorType.RIGHT else max(region.crop_right, 1 - NEAR_SIDE)
    return replace(region, crop_left=left, crop_right=right)


def _raw_bounds(boxes: Sequence[Box]) -> _Bounds:
    cut = OUTLIERS if len(boxes) >= MANY_BOXES else 0.0
    return _Bounds(
        percentile((box.left for box in boxes), cut),
        percentile((box.top for box in boxes), cut),
        percentile((box.right for box in boxes), 1 - cut),
        percentile((box.bottom for box in boxes), 1 - cut),
    )


def _balanced(bounds: _Bounds, anchor: Anchor) -> tuple[float, float]:
    if anchor.type is not AnchorType.CENTER:
        return bounds.left, bounds.right
    reach = max(anchor.position - bounds.left, bounds.right - anchor.position)
    return anchor.position - reach, anchor.position + reach
