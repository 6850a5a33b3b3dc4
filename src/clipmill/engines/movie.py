"""The one door to a finished file: MP4 with the index in front, chapters and colour tags, picture and sound from 0.

Convention: video packets come in decoding order, their pts are frame numbers; the writer sets their decoding times.
Sound comes as float samples (channels, n) at 48 kHz.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import av
import av.error
from av.audio.stream import AudioStream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from clipmill.engines.encoders import AnyPacket, Codec, VideoEncoder, VideoFormat
from clipmill.engines.sound_tracks import Samples, SoundTrack, aac_track, flac_track, pcm_track
from clipmill.errors import DiskFullError, EncoderFailedError
from clipmill.media.chapters import Chapter
from clipmill.media.sound import SAMPLE_RATE

if TYPE_CHECKING:
    # A name of the type stubs; it does not exist at run time.
    from av.container.core import Chapter as ContainerChapter

T = TypeVar("T")

TICKS_PER_S = "240000"
"""The clock of edit lists: a multiple of 48 kHz and of every usual frame rate; milliseconds would cut samples off."""
MP4: dict[str, Any] = {"format": "mp4", "options": {"movflags": "+faststart", "movie_timescale": TICKS_PER_S}}
MOV: dict[str, Any] = {"format": "mov", "options": {"movie_timescale": TICKS_PER_S}}
"""For clips that will be joined: MP4 holds no MagicYUV, MOV no FLAC, so their sound is plain float samples."""


class PictureTrack:
    """One video track of a file that is being written."""

    def __init__(self, stream: VideoStream, video: VideoFormat, *, copied: bool, reordering: int) -> None:
        self.stream = stream
        self._video = video
        self._decoding: Iterator[int] | None = None
        self._reordering = reordering
        self._fresh = not copied

    def encoder(self) -> VideoEncoder:
        """An encoder for the next stretch of this track."""
        if self._fresh:
            self._fresh = False
            return VideoEncoder(self._video, self.stream.codec_context)
        return VideoEncoder(self._video)

    @property
    def fps(self) -> Fraction:
        return self._video.fps

    def stamped(self, packet: AnyPacket, number: int | None = None) -> AnyPacket:
        """The packet as the next one in decoding order, shown as frame ``number`` (its own pts unless given)."""
        packet.stream = self.stream
        packet.time_base = 1 / self._video.fps
        shown = packet.pts if number is None else number
        assert shown is not None
        if self._decoding is None:
            self._decoding = count(shown - self._reordering)
        packet.pts, packet.dts, packet.duration = shown, next(self._decoding), 1
        return packet


class MovieWriter:
    """Writes one file; used as a context manager it leaves no partial file behind."""

    def __init__(
        self,
        path: Path,
        pictures: Sequence[VideoFormat],
        *,
        channels: int | None = None,
        lossless_sound: bool = False,
        chapters: Sequence[Chapter] = (),
        template: VideoStream | None = None,
        reordering: int = 0,
        comment: str = "",
    ) -> None:
        """``channels`` None means no sound; ``template`` is an open track whose packets will be copied.

        ``reordering`` is by how many frames those packets run ahead of showing.
        """
        self.path = path
        self._reordering = reordering
        self._raw_sound = any(video.codec is Codec.MAGICYUV for video in pictures)
        form = MOV if self._raw_sound else MP4
        self._container = self._guarded(lambda: av.open(path, "w", **form))
        try:
            if comment:
                self._container.metadata["comment"] = comment
            self._container.set_chapters([_chapter(mark) for mark in chapters])
            self.tracks = [self._picture_track(video, template) for video in pictures]
            self.sound = None if channels is None else self._sound_track(channels, lossless_sound)
            self._guarded(self._container.start_encoding)
        except BaseException:
            self.abandon()
            raise

    def _picture_track(self, video: VideoFormat, template: VideoStream | None) -> PictureTrack:
        if template is not None:
            stream = self._container.add_stream_from_template(template)
            return PictureTrack(stream, video, copied=True, reordering=max(video.reordering, self._reordering))
        stream = self._container.add_stream(video.codec.value, rate=video.fps)
        assert isinstance(stream, VideoStream)
        assert isinstance(stream.codec_context, VideoCodecContext)
        video.configure(stream.codec_context)
        return PictureTrack(stream, video, copied=False, reordering=video.reordering)

    def _sound_track(self, channels: int, lossless: bool) -> SoundTrack:
        layout = "mono" if channels == 1 else "stereo"
        codec = ("pcm_f32le" if self._raw_sound else "flac") if lossless else "aac"
        stream = self._container.add_stream(codec, rate=SAMPLE_RATE, layout=layout)
        assert isinstance(stream, AudioStream)
        set_up = {"aac": aac_track, "flac": flac_track, "pcm_f32le": pcm_track}
        return set_up[codec](stream)

    def write(self, packets: Iterable[AnyPacket]) -> None:
        """Hand packets to the file."""
        for packet in packets:
            self._guarded(lambda packet=packet: self._container.mux(packet))

    def write_all(self, pictures: Iterable[tuple[Fraction, AnyPacket]], sound: Iterator[Samples] | None) -> None:
        """Write stamped packets, each with the time up to which the picture now reaches, and the sound beside them."""
        voices = self._sounded(sound) if sound is not None and self.sound is not None else iter(())
        for reached, packet in pictures:
            self.write([packet])
            while next(voices, reached) < reached:
                pass
        for _ in voices:
            pass
        if self.sound is not None:
            self.write(self.sound.finish())

    def _sounded(self, sound: Iterator[Samples]) -> Iterator[Fraction]:
        """Write the sound step by step, telling how far it reaches."""
        assert self.sound is not None
        written = 0
        for samples in sound:
            self.write(self.sound.write(samples))
            written += samples.shape[1]
            yield Fraction(written, SAMPLE_RATE)

    def close(self) -> None:
        """Finish the file."""
        self._guarded(self._container.close)

    def abandon(self) -> None:
        """Give the file up and remove what there is of it."""
        # The fault that brought us here is the one to tell.
        with suppress(av.error.FFmpegError, ValueError):
            self._container.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if fault is not None:
            self.abandon()
            return
        try:
            self.close()
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise

    def _guarded(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except (av.error.FFmpegError, OSError) as fault:
            if fault.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFullError(
                    f"no space left while writing {self.path.name}; free space or set another scratch folder"
                ) from fault
            raise EncoderFailedError(f"cannot write {self.path.name}: {fault}") from fault


def _chapter(mark: Chapter) -> "ContainerChapter":
    return {
        "id": mark.index,
        "start": mark.start_ms,
        "end": mark.end_ms,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": mark.title},
    }
