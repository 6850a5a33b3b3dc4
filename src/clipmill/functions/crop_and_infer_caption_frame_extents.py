"""``crop_and_infer_caption_frame_extents``: the caption band of a video in chunks, and where its captions change."""

import shutil
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from clipmill.engines.caption_chunks import Chunk, ChunkFormat, ChunkWriter
from clipmill.engines.caption_databases.database import timestamp
from clipmill.engines.caption_databases.extents import ExtentsRun, write_extents
from clipmill.engines.pair_reading import PairReading
from clipmill.function.caption_shapes import CropInferRequest, CropInferResult, Fence
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Text
from clipmill.functions.caption_band import Band, Cut, chosen_model, concealed_warnings, open_band, reported
from clipmill.functions.caption_objects import extents_fence
from clipmill.functions.caption_source import CaptionSource, caption_faults, decoding_threads
from clipmill.functions.caption_versions import known_versions, reserve_version
from clipmill.media.captions.boundaries import PredictedCaption, derive_captions, fuse_pairs
from clipmill.media.captions.keys import CroppedFrames, VideoKeys, next_version, without_tenant
from clipmill.media.captions.levels import LEVELS, chunks_in_level
from clipmill.media.captions.manifest import EncoderFacts, Manifest, ModelFacts, SourceFacts
from clipmill.media.captions.pairs import label_counts


class CropRequest(CropInferRequest):
    """The caption band of a video; a model that is an object of the tenant comes with the digest of its bytes.

    Where versions are also written down elsewhere, ``least_version`` is the first number that is free there; where locks
    are kept, ``fence`` is the number of the lock under which this runs.
    """

    model_sha256: Text | None = None
    least_version: Annotated[Count, Field(ge=1)] = 1
    fence: Fence = None


