"""``write_captions``: what was read of captions goes into captions.db, and captions.db out into files for people."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import Field

from clipmill.engines.caption_databases.captions import CaptionsTable, edited_captions, read_captions
from clipmill.engines.caption_databases.database import timestamp
from clipmill.function.caption_shapes import CaptionAnswer, CaptionRequest, CroppedRate, Fence, Identifier
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.results import Warn
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Flag, Number, Text, WireModel
from clipmill.functions.caption_export import CaptionTable, exported
from clipmill.functions.caption_objects import replace_captions, stored_captions
from clipmill.media.captions.keys import Export, VideoKeys

LONGEST_ERROR = 2000


class Reading(WireModel):
    """What was read on a caption's frames, or why nothing was."""

    caption_id: Text
    start_frame: Count
    end_frame: Count
    text: Text = ""
    confidence: Number = 0.0
    frame_count: Count = 0
    engine: Text = ""
    error: Text | None = None


class WriteCaptionsRequest(CaptionRequest):
    """Readings to keep, and the forms in which all captions are written out."""

    tenant_id: Identifier
    video_id: Identifier
    lock_token: Text
    fence: Fence = None
    readings: tuple[Reading, ...] = ()
    formats: tuple[Export, ...] = ()
    frame_rate: CroppedRate = Fraction(10)
    spreadsheet_safe: Flag = False


class WriteCaptionsResult(CaptionAnswer):
    """What became of the readings, and where the captions were written to."""

    captions: int = Field(description="rows of captions.db, read or not")
    written: int
    failed: int
    changed: list[str] = Field(default=[], description="captions whose range is another by now; they get no text")
    missing: list[str] = Field(default=[], description="captions that are gone")
    captions_db_key: str = ""
    outputs: dict[str, str] = Field(default={}, description="the key of each form")
    warnings: list[Warn] = Field(default=[])
    result_version: int = 1


@dataclass
class _Kept:
    """What became of the readings."""

    written: int = 0
    failed: int = 0
    changed: list[str] = field(default_factory=list[str])
    missing: list[str] = field(default_factory=list[str])


def run(request: WriteCaptionsRequest, context: Context) -> WriteCaptionsResult:
    """Write what was read of captions into captions.db, and all captions out as subtitle and table files."""
    video = VideoKeys(request.tenant_id, request.video_id)
    stored, target = stored_captions(context, video), context.new_file("captions.db")
    rate = _rate(stored.path, request.frame_rate)
    with edited_captions(stored.path, target, rate, request.fence) as table:
        kept = _kept(table, request.readings)
        rows = table.rows()
    replace_captions(context, video, stored, target)
    written = CaptionTable(video, rows, rate, spreadsheet_safe=request.spreadsheet_safe)
    outputs, warnings = exported(written, request.formats, context)
    context.report(1, 1, Stage.PROCESSING)
    return WriteCaptionsResult(
        captions=len(rows),
        **asdict(kept),
        captions_db_key=video.captions,
        outputs=outputs,
        warnings=warnings,
    )


def plan(request: WriteCaptionsRequest, context: Context) -> dict[str, Any]:
    """How many captions there are, as things stand, and which objects ``run`` will write."""
    video = VideoKeys(request.tenant_id, request.video_id)
    stored = stored_captions(context, video).path
    return {
        "captions": len(read_captions(stored).rows) if stored else 0,
        "readings": len(request.readings),
        "outputs": {form.value: video.export(form) for form in request.formats},
    }


def _rate(stored: Path | None, otherwise: Fraction) -> Fraction:
    """Frames a second of the captions that are there; a file keeps them as a float."""
    return Fraction(read_captions(stored).frame_rate).limit_denominator(10**6) if stored else otherwise


def _kept(table: CaptionsTable, readings: Sequence[Reading]) -> _Kept:
    """Keep each reading with its caption, unless that is gone or stands on other frames by now."""
    rows = {row.id: row for row in table.rows()}
    kept = _Kept()
    for reading in readings:
        row = rows.get(reading.caption_id)
        if row is None:
            kept.missing.append(reading.caption_id)
        elif (row.start_frame, row.end_frame) != (reading.start_frame, reading.end_frame):
            table.change(row.id, image_needs_regen=1)
            kept.changed.append(row.id)
        else:
            table.change(row.id, **_cells(reading))
            kept.written += reading.error is None
            kept.failed += reading.error is not None
    return kept


def _cells(reading: Reading) -> Mapping[str, Any]:
    now = timestamp(datetime.now(UTC))
    if reading.error is not None:
        told = reading.error[:LONGEST_ERROR]
        return {"caption_ocr_status": "error", "caption_ocr_error": told, "caption_ocr_processed_at": now}
    return {
        "caption_ocr": reading.text,
        "caption_ocr_confidence": reading.confidence,
        "caption_ocr_frame_count": reading.frame_count,
        "caption_ocr_engine": reading.engine,
        "caption_ocr_status": "ready",
        "caption_ocr_error": None,
        "caption_ocr_processed_at": now,
        "image_needs_regen": 0,
    }


write_captions = Function(
    name="write_captions",
    version="1",
    request=WriteCaptionsRequest,
    run=run,
    plan=plan,
    needs=Needs(memory_gb=2, timeout_s=300, retries=1),
)
