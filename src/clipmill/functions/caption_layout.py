"""Layouts between their database and the analysis: rows on one side, values of the field on the other."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from clipmill.engines.caption_databases.layout import BoxRow, LayoutConfigRow, LayoutContent
from clipmill.engines.ocr.pages import OcrLine
from clipmill.media.captions.layout import (
    AnchorType,
    Box,
    BoxLabel,
    LayoutConfig,
    LayoutResult,
    Reason,
    analyze_layout,
    carry_over,
    carry_over_config,
)
from clipmill.media.captions.region import CropRegion
from clipmill.media.geometry import Size

_MEASURED = (
    "frame_width", "frame_height", "crop_region_version", "crop_source", "anchor_type", "anchor_position",
    "vertical_center", "vertical_std", "box_height", "box_height_std", "top_edge_std", "bottom_edge_std", "line_count",
    "layout_score", "layout_warning", "analysis_version",
)  # fmt: skip


def boxes_of(frame_index: int, lines: Iterable[OcrLine]) -> list[Box]:
    """The lines of a frame as boxes without a label."""
    return [
        Box(frame_index, place, line.left, line.top, line.right, line.bottom, line.text, line.confidence)
        for place, line in enumerate(lines)
    ]


def stored_boxes(content: LayoutContent) -> tuple[Box, ...]:
    """The boxes of a stored layout, without those that are kept for their labels only."""
    return tuple(_box(row) for row in content.boxes if not row.stale)


def renewed_layout(
    old: LayoutContent, boxes: Sequence[Box], frames_read: int, frame: Size
) -> tuple[LayoutContent, LayoutResult]:
    """What is stored after a new reading: its boxes with people's labels, its analysis, and what people chose."""
    carried = carry_over(map(_box, old.boxes), boxes)
    found = analyze_layout(carried, frames_read, frame.width, frame.height)
    config = carry_over_config(_config(old.config), found)
    content = replace(old, boxes=list(map(_box_row, carried)), config=_config_row(old.config, config))
    return content, found


def stored_layout(config: LayoutConfigRow) -> LayoutResult | None:
    """Where the captions stand by a stored layout; None as long as neither analysis nor person has said so."""
    if config.crop_source == "default":
        return None
    settled = _config(config)
    return LayoutResult(
        crop_region=settled.crop,
        anchor_type=settled.anchor_type,
        anchor_position=config.anchor_position,
        line_count=config.line_count,
        box_height=config.box_height,
        vertical_center=config.vertical_center,
        score=config.layout_score or 0.0,
        in_count=0,
        out_counts={},
        warning=config.layout_warning,
        frame_width=config.frame_width,
        frame_height=config.frame_height,
    )


def _box(row: BoxRow) -> Box:
    return Box(
        row.frame_index,
        row.box_index,
        row.bbox_left,
        row.bbox_top,
        row.bbox_right,
        row.bbox_bottom,
        row.text,
        row.confidence,
        label=BoxLabel(row.label) if row.label else None,
        label_updated_at=row.label_updated_at,
        predicted_label=BoxLabel(row.predicted_label) if row.predicted_label else None,
        predicted_confidence=row.predicted_confidence,
        predicted_reason=Reason(row.predicted_reason) if row.predicted_reason in set(Reason) else None,
        stale=row.stale,
    )


def _box_row(box: Box) -> BoxRow:
    return BoxRow(
        box.frame_index,
        box.box_index,
        box.left,
        box.top,
        box.right,
        box.bottom,
        box.text,
        box.confidence,
        label=box.label,
        label_updated_at=box.label_updated_at,
        predicted_label=box.predicted_label,
        predicted_confidence=box.predicted_confidence,
        predicted_reason=box.predicted_reason,
        stale=box.stale,
    )


def _config(row: LayoutConfigRow) -> LayoutConfig:
    crop = CropRegion(row.crop_left, row.crop_top, row.crop_right, row.crop_bottom)
    same: dict[str, Any] = {name: getattr(row, name) for name in _MEASURED}
    same["anchor_type"] = AnchorType(row.anchor_type) if row.anchor_type else None
    return LayoutConfig(crop=crop, **same)


def _config_row(old: LayoutConfigRow, config: LayoutConfig) -> LayoutConfigRow:
    """The old row with what was measured anew; what people selected is not touched."""
    same = {name: getattr(config, name) for name in _MEASURED}
    return replace(old, **config.crop.to_json(), **same, updated_at=None)
