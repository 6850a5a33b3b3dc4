"""Reading captions of one version: which chunks they need, each decoded once, the median of each caption, its text.

*Convention:* frames are counted in cropped frames of the version; ranges are half-open.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from clipmill.engines.chunk_pictures import ChosenPictures, StoredPictures, decode_chunk
from clipmill.engines.median import median_picture
from clipmill.engines.ocr.engine import OcrEngine, Rgb
from clipmill.engines.ocr.failures import Reading, read_pictures
from clipmill.engines.ocr.pages import OcrFailure
from clipmill.engines.overlap import ahead
from clipmill.errors import (
    BadRequest,
    ClipmillError,
    CorruptArtifactError,
    NotCommittedError,
    OcrFailedError,
    SourceMissingError,
)
from clipmill.function.caption_shapes import CaptionOcrResult, ChunksRequest
from clipmill.function.context import Context
from clipmill.function.results import Warn
from clipmill.media.captions.keys import parse_chunks_prefix, without_tenant
from clipmill.media.captions.levels import FramesToRead, check_range, frames_to_read, locate
from clipmill.media.captions.manifest import Manifest, parse_manifest
from clipmill.media.captions.reading_order import rows_of, text_confidence, text_of

Place = tuple[int, int]
"""A level and the number of a chunk."""
OF_ONE_CAPTION = (BadRequest, CorruptArtifactError, OcrFailedError, SourceMissingError)
"""Errors that say something about one caption only; any other would meet the next one too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A caption's range and the frames that stand for it."""

    start_frame: int
    end_frame: int
    frames: FramesToRead

    @property
    def chunks(self) -> list[Place]:
        return [(self.frames.level, number) for number in self.frames.chunks]


def committed_manifest(request: ChunksRequest, context: Context) -> Manifest:
    """The manifest of the version; without one the version does not exist."""
    place = parse_chunks_prefix(request.chunks_prefix)
    try:
        path = context.fetch(without_tenant(place.manifest, place.video.tenant_id))
        text = path.read_text(encoding="utf-8")
    except (SourceMissingError, FileNotFoundError) as fault:
        raise NotCommittedError(
            f"{place.manifest}: there is no manifest, so version {place.version} is not there to be read. "
            "Wait until its run has ended, or name another version."
        ) from fault
    except UnicodeDecodeError as fault:
        raise CorruptArtifactError(f"{place.manifest}: is no text. Infer the extents again.") from fault
    return parse_manifest(text, place)


def wanted(manifest: Manifest, start_frame: int, end_frame: int, max_frames: int) -> Wanted:
    """The frames of a range that exists."""
    check_range(start_frame, end_frame, manifest.frame_count)
    return Wanted(start_frame, end_frame, frames_to_read(start_frame, end_frame, max_frames))


