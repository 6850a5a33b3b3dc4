"""``extract_frames_and_ocr``: full frames of a video, the text on them, and where its captions stand."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from clipmill.engines.caption_databases.database import risen_fence
from clipmill.engines.caption_databases.gzipped import compress
from clipmill.engines.caption_databases.layout import LayoutContent, write_layout
from clipmill.engines.caption_databases.raw_ocr import FrameStatus, OcrFrameRow, OcrLineRow, write_raw_ocr
from clipmill.engines.caption_stills import FullFrame, FullFrames, write_still, write_thumbnail
from clipmill.engines.ocr.choice import chosen_engine
from clipmill.engines.ocr.engine import OcrEngine
from clipmill.engines.ocr.failures import Reading, read_pictures
from clipmill.engines.ocr.pages import OcrFailure, OcrLine
from clipmill.engines.overlap import ahead
from clipmill.errors import OcrFailedError
from clipmill.function.caption_shapes import ExtractFramesRequest, Fence, FullFramesResult, LayoutEntry
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import Warn
from clipmill.function.stages import Stage
from clipmill.functions.caption_layout import boxes_of, renewed_layout
from clipmill.functions.caption_objects import layout_of
from clipmill.functions.caption_reading import unread_warnings
from clipmill.functions.caption_source import CaptionSource, caption_faults, decoding_threads, open_caption_source
from clipmill.media.captions.keys import VideoKeys, without_tenant
from clipmill.media.captions.layout import Box, LayoutResult
from clipmill.media.captions.sampling import frame_time, full_frame_indices
from clipmill.media.time import round_half_up

FILES_OF_A_FRAME = 2
FRAMES_AHEAD = 2
"""Full frames that wait for the reader, beside those that it has."""


class ExtractRequest(ExtractFramesRequest):
    """Full frames of a video; ``fence`` is the number of the lock under which this runs, where locks are kept."""

    fence: Fence = None


@dataclass
class _Extraction:
    """One call: what it was asked, and what it has made so far."""

    request: ExtractRequest
    context: Context
    engine: OcrEngine
    source: CaptionSource
    frames: list[OcrFrameRow] = field(default_factory=list[OcrFrameRow])
    boxes: list[Box] = field(default_factory=list[Box])
    unread: int = 0
    files: list[tuple[Path, str]] = field(default_factory=list[tuple[Path, str]])

    def __post_init__(self) -> None:
        self.keys = VideoKeys(self.request.tenant_id, self.request.video_id)
        self.indices = full_frame_indices(self.source.duration, self.request.frame_rate)
        self.warnings = list(self.source.warnings)

    def own(self, key: str) -> str:
        """A key as the context knows it."""
        return without_tenant(key, self.request.tenant_id)

    def counted(self, status: FrameStatus) -> int:
        return sum(frame.status is status for frame in self.frames)

    def read(self) -> None:
        """Decode, store and read every frame, a batch at a time; while one is read, the next is decoded and stored."""
        size, stand_ins = self.engine.batch_size, 0
        with closing(ahead(self._stored(), FRAMES_AHEAD)) as frames:
            while batch := list(islice(frames, size)):
                pictures = [frame.pixels for frame in batch]
                readings = read_pictures(self.engine, pictures, self.request.languages)
                for frame, reading in zip(batch, readings, strict=True):
                    self._note(frame.index, reading)
                    stand_ins += frame.stand_in
                    self._report()
        if stand_ins:
            message = f"{stand_ins} frames could not be decoded; the picture before stands in for each"
            self.warnings.append(Warn(code="concealed_frames", message=message))

    def _stored(self) -> Iterator[FullFrame]:
        """Every frame, its files already made."""
        threads = decoding_threads(self.context)
        for frame in FullFrames(self.source.media, self.source.video, self.indices, threads):
            self._store(frame)
            self._report()
            yield frame

    def _report(self) -> None:
        """Storing a frame is half of what it takes: reading a batch of large ones may take long where cores are few."""
        done = len(self.files) // FILES_OF_A_FRAME + len(self.frames)
        self.context.report(done, 2 * len(self.indices), Stage.PROCESSING)

    def _store(self, frame: FullFrame) -> None:
        still = self.context.new_file(f"frame_{frame.index:06d}.jpg")
        thumbnail = self.context.new_file(f"thumbnail_{frame.index:06d}.jpg")
        write_still(frame.pixels, still)
        write_thumbnail(frame.pixels, thumbnail)
        self.files += [(still, self.keys.full_frame(frame.index)), (thumbnail, self.keys.thumbnail(frame.index))]

    def _note(self, index: int, reading: Reading) -> None:
        made: dict[str, Any] = {"engine": self.engine.name, "engine_version": self.engine.version}
        page, at = reading.page, frame_time(index)
        if isinstance(page, OcrFailure):
            row = OcrFrameRow(index, at, attempts=reading.attempts, error_code=page.code, error=page.message, **made)
        else:
            row = OcrFrameRow(index, at, attempts=reading.attempts, lines=list(map(_line_row, page.lines)), **made)
            self.boxes += boxes_of(index, page.lines)
            self.unread += page.unread
        self.frames.append(row)

    def judge(self) -> None:
        """Frames that could not be read are told; if none could, there is no result."""
        failed = [frame for frame in self.frames if frame.status is FrameStatus.FAILED]
        if len(failed) == len(self.frames):
            raise OcrFailedError(
                f"{self.engine.name} read none of {len(failed)} frames, the first because: {failed[0].error}. "
                "Nothing was stored; try again, or choose another ocr_engine."
            )
        if failed:
            message = f"{len(failed)} of {len(self.frames)} frames could not be read"
            self.warnings.append(Warn(code="ocr_partial", message=message))
        self.warnings += unread_warnings(self.engine.name, len(self.boxes), self.unread)

    def stored_layout(self) -> LayoutContent:
        """The layout as it is now, under the fence of this call; one that was written under a later lock is refused."""
        stored = layout_of(self.context, self.keys)
        return replace(stored, last_fence=risen_fence(stored.last_fence, self.request.fence, self.keys.layout))

    def publish(self, old: LayoutContent) -> LayoutResult:
        """Hand over all files, the databases last; frames of earlier runs go once they are there."""
        frames_read = len(self.frames) - self.counted(FrameStatus.FAILED)
        content, found = renewed_layout(old, self.boxes, frames_read, self.source.video.displayed)
        raw, layout = self.context.new_file("raw-ocr.db"), self.context.new_file("layout.db")
        write_raw_ocr(raw, self.frames)
        write_layout(layout, content)
        self.files += [
            (_packed(raw, self.context), self.keys.raw_ocr),
            (_packed(layout, self.context), self.keys.layout),
        ]
        for path, key in self.files:
            self.context.publish(path, self.own(key))
        current = {self.own(key) for _, key in self.files}
        for prefix in (self.keys.full_frames, self.keys.thumbnails):
            for key in self.context.names(self.own(prefix)):
                if key not in current:
                    self.context.retire(key)
        return found


def run(request: ExtractRequest, context: Context) -> FullFramesResult:
    """Take full frames of a video, read the text on them, and find where its captions stand."""
    started = time.monotonic()
    engine = chosen_engine(request.ocr_engine, request.languages, context.threads)
    try:
        job = _Extraction(request, context, engine, open_caption_source(context, request, request.hwaccel))
        # Read now to fail early, and again at the end, for people may have worked on it meanwhile.
        job.stored_layout()
        with caption_faults(request.video_key):
            job.read()
        job.judge()
        found = job.publish(job.stored_layout())
    finally:
        engine.close()
    if found.warning:
        job.warnings.append(Warn(code=found.warning, message=_LAYOUT_WARNINGS[found.warning]))
    return _result(job, found, time.monotonic() - started)


def plan(request: ExtractRequest, context: Context) -> dict[str, Any]:
    """Which frames ``run`` will take, and where they go."""
    source = open_caption_source(context, request, request.hwaccel)
    keys = VideoKeys(request.tenant_id, request.video_id)
    indices = full_frame_indices(source.duration, request.frame_rate)
    return {
        "frame_count": len(indices),
        "frame_indices": indices,
        "duration": float(source.duration),
        "frame_width": source.video.displayed.width,
        "frame_height": source.video.displayed.height,
        "full_frames_key": keys.full_frames,
        "full_frames_thumbnails_key": keys.thumbnails,
        "ocr_db_key": keys.raw_ocr,
        "layout_db_key": keys.layout,
    }


_LAYOUT_WARNINGS = {
    "no_text_found": "no text that could be captions was found; the crop region is the whole frame",
    "low_confidence_layout": "the captions stand out only weakly; check the crop region",
}


def _line_row(line: OcrLine) -> OcrLineRow:
    return OcrLineRow(
        line.text,
        line.confidence,
        line.left,
        line.top,
        line.right,
        line.bottom,
        polygon=line.polygon and [list(point) for point in line.polygon],
        words=[word.to_json() for word in line.words] or None,
        chars=[char.to_json() for char in line.chars] or None,
    )


def _packed(path: Path, context: Context) -> Path:
    packed = context.new_file(f"{path.name}.gz")
    compress(path, packed)
    return packed


def _result(job: _Extraction, found: LayoutResult, seconds: float) -> FullFramesResult:
    video, keys, duration = job.source.video, job.keys, job.source.duration
    return FullFramesResult(
        frame_count=len(job.frames),
        duration=float(duration),
        ocr_box_count=sum(len(frame.lines) for frame in job.frames),
        full_frames_key=keys.full_frames,
        ocr_db_key=keys.raw_ocr,
        layout_db_key=keys.layout,
        full_frames_thumbnails_key=keys.thumbnails,
        frame_width=video.displayed.width,
        frame_height=video.displayed.height,
        video_codec=video.codec,
        bitrate=round_half_up(8 * (job.source.source.info.size_bytes or 0) / duration),
        frames_with_text=job.counted(FrameStatus.TEXT),
        failed_ocr_count=job.counted(FrameStatus.FAILED),
        ocr_engine=job.engine.name,
        layout=LayoutEntry.of(found),
        processing_duration_seconds=seconds,
        warnings=job.warnings,
    )


extract_frames_and_ocr = Function(
    name="extract_frames_and_ocr",
    version="1",
    request=ExtractRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, memory_gb=4, timeout_s=1800, retries=0),
)
