"""The layout of a video: each box in or out of the captions, and from those in it the region to cut out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clipmill.media.captions.layout.band import ScoredRow, band_of, scored
from clipmill.media.captions.layout.boxes import OUT_REASONS, ROUNDING, Box, BoxLabel, Reason
from clipmill.media.captions.layout.region import AnchorType, anchor_of, region_of
from clipmill.media.captions.layout.rows import rows_of
from clipmill.media.captions.layout.spread import deviation, median
from clipmill.media.captions.layout.static import eligible, static_boxes
from clipmill.media.captions.region import CropRegion
from clipmill.media.geometry import Size

ANALYSIS_VERSION = "1"
NO_TEXT_FOUND = "no_text_found"
LOW_CONFIDENCE_LAYOUT = "low_confidence_layout"
LOWEST_SCORE = 0.2
SURE_OUT = 0.9


@dataclass(frozen=True, slots=True)
class LayoutResult:
    """Where the captions stand; lengths are fractions of the displayed frame, None where there is no text."""

    crop_region: CropRegion | None
    anchor_type: AnchorType | None
    anchor_position: float | None
    line_count: int
    box_height: float | None
    vertical_center: float | None
    score: float
    in_count: int
    out_counts: dict[str, int]
    """By reason."""
    warning: str | None
    vertical_std: float | None = None
    box_height_std: float | None = None
    top_edge_std: float | None = None
    bottom_edge_std: float | None = None
    frame_width: int = 0
    frame_height: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def analyze_layout(boxes: Sequence[Box], ocr_frame_count: int, frame_width: int, frame_height: int) -> LayoutResult:
    """Class the boxes in place, whatever their order, and find the captions' region; stale boxes are left alone."""
    frame = Size(frame_width, frame_height)
    present = sorted((box for box in boxes if not box.stale), key=lambda box: box.place)
    unlabelled = [box for box in present if box.label is None]
    readable = [box for box in unlabelled if eligible(box, frame)]
    still = _places(static_boxes(readable, ocr_frame_count))
    candidates = [box for box in present if box.user_in] + [box for box in readable if box.place not in still]
    gathered = rows_of(candidates)
    rows = scored([row for row in gathered if not row.is_ticker])
    band = band_of(rows) if rows else []
    # Each step says why a box went no further; a later word replaces an earlier one.
    reasons = (
        dict.fromkeys(_places(unlabelled), Reason.INELIGIBLE)
        | dict.fromkeys(_places(readable), Reason.STATIC)
        | dict.fromkeys(_places(box for row in gathered for box in row.boxes), Reason.TICKER)
        | dict.fromkeys(_places(box for one in rows for box in one.row.boxes), Reason.ELSEWHERE)
        | dict.fromkeys(_places(box for one in band for box in one.row.boxes), Reason.BAND)
        | dict.fromkeys(_places(box for box in present if box.label is not None), Reason.USER)
    )
    inside = [box for box in present if box.user_in or reasons[box.place] is Reason.BAND]
    _class(present, reasons, _Certainty(band, inside))
    return _result(present, band, inside, frame)


def _places(boxes: Iterable[Box]) -> set[tuple[int, int]]:
    return {box.place for box in boxes}


class _Certainty:
    """How sure each kind of prediction is."""

    def __init__(self, band: Sequence[ScoredRow], inside: Sequence[Box]) -> None:
        self._scores = {place: one.score for one in band for place in _places(one.row.boxes)}
        self._inside = inside
        if inside:
            self._top, self._bottom = min(box.top for box in inside), max(box.bottom for box in inside)
            self._height = median(box.height for box in inside)

    def of(self, box: Box, reason: Reason) -> float:
        match reason:
            case Reason.USER:
                return 1.0
            case Reason.BAND:
                return 0.5 + 0.5 * min(1.0, self._scores[box.place])
            case Reason.ELSEWHERE:
                gap = max(self._top - box.bottom, box.top - self._bottom, 0.0)
                return 0.5 + 0.5 * min(1.0, gap / (2 * self._height))
            case _:
                return SURE_OUT


def _class(boxes: Iterable[Box], reasons: Mapping[tuple[int, int], Reason], certainty: _Certainty) -> None:
    for box in boxes:
        reason = reasons[box.place]
        label = box.label or (BoxLabel.IN if reason is Reason.BAND else BoxLabel.OUT)
        box.classify(label, reason, certainty.of(box, reason))


def _result(present: Sequence[Box], band: Sequence[ScoredRow], inside: Sequence[Box], frame: Size) -> LayoutResult:
    out = Counter(box.predicted_reason for box in present if box.predicted_label == BoxLabel.OUT)
    found = _measured(inside, frame) if inside else _NOTHING_MEASURED
    score = band[0].score if band else 0.0
    doubt = LOW_CONFIDENCE_LAYOUT if score < LOWEST_SCORE - ROUNDING else None
    return LayoutResult(
        **found,
        line_count=len(band),
        score=score,
        in_count=len(inside),
        out_counts={str(reason): out[reason] for reason in OUT_REASONS},
        warning=doubt if band else NO_TEXT_FOUND,
        frame_width=frame.width,
        frame_height=frame.height,
    )


def _measured(inside: Sequence[Box], frame: Size) -> dict[str, Any]:
    anchor = anchor_of(inside)
    return {
        "crop_region": region_of(inside, anchor, frame),
        "anchor_type": anchor.type,
        "anchor_position": anchor.position,
        "box_height": median(box.height for box in inside),
        "vertical_center": median(box.centre_y for box in inside),
        "vertical_std": deviation([box.centre_y for box in inside]),
        "box_height_std": deviation([box.height for box in inside]),
        "top_edge_std": deviation([box.top for box in inside]),
        "bottom_edge_std": deviation([box.bottom for box in inside]),
    }


_NOTHING_MEASURED: dict[str, Any] = dict.fromkeys(
    ("crop_region", "anchor_type", "anchor_position", "box_height", "vertical_center")
)
