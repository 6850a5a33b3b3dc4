"""The one door to a finished file: MP4 with the index in front, chapters and colour tags, picture and sound from 0.

Convention: video packets come in decoding order, their pts are ticks of their track; the writer sets their decoding
times. Sound comes as float samples (channels, n) at 48 kHz, or as packets to copy.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import av
import av.error
from av.audio.stream import AudioStream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from clipmill.engines.encoders import AnyPacket, Codec, VideoEncoder, VideoFormat
from clipmill.engines.sound_tracks import Samples, SoundPacket, SoundTrack, aac_track, flac_track, pcm_track
from clipmill.errors import DiskFullError, EncoderFailedError
from clipmill.media.chapters import Chapter
from clipmill.media.sound import SAMPLE_RATE
from clipmill.media.time import round_half_up

if TYPE_CHECKING:
    # A name of the type stubs; it does not exist at run time.
    from av.container.core import Chapter as ContainerChapter

T = TypeVar("T")

TICKS_PER_S = "240000"
"""The clock of edit lists: a multiple of 48 kHz and of every usual frame rate; milliseconds would cut samples off."""
MP4: dict[str, Any] = {"format": "mp4", "options": {"movflags": "+faststart", "movie_timescale": TICKS_PER_S}}
MOV: dict[str, Any] = {"format": "mov", "options": {"movie_timescale": TICKS_PER_S}}
"""For clips that will be joined: MP4 holds no MagicYUV, MOV no FLAC, so their sound is plain float samples."""


@dataclass(frozen=True, slots=True)
class PictureCopy:
    """What a track is like whose packets were written by someone else, some or all of them."""

    stream: VideoStream
    """An open track of the source."""
    reordering: int
    """Frames by which those packets run ahead of showing."""
    headers: bytes | None = None
    """The parameter sets of all packets, where they are more than the source's own."""


class DecodingTimes:
    """When packets are decoded: each takes the display time of the picture that is due that many pictures later.

    So decoding times rise strictly, in steps of the pictures' own intervals, whatever the order they are shown in.
    """

    def __init__(self, reordering: int, interval: int) -> None:
        self._reordering = reordering
        self._interval = interval
        self._first: int | None = None
        self._latest: int | None = None
        self._seen = 0
        self._waiting: list[int] = []

    def of(self, shown: int) -> int:
        """The decoding time of the next packet in decoding order."""
        if self._first is None:
            self._first = shown
        heappush(self._waiting, shown)
        self._seen += 1
        due = self._seen - 1 - self._reordering
        decoded = heappop(self._waiting) if due >= 0 else self._first + due * self._interval
        if decoded > shown or (self._latest is not None and decoded <= self._latest):
            raise EncoderFailedError(
                f"a packet is shown before it is decoded: its coding runs more than {self._reordering} frames ahead"
            )
        self._latest = decoded
        return decoded


class PictureTrack:
    """One video track of a file that is being written."""

    def __init__(self, stream: VideoStream, video: VideoFormat, *, copied: bool, reordering: int) -> None:
        self.stream = stream
        self._video = video
        self._decoding = DecodingTimes(reordering, round_half_up(1 / video.fps / video.tick))
        self._fresh = not copied

    def encoder(self) -> VideoEncoder:
        """An encoder for the next stretch of this track."""
        if self._fresh:
            self._fresh = False
            return VideoEncoder(self._video, self.stream.codec_context)
        return VideoEncoder(self._video)

    @property
    def tick(self) -> Fraction:
        """Seconds of a tick."""
        return self._video.tick

    @property
    def keeps_times(self) -> bool:
        """Whether its pictures have times of their own, in place of frame numbers."""
        return self._video.clock is not None

    def stamped(self, packet: AnyPacket, shown: int, duration: int = 1) -> AnyPacket:
        """The packet as the next one in decoding order."""
        packet.stream = self.stream
        packet.time_base = self._video.tick
        packet.pts, packet.dts, packet.duration = shown, self._decoding.of(shown), duration
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
        copied: PictureCopy | None = None,
        copied_sound: AudioStream | None = None,
        comment: str = "",
    ) -> None:
        """``channels`` None means that no sound is encoded; ``copied_sound`` is an open track to copy packets of."""
        self.path = path
        self._raw_sound = any(video.codec is Codec.MAGICYUV for video in pictures)
        form = _form(pictures)
        self._container = self._guarded(lambda: av.open(path, "w", **form))
        try:
            if comment:
                self._container.metadata["comment"] = comment
            self._container.set_chapters([_chapter(mark) for mark in chapters])
            self.tracks = [self._picture_track(video, copied) for video in pictures]
            self.sound = None if channels is None else self._sound_track(channels, lossless_sound)
            self._copied_sound = copied_sound and self._container.add_stream_from_template(copied_sound, opaque=True)
            self._guarded(self._container.start_encoding)
        except BaseException:
            self.abandon()
            raise

    def _picture_track(self, video: VideoFormat, copied: PictureCopy | None) -> PictureTrack:
        if copied is not None:
            stream = self._container.add_stream_from_template(copied.stream)
            if copied.headers:
                stream.codec_context.extradata = copied.headers
            return PictureTrack(stream, video, copied=True, reordering=max(video.reordering, copied.reordering))
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

    def write_all(
        self,
        pictures: Iterable[tuple[Fraction, AnyPacket]],
        sound: Iterator[Samples] | None = None,
        sound_packets: Iterator[tuple[Fraction, SoundPacket]] | None = None,
    ) -> None:
        """Write stamped packets, each with the time up to which the picture now reaches, and the sound beside them."""
        voices = chain(self._encoded_sound(sound or iter(())), self._moved_sound(sound_packets or iter(())))
        for reached, packet in pictures:
            self.write([packet])
            while next(voices, reached) < reached:
                pass
        for _ in voices:
            pass

    def _encoded_sound(self, sound: Iterator[Samples]) -> Iterator[Fraction]:
        """Write the sound step by step, telling how far it reaches."""
        if self.sound is None:
            return
        written = 0
        for samples in sound:
            self.write(self.sound.write(samples))
            written += samples.shape[1]
            yield Fraction(written, SAMPLE_RATE)
        self.write(self.sound.finish())

    def _moved_sound(self, packets: Iterator[tuple[Fraction, SoundPacket]]) -> Iterator[Fraction]:
        if self._copied_sound is None:
            return
        for reached, packet in packets:
            packet.stream = self._copied_sound
            self.write([packet])
            yield reached

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


def _form(pictures: Sequence[VideoFormat]) -> dict[str, Any]:
    if any(video.codec is Codec.MAGICYUV for video in pictures):
        return MOV
    clock = next((video.clock for video in pictures if video.clock), None)
    return (
        MP4 if clock is None else {**MP4, "options": MP4["options"] | {"video_track_timescale": str(clock.denominator)}}
    )


def _chapter(mark: Chapter) -> "ContainerChapter":
    return {
        "id": mark.index,
        "start": mark.start_ms,
        "end": mark.end_ms,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": mark.title},
    }
