"""What a person did to a layout, carried over to the boxes and statistics of a new reading."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from clipmill.media.captions.layout.analysis import ANALYSIS_VERSION, LayoutResult
from clipmill.media.captions.layout.boxes import ROUNDING, Box, overlap
from clipmill.media.captions.layout.region import AnchorType
from clipmill.media.captions.region import WHOLE_FRAME, CropRegion

SAME_BOX = 0.5
USER = "user"


def carry_over(old: Iterable[Box], new: Iterable[Box]) -> list[Box]:
    """The new boxes with the labels that belong to them, and behind them, stale, the labelled boxes without a match.

    New boxes get their labels in place; the old ones are left as they are.
    """
    before, after = _by_frame(box for box in old if box.label is not None), _by_frame(new)
    carried: list[Box] = []
    for frame in sorted(before.keys() | after.keys()):
        carried += after[frame]
        carried += _carry_frame(before[frame], after[frame])
    return carried


def _by_frame(boxes: Iterable[Box]) -> defaultdict[int, list[Box]]:
    frames: defaultdict[int, list[Box]] = defaultdict(list)
    for box in sorted(boxes, key=lambda box: box.place):
        frames[box.frame_index].append(box)
    return frames


def _carry_frame(old: Sequence[Box], new: Sequence[Box]) -> list[Box]:
    """Move the labels of one frame; what is left over, as stale boxes."""
    matched: set[int] = set()
    for before, after in _matches(old, new):
        after.label, after.label_updated_at = before.label, before.label_updated_at
        matched.add(before.box_index)
    left = [box for box in old if box.box_index not in matched]
    behind = 1 + max((box.box_index for box in new), default=-1)
    return [_stale(box, behind + place) for place, box in enumerate(left)]


def _stale(box: Box, box_index: int) -> Box:
    unpredicted = replace(box, predicted_label=None, predicted_confidence=None, predicted_reason=None)
    return replace(unpredicted, box_index=box_index, stale=True)


def _matches(old: Sequence[Box], new: Sequence[Box]) -> Iterator[tuple[Box, Box]]:
    """Pairs of one old and one new box, the best first."""
    pairs = [(overlap(before, after), before, after) for before in old for after in new]
    close = [pair for pair in pairs if pair[0] >= SAME_BOX - ROUNDING]
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for _, before, after in sorted(close, key=lambda pair: (-pair[0], pair[1].box_index, pair[2].box_index)):
        if before.box_index not in taken_old and after.box_index not in taken_new:
            taken_old.add(before.box_index)
            taken_new.add(after.box_index)
            yield before, after


@dataclass(frozen=True, slots=True)
class LayoutConfig:
    """What is stored about a layout beside its boxes."""

    frame_width: int = 0
    frame_height: int = 0
    crop: CropRegion = WHOLE_FRAME
    crop_region_version: int = 0
    crop_source: str = "default"
    selection: CropRegion | None = None
    anchor_type: AnchorType | None = None
    anchor_position: float | None = None
    vertical_center: float | None = None
    vertical_std: float | None = None
    box_height: float | None = None
    box_height_std: float | None = None
    top_edge_std: float | None = None
    bottom_edge_std: float | None = None
    line_count: int = 0
    layout_score: float | None = None
    layout_warning: str | None = None
    analysis_version: str = ""


def carry_over_config(old: LayoutConfig, found: LayoutResult) -> LayoutConfig:
    """What is stored after a new analysis: its statistics, and its crop and anchor unless a person set them."""
    measured = replace(
        old,
        frame_width=found.frame_width,
        frame_height=found.frame_height,
        vertical_center=found.vertical_center,
        vertical_std=found.vertical_std,
        box_height=found.box_height,
        box_height_std=found.box_height_std,
        top_edge_std=found.top_edge_std,
        bottom_edge_std=found.bottom_edge_std,
        line_count=found.line_count,
        layout_score=found.score,
        layout_warning=found.warning,
        analysis_version=ANALYSIS_VERSION,
    )
    return measured if old.crop_source == USER else _placed(measured, found)


def _placed(config: LayoutConfig, found: LayoutResult) -> LayoutConfig:
    crop = found.crop_region or WHOLE_FRAME
    return replace(
        config,
        crop=crop,
        crop_region_version=config.crop_region_version + (crop != config.crop),
        crop_source="auto" if found.crop_region else "default",
        anchor_type=found.anchor_type,
        anchor_position=found.anchor_position,
    )
