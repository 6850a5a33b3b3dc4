"""``publish_captions``: the predicted captions of one version as rows that people edit."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clipmill.engines.caption_databases.captions import CaptionRecord, CaptionsTable, edited_captions, read_captions
from clipmill.engines.caption_databases.extents import Extents, read_extents
from clipmill.errors import CorruptArtifactError, NotCommittedError
from clipmill.function.caption_shapes import CaptionRange, Fence, PublishCaptionsRequest, PublishCaptionsResult
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.stages import Stage
from clipmill.functions.caption_objects import copied_if_there, replace_captions, stored_captions
from clipmill.media.captions.keys import CroppedFrames, VideoKeys
from clipmill.media.captions.manifest import Manifest, parse_manifest
from clipmill.media.captions.publishing import CaptionRow, ExtentState, PublishPlan, plan_publishing

_CAPTIONS = (ExtentState.PREDICTED, ExtentState.CONFIRMED)
"""States of rows that are captions; a gap or an issue has no text to be read."""


class PublishRequest(PublishCaptionsRequest):
    """The predictions to publish; ``fence`` is the number of the lock whose token is given, where locks are kept."""

    fence: Fence = None


@dataclass(frozen=True, slots=True)
class _Version:
    """A version that is there: its manifest, and what was predicted on it."""

    manifest: Manifest
    extents: Extents


def run(request: PublishRequest, context: Context) -> PublishCaptionsResult:
    """Turn the predicted captions of one version into rows of captions.db, around all that people have touched."""
    video = VideoKeys(request.tenant_id, request.video_id)
    version = _committed(context, video.cropped_frames(request.version))
    stored = stored_captions(context, video)
    target = context.new_file("captions.db")
    with edited_captions(stored.path, target, version.manifest.frame_rate, request.fence) as table:
        publishing = _planned(table.rows(), version)
        _carry_out(publishing, table, version)
        queued = _unread(table.rows(), version)
    context.report(1, 1, Stage.PROCESSING)
    replace_captions(context, video, stored, target)
    return PublishCaptionsResult.model_validate({**publishing.counts(), "queued": queued})


def plan(request: PublishRequest, context: Context) -> dict[str, Any]:
    """How many rows ``run`` will insert, keep, delete and leave alone, as things stand."""
    video = VideoKeys(request.tenant_id, request.video_id)
    version = _committed(context, video.cropped_frames(request.version))
    stored = stored_captions(context, video)
    rows = read_captions(stored.path).rows if stored.path else ()
    return dict(_planned(rows, version).counts())


def _committed(context: Context, place: CroppedFrames) -> _Version:
    """The version with its predictions; only its manifest makes it exist."""
    text = copied_if_there(context, place.manifest, place.tenant_id)
    if text is None:
        raise NotCommittedError(
            f"{place.manifest}: there is no manifest, so version {place.version} is unfinished or its run failed. "
            "Wait for the run, or name another version."
        )
    manifest = parse_manifest(text.read_text(encoding="utf-8", errors="replace"), place)
    key = place.video.extents(place.version)
    extents = copied_if_there(context, key, place.tenant_id)
    if extents is None:
        raise CorruptArtifactError(f"{key}: is gone though its version has a manifest. Infer the extents again.")
    found = read_extents(extents)
    if found.version != place.version:
        raise CorruptArtifactError(f"{key}: tells of version {found.version}. Infer the extents again.")
    return _Version(manifest, found)


def _planned(rows: Sequence[CaptionRecord], version: _Version) -> PublishPlan:
    return plan_publishing(list(map(_row, rows)), version.extents.captions, version.extents.version)


def _row(record: CaptionRecord) -> CaptionRow:
    return CaptionRow(
        id=record.id,
        start_frame=record.start_frame,
        end_frame=record.end_frame,
        state=ExtentState(record.caption_frame_extents_state),
        extents_pending=bool(record.caption_frame_extents_pending),
        text_pending=bool(record.text_pending),
        cropped_frames_version=record.cropped_frames_version,
    )


def _carry_out(publishing: PublishPlan, table: CaptionsTable, version: _Version) -> None:
    table.delete(publishing.deleted)
    for kept in publishing.renewed:
        table.change(
            kept,
            cropped_frames_version=version.extents.version,
            run_id=version.extents.run_id,
            image_needs_regen=1,
            caption_ocr_status="queued",
            caption_ocr_error=None,
        )
    table.insert(_inserted(publishing, version))


def _unread(rows: Sequence[CaptionRecord], version: _Version) -> list[CaptionRange]:
    """The captions whose text waits to be read on the frames of this version."""
    return [
        CaptionRange(caption_id=row.id, start_frame=row.start_frame, end_frame=row.end_frame)
        for row in rows
        if row.caption_ocr_status == "queued"
        and row.caption_frame_extents_state in _CAPTIONS
        and row.end_frame <= version.manifest.frame_count
    ]


def _inserted(publishing: PublishPlan, version: _Version) -> Iterator[CaptionRecord]:
    for caption in publishing.inserted:
        yield CaptionRecord(
            id=str(uuid.uuid4()),
            start_frame=caption.start_frame,
            end_frame=caption.end_frame,
            cropped_frames_version=version.extents.version,
            run_id=version.extents.run_id,
            extents_confidence=caption.confidence,
        )


publish_captions = Function(
    name="publish_captions",
    version="1",
    request=PublishRequest,
    run=run,
    plan=plan,
    needs=Needs(memory_gb=2, timeout_s=300, retries=1),
)