@dataclass
class CaptionReader:
    """Reads captions of one version; a chunk is decoded once and kept while a caption to come needs it."""

    context: Context
    manifest: Manifest
    engine: OcrEngine
    languages: Sequence[str]
    _uses: Counter[Place] = field(default_factory=Counter[Place])
    _decoded: dict[Place, StoredPictures] = field(default_factory=dict[Place, StoredPictures])
    _faults: dict[Place, ClipmillError] = field(default_factory=dict[Place, ClipmillError])

    def read(self, captions: Sequence[Wanted]) -> Iterator[CaptionOcrResult | ClipmillError]:
        """The text of each caption, in order, or why it has none; while some are read, the next ones are decoded."""
        for caption in captions:
            self._uses.update(caption.chunks)
        medians = ((caption, self._median(caption)) for caption in captions)
        for _, text in read_medians(self.engine, self.languages, medians):
            yield text

    def _median(self, caption: Wanted) -> Rgb | ClipmillError:
        """The median of an announced caption's frames."""
        try:
            chunks = {place: self._pictures(place) for place in caption.chunks}
            spots = (locate(frame, caption.frames.level) for frame in caption.frames.frames)
            return median_picture(ChosenPictures([(chunks[spot.level, spot.chunk], spot.offset) for spot in spots]))
        except OF_ONE_CAPTION as fault:
            return fault
        finally:
            self._let_go(caption)

    def _pictures(self, place: Place) -> StoredPictures:
        """The pictures of a chunk; one that failed once fails again without being fetched again."""
        if place in self._faults:
            raise self._faults[place]
        if place not in self._decoded:
            try:
                self._decoded[place] = self._fetched(place)
            except ClipmillError as fault:
                self._faults[place] = fault
                raise
        return self._decoded[place]

    def _fetched(self, place: Place) -> StoredPictures:
        chunk = self.manifest.chunk(*place)
        key = self.manifest.place.chunk(*place)
        try:
            path = self.context.fetch(without_tenant(key, self.manifest.place.video.tenant_id))
            digest, size = _digest(path)
        except FileNotFoundError as fault:
            raise SourceMissingError(f"{key}: the manifest names it, and it is not there.") from fault
        if (size, digest) != (chunk.bytes, chunk.sha256):
            raise CorruptArtifactError(
                f"{key}: expected {chunk.bytes} bytes with SHA-256 {chunk.sha256}, got {size} with {digest}. "
                "Fetch it again; if it stays so, infer the extents again."
            )
        level, number = place
        target = self.context.new_file(f"modulo_{level}_chunk_{number}.rgb")
        return decode_chunk(path, self.manifest.pixel_rect.size, len(chunk.frames), target, self.context.threads)

    def _let_go(self, caption: Wanted) -> None:
        self._uses.subtract(caption.chunks)
        for place in caption.chunks:
            if self._uses[place] <= 0 and place in self._decoded:
                self._decoded.pop(place).discard()


def read_medians(
    engine: OcrEngine, languages: Sequence[str], medians: Iterable[tuple[Wanted, Rgb | ClipmillError]]
) -> Iterator[tuple[Wanted, CaptionOcrResult | ClipmillError]]:
    """The text of each caption, in order, or why it has none; while some are read, the next medians are made."""
    with closing(ahead(medians, engine.batch_size)) as waiting:
        while batch := list(islice(waiting, engine.batch_size)):
            pictures = [median for _, median in batch if not isinstance(median, ClipmillError)]
            readings = read_pictures(engine, pictures, languages)
            for caption, median in batch:
                failed = isinstance(median, ClipmillError)
                yield caption, median if failed else _text_read(engine, caption, next(readings))


def _text_read(engine: OcrEngine, caption: Wanted, reading: Reading) -> CaptionOcrResult | ClipmillError:
    """What the reading of a caption's median says."""
    page = reading.page
    if isinstance(page, OcrFailure):
        return OcrFailedError(
            f"{engine.name} could not read frames {caption.start_frame} to {caption.end_frame}, "
            f"{reading.attempts} attempts: {page.message}. Try again, or choose another ocr_engine."
        )
    lines = [line for row in rows_of(page.lines) for line in row]
    return CaptionOcrResult(
        ocr_text=text_of(page.lines),
        confidence=text_confidence(page.lines),
        frame_count=len(caption.frames.frames),
        median_frame_index=(caption.start_frame + caption.end_frame) // 2,
        level=caption.frames.level,
        lines=[line.to_json() for line in lines],
        ocr_engine=engine.name,
        warnings=[*_left_out(caption), *unread_warnings(engine.name, len(page.lines), page.unread)],
    )


def unread_warnings(engine: str, lines: int, unread: int) -> list[Warn]:
    """What to say where more lines were found than could be read."""
    if unread <= lines:
        return []
    message = (
        f"{unread} lines of text were found that {engine} cannot read, perhaps in a script that it does not know; "
        "choose another ocr_engine for these"
    )
    return [Warn(code="unreadable_text", message=message)]


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _left_out(caption: Wanted) -> list[Warn]:
    used, whole = len(caption.frames.frames), caption.end_frame - caption.start_frame
    if used == whole:
        return []
    message = (
        f"{used} of {whole} frames stand for the caption, from level {caption.frames.level}; max_frames bounds them"
    )
    return [Warn(code="frames_left_out", message=message)]
