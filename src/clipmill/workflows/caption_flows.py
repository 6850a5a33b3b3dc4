"""The flows that a host application starts for a video: full frames and layout, chunks and extents, one caption's text.

Each makes one call on a graphics card, exactly once; a repetition belongs to the function or to whoever queues the
step again. A flow returns the result's fields and ``status``: ``ready``, or ``skipped`` with its ``reason``.
"""

import logging
from collections.abc import Mapping
from typing import Any

from clipmill.errors import InvalidParameterError, NotFoundError
from clipmill.function.caption_shapes import CaptionOcrResult, CropInferResult, FullFramesResult
from clipmill.jobs.caption_book.locks import Database
from clipmill.jobs.caption_book.steps import Step, StepKey
from clipmill.jobs.caption_book.versions import MadeVersion
from clipmill.jobs.caption_book.videos import Video
from clipmill.media.captions.keys import VideoKeys, check_identifier, check_video_key
from clipmill.media.captions.region import CropRegion
from clipmill.workflows.caption_calls import CROP, EXTRACT, PUBLISH, READ, WRITE
from clipmill.workflows.caption_guards import expected
from clipmill.workflows.caption_place import FlowPlace
from clipmill.workflows.caption_runs import RANGE_CHANGED, Result, Run, claimed_run, lock_within, locked_run
from clipmill.workflows.caption_versions import reserved_version

_LOG = logging.getLogger(__name__)

FULL_FRAMES_PER_SECOND = 0.1
LOCK_AWAITED_S = 60.0


def captionacc_video_initial_processing(
    video_id: str, tenant_id: str, storage_key: str, *, place: FlowPlace
) -> dict[str, Any]:
    """Take full frames of a new video, read the text on them, and find where its captions stand."""
    keys = VideoKeys(tenant_id, video_id)
    check_video_key(storage_key, tenant_id, place.shared_prefixes)
    known = place.book.videos.enter(video_id, tenant_id, storage_key)
    return locked_run(place, keys, StepKey(video_id, Step.INITIAL), lambda run: _extracted(run, known, storage_key))


def captionacc_crop_and_infer_caption_frame_extents(
    video_id: str, tenant_id: str, crop_region: Mapping[str, Any], *, place: FlowPlace
) -> dict[str, Any]:
    """Cut out the caption band, find when its captions change, and publish them as rows that people edit."""
    keys = VideoKeys(tenant_id, video_id)
    region = CropRegion.from_json(crop_region)
    video = place.book.videos.get(video_id, tenant_id)
    check_video_key(video.storage_key, tenant_id, place.shared_prefixes)
    return locked_run(place, keys, StepKey(video_id, Step.EXTENTS), lambda run: _timed(run, video, region))


def captionacc_caption_ocr(  # noqa: PLR0917 - the order in which hosts give them
    tenant_id: str, video_id: str, caption_id: str, start_frame: int, end_frame: int, version: int, *, place: FlowPlace
) -> dict[str, Any]:
    """Read the text of one caption and write it into captions.db."""
    keys = VideoKeys(tenant_id, video_id)
    check_identifier(caption_id, "caption_id")
    _check_range(start_frame, end_frame)
    asked = {
        "chunks_prefix": keys.cropped_frames(version).prefix,
        "start_frame": start_frame,
        "end_frame": end_frame,
    }
    video = place.book.videos.get(video_id, tenant_id)
    return claimed_run(
        place, keys, StepKey(video_id, Step.CAPTION_OCR, caption_id), lambda run: _read(run, video, asked)
    )


def _extracted(run: Run, known: Video, storage_key: str) -> Result:
    if known.storage_key != storage_key:
        run.place.book.videos.update_video_metadata(
            known.video_id, storage_key=storage_key, duration_seconds=None, cropped_frame_count=None
        )
        known = run.place.book.videos.get(known.video_id, known.tenant_id)
    asked = {**_source(run, known), "frame_rate": FULL_FRAMES_PER_SECOND, "fence": _under_lock(run)["fence"]}
    result = run.gpu(EXTRACT, asked, expected(run, known, EXTRACT), FullFramesResult)
    run.check()
    run.note(
        frame_count=result["frame_count"],
        duration_seconds=result["duration"],
        width=result["frame_width"],
        height=result["frame_height"],
    )
    return result


def _timed(run: Run, video: Video, region: CropRegion) -> Result:
    asked = {**_source(run, video), "crop_region": region.to_json(), "fence": _under_lock(run)["fence"]}
    expects = expected(run, video, CROP)
    with reserved_version(run, region) as reserved:
        result = run.gpu(CROP, {**asked, "least_version": reserved.version}, expects, CropInferResult)
        run.check()
        reserved.activate(MadeVersion(**{name: result[name] for name in MadeVersion.__dataclass_fields__}))
    run.note(current_cropped_frames_version=result["version"], cropped_frame_count=result["frame_count"])
    run.check()
    run.call(PUBLISH, {**_owner(run), "version": result["version"], **_under_lock(run)})
    return result


def _read(run: Run, video: Video, asked: Mapping[str, Any]) -> Result:
    span: dict[str, Any] = {
        "caption_id": run.key.item_id,
        "start_frame": asked["start_frame"],
        "end_frame": asked["end_frame"],
    }
    try:
        result = run.gpu(
            READ, asked, expected(run, video, READ, span["end_frame"] - span["start_frame"]), CaptionOcrResult
        )
    except Exception as fault:
        _tell_failure(run, span, fault)
        raise
    told = {"text": result["ocr_text"], "engine": result["ocr_engine"]}
    written = _written(run, {**span, **told, "confidence": result["confidence"], "frame_count": result["frame_count"]})
    if written["missing"]:
        raise NotFoundError(
            f"caption {run.key.item_id!r:.140} of video {video.video_id} is gone: it was deleted while its text was read. "
            "Nothing was written; read the captions that are there."
        )
    return result | RANGE_CHANGED if written["changed"] else result


def _written(run: Run, reading: Mapping[str, Any]) -> Result:
    """Put what was read into captions.db, under its lock; what became of it."""
    with lock_within(run, Database.CAPTIONS, LOCK_AWAITED_S) as holding:
        holding.check()
        lock = {"lock_token": holding.lock.token, "fence": holding.lock.fence}
        return run.call(WRITE, {**_owner(run), **lock, "readings": [dict(reading)]})


def _tell_failure(run: Run, span: Mapping[str, Any], fault: Exception) -> None:
    """Show in captions.db too why a caption has no text."""
    try:
        _written(run, {**span, "error": run.text(fault)})
    except Exception as further:  # noqa: BLE001 - it must not hide why there is no text
        _LOG.warning("caption %s of video %s: its error was not stored: %s", run.key.item_id, run.key.video_id, further)


def _owner(run: Run) -> dict[str, str]:
    return {"tenant_id": run.video.tenant_id, "video_id": run.video.video_id}


def _source(run: Run, video: Video) -> dict[str, str]:
    return {"video_key": video.storage_key, **_owner(run)}


def _under_lock(run: Run) -> dict[str, Any]:
    assert run.holding is not None, "this step is locked from its beginning"
    return {"lock_token": run.holding.lock.token, "fence": run.holding.lock.fence}


def _check_range(start_frame: int, end_frame: int) -> None:
    if not 0 <= start_frame < end_frame:
        raise InvalidParameterError(
            f"start_frame, end_frame: expected 0 <= start_frame < end_frame, got {start_frame} and {end_frame}. "
            "Ends are exclusive.",
            details={"start_frame": start_frame, "end_frame": end_frame},
        )