@dataclass(frozen=True, slots=True)
class _Findings:
    """What one pass over the frames gave."""

    chunks: list[Chunk]
    reading: PairReading
    captions: list[PredictedCaption]
    concealed: int


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, from the number it writes under to the result it tells."""

    request: CropRequest
    band: Band
    place: CroppedFrames
    model: ModelFacts
    run_id: str
    started_at: datetime


def run(request: CropRequest, context: Context) -> CropInferResult:
    """Cut the caption band of a video into chunks of three levels and find where its captions begin and end."""
    started, began = datetime.now(UTC), time.monotonic()
    band = _band(request, context)
    extents_fence(context, _video(request), request.fence)
    place = reserve_version(context, _video(request), request.least_version)
    model = chosen_model(request, request.model, request.model_sha256, context)
    facts = ModelFacts(model.name, model.version, model.sha256)
    job = _Run(request, band, place, facts, str(uuid.uuid4()), started)
    findings = _found(job, PairReading(model, band.scene(), request.inference_batch_size), context)
    _publish(job, findings, context)
    return _told(job, findings, time.monotonic() - began)


def plan(request: CropRequest, context: Context) -> dict[str, Any]:
    """How many frames and chunks ``run`` will make, of which pixels, and the next version as things stand."""
    band = _band(request, context)
    version = next_version(known_versions(context, _video(request)))
    return {
        "frame_count": band.frames,
        "duration": float(band.source.duration),
        "pixel_rect": band.rect.to_json(),
        "chunks": {str(level): chunks_in_level(band.frames, level) for level in LEVELS},
        "next_version": max(request.least_version, version),
        "warnings": [warning.model_dump() for warning in band.warnings],
    }


def _band(request: CropRequest, context: Context) -> Band:
    cut = Cut(request.crop_region.region(), request.frame_rate, request.hwaccel)
    return open_band(request, cut, context)


def _video(request: CropRequest) -> VideoKeys:
    return VideoKeys(request.tenant_id, request.video_id)


def _found(job: _Run, reading: PairReading, context: Context) -> _Findings:
    """Decode once; encoders and model take each frame as it comes."""
    request, band = job.request, job.band
    frames = band.pictures(decoding_threads(context))
    form = ChunkFormat(band.rect.size, request.frame_rate, request.crf)
    workers = min(request.encoder_workers, max(1, context.threads))
    with (
        caption_faults(request.video_key),
        ChunkWriter(context.new_file, form, workers) as writer,
        closing(reported(frames, context)) as taken,
    ):
        for frame in taken:
            writer.add(frame.planar)
            reading.add(frame.rgb)
        reading.finish()
        chunks = writer.finish()
    context.report(1, 1, Stage.ENCODING)
    captions = derive_captions(reading.forward, reading.backward, request.min_caption_frames)
    return _Findings(chunks, reading, captions, frames.concealed)


def _publish(job: _Run, findings: _Findings, context: Context) -> None:
    """Name every file, the manifest last: only it makes the version exist."""
    tenant = job.request.tenant_id

    def publish(path: Path, key: str) -> None:
        context.publish(path, without_tenant(key, tenant))

    manifest, extents, newest = (context.new_file(name) for name in ("manifest.json", "extents.db", "newest.db"))
    manifest.write_text(_manifest(job, findings).to_text(), encoding="utf-8")
    reading = findings.reading
    # Asked again, for somebody may have held the lock since this run lost it.
    fence = extents_fence(context, job.place.video, job.request.fence)
    write_extents(extents, _extents_run(job, fence), reading.forward, reading.backward, findings.captions)
    shutil.copyfile(extents, newest)
    for chunk in findings.chunks:
        publish(chunk.path, job.place.chunk(chunk.facts.level, chunk.facts.number))
    publish(extents, job.place.video.extents(job.place.version))
    publish(newest, job.place.video.newest_extents)
    publish(manifest, job.place.manifest)


def _extents_run(job: _Run, fence: int) -> ExtentsRun:
    return ExtentsRun(
        run_id=job.run_id,
        version=job.place.version,
        frame_count=job.band.frames,
        frame_rate=job.request.frame_rate,
        crop_region=job.request.crop_region.region(),
        model=job.model,
        started_at=job.started_at,
        completed_at=datetime.now(UTC),
        fence=fence,
    )


def _manifest(job: _Run, findings: _Findings) -> Manifest:
    source = job.band.source
    return Manifest(
        place=job.place,
        created_at=timestamp(datetime.now(UTC)),
        frame_count=job.band.frames,
        frame_rate=job.request.frame_rate,
        crop_region=job.request.crop_region.region(),
        pixel_rect=job.band.rect,
        frame_size=source.video.displayed,
        source=_source_facts(job.request.video_key, source),
        encoder=EncoderFacts(job.request.crf),
        model=job.model,
        run_id=job.run_id,
        chunks=tuple(chunk.facts for chunk in findings.chunks),
    )


def _source_facts(key: str, source: CaptionSource) -> SourceFacts:
    return SourceFacts(key, source.source.info.size_bytes or 0, source.etag, float(source.duration))


def _told(job: _Run, findings: _Findings, seconds: float) -> CropInferResult:
    reading, place, band = findings.reading, job.place, job.band
    return CropInferResult(
        version=place.version,
        caption_frame_extents_db_key=place.video.newest_extents,
        cropped_frames_prefix=place.prefix,
        frame_count=band.frames,
        frame_rate=float(job.request.frame_rate),
        pair_count=len(reading.forward),
        label_counts=label_counts(fuse_pairs(reading.forward, reading.backward)),
        caption_count=len(findings.captions),
        pixel_width=band.rect.width,
        pixel_height=band.rect.height,
        chunk_count=len(findings.chunks),
        total_bytes=sum(chunk.facts.bytes for chunk in findings.chunks),
        manifest_key=place.manifest,
        model_version=job.model.version,
        run_id=job.run_id,
        processing_duration_seconds=round(seconds, 3),
        warnings=[*band.warnings, *concealed_warnings(findings.concealed)],
    )


crop_and_infer_caption_frame_extents = Function(
    name="crop_and_infer_caption_frame_extents",
    version="1",
    request=CropRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.MEDIUM, memory_gb=6, timeout_s=3600, retries=0),
)
