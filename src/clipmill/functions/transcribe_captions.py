"""``transcribe_captions``: the captions of a band timed, read and written out in one pass, for a video that nobody annotates.

What `crop_and_infer_caption_frame_extents` and `generate_caption_ocr_batch` find, without the chunks and databases between
them: a caption is read on the frames that were decoded to find it.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from clipmill.engines.caption_databases.captions import CaptionRecord
from clipmill.engines.caption_memory import FRAMES_PER_FILE, CaptionMemory
from clipmill.engines.median import median_picture
from clipmill.engines.ocr.choice import chosen_engine
from clipmill.engines.ocr.engine import Rgb
from clipmill.engines.pair_reading import PairReading
from clipmill.errors import ClipmillError
from clipmill.function.caption_shapes import (
    CaptionAnswer,
    CaptionOcrResult,
    CropRegionShape,
    TranscriptOptions,
    VideoRequest,
)
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import Warn
from clipmill.functions.caption_band import Band, Cut, chosen_model, concealed_warnings, open_band, reported
from clipmill.functions.caption_export import CaptionTable, exported
from clipmill.functions.caption_reading import OF_ONE_CAPTION, Wanted, read_medians
from clipmill.functions.caption_source import caption_faults, decoding_threads
from clipmill.media.captions.boundaries import PredictedCaption, derive_captions
from clipmill.media.captions.endings import Endings, Span
from clipmill.media.captions.keys import VideoKeys
from clipmill.media.captions.levels import frames_to_read

PAIRS_AT_ONCE = 32
FRAMES_HELD = 320
"""Among them are those since a caption ended, some fifty; the frames of one that lasts longer are decoded once more."""

Texts = Mapping[Span, CaptionOcrResult | ClipmillError]


class TranscribeRequest(VideoRequest, TranscriptOptions):
    """The caption band of a video, and the forms in which its captions are written."""

    crop_region: CropRegionShape


class TranscribeResult(CaptionAnswer):
    """How many captions there are, and where they were written to."""

    captions: int
    written: int = Field(description="captions that were read")
    unread: list[str] = Field(default=[], description="ids of captions that could not be read")
    frame_count: int = 0
    frame_rate: float = 10.0
    outputs: dict[str, str] = Field(default={}, description="the key of each form")
    warnings: list[Warn] = Field(default=[])
    result_version: int = 1


@dataclass
class _Pass:
    """One pass over the band; ``captions`` and ``concealed`` are known once it is over."""

    request: TranscribeRequest
    band: Band
    pairs: PairReading
    context: Context
    captions: Sequence[PredictedCaption] = ()
    concealed: int = 0
    _given: set[Span] = field(default_factory=set[Span])

    def __post_init__(self) -> None:
        self._memory = CaptionMemory(self.context.new_file, self.band.rect.size, FRAMES_HELD)

    def medians(self) -> Iterator[tuple[Wanted, Rgb | ClipmillError]]:
        """The median of every caption, as soon as it is over; of what only seemed to be one, too."""
        endings = Endings()
        frames = self.band.pictures(decoding_threads(self.context))
        with closing(reported(frames, self.context)) as taken:
            for frame in taken:
                self._memory.add(frame.rgb)
                self.pairs.add(frame.rgb)
                for span in endings.told(self.pairs.forward, self.pairs.backward):
                    yield from self._median(span)
                self._memory.forget(endings.needed_from)
        self.pairs.finish()
        self.concealed = frames.concealed
        self.captions = derive_captions(self.pairs.forward, self.pairs.backward, self.request.min_caption_frames)
        for caption in self.captions:
            yield from self._median((caption.start_frame, caption.end_frame))

    def _median(self, span: Span) -> Iterator[tuple[Wanted, Rgb | ClipmillError]]:
        """The median of a caption that was not given before."""
        start, end = span
        if span in self._given or end - start < self.request.min_caption_frames:
            return
        self._given.add(span)
        wanted = Wanted(start, end, frames_to_read(start, end))
        try:
            yield wanted, self._picture(wanted.frames.frames)
        except OF_ONE_CAPTION as fault:
            yield wanted, fault

    def _picture(self, frames: Sequence[int]) -> Rgb:
        if self._memory.holds(frames):
            return median_picture(self._memory.pictures(frames))
        return self._decoded_again(frames)

    def _decoded_again(self, frames: Sequence[int]) -> Rgb:
        """The median of frames that are forgotten."""
        chosen, count = frozenset(frames), len(frames)
        memory = CaptionMemory(self.context.new_file, self.band.rect.size, count)
        span = range(frames[0], frames[-1] + 1)
        for frame in self.band.pictures(decoding_threads(self.context), span).frames():
            if frame.index in chosen:
                memory.add(frame.rgb)
        median = median_picture(memory.pictures(range(count)))
        memory.forget(count + FRAMES_PER_FILE)
        return median


def run(request: TranscribeRequest, context: Context) -> TranscribeResult:
    """Time, read and write out the captions of a band in one pass; nothing is stored beside the files."""
    engine = chosen_engine(request.ocr_engine, request.languages, context.threads)
    try:
        band = _band(request, context)
        model = chosen_model(request, request.model, request.model_sha256, context)
        passing = _Pass(request, band, PairReading(model, band.scene(), PAIRS_AT_ONCE), context)
        with caption_faults(request.video_key):
            read = read_medians(engine, request.languages, passing.medians())
            texts = {(caption.start_frame, caption.end_frame): text for caption, text in read}
    finally:
        engine.close()
    rows = [_row(caption, texts) for caption in passing.captions]
    video = VideoKeys(request.tenant_id, request.video_id)
    table = CaptionTable(video, rows, request.frame_rate, spreadsheet_safe=request.spreadsheet_safe)
    outputs, doubts = exported(table, request.formats, context)
    unread = [row.id for row in rows if row.caption_ocr_error is not None]
    return TranscribeResult(
        captions=len(rows),
        written=len(rows) - len(unread),
        unread=unread,
        frame_count=band.frames,
        frame_rate=float(request.frame_rate),
        outputs=outputs,
        warnings=[*band.warnings, *concealed_warnings(passing.concealed), *doubts],
    )


def plan(request: TranscribeRequest, context: Context) -> dict[str, Any]:
    """How many frames ``run`` will go through, of which pixels, and which files it will write."""
    band = _band(request, context)
    video = VideoKeys(request.tenant_id, request.video_id)
    return {
        "frame_count": band.frames,
        "duration": float(band.source.duration),
        "pixel_rect": band.rect.to_json(),
        "outputs": {form.value: video.export(form) for form in request.formats},
        "warnings": [warning.model_dump() for warning in band.warnings],
    }


def _band(request: TranscribeRequest, context: Context) -> Band:
    return open_band(request, Cut(request.crop_region.region(), request.frame_rate), context)


def _row(caption: PredictedCaption, texts: Texts) -> CaptionRecord:
    """A caption as it is written out."""
    text = texts[caption.start_frame, caption.end_frame]
    seen: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "start_frame": caption.start_frame,
        "end_frame": caption.end_frame,
        "extents_confidence": caption.confidence,
    }
    if isinstance(text, ClipmillError):
        return CaptionRecord(**seen, caption_ocr_error=f"{text.code}: {text.message}")
    return CaptionRecord(**seen, caption_ocr=text.ocr_text, caption_ocr_confidence=text.confidence)


transcribe_captions = Function(
    name="transcribe_captions",
    version="1",
    request=TranscribeRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.MEDIUM, memory_gb=6, timeout_s=3600, retries=1),
)
