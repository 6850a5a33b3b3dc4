"""The one decoder loop: the picture on screen at any time, found by seeking, never by counting.

Convention: times are exact seconds from the first displayed frame of the source.
"""

import math
from bisect import insort
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice

import av
import av.error
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from clipmill.engines.beginning import VideoPacket, packets
from clipmill.engines.deinterlacing import Deinterlacer
from clipmill.engines.source import Media, open_container
from clipmill.errors import DecoderFailedError
from clipmill.media.info import VideoInfo
from clipmill.media.selection import OnScreen, frames_on_screen
from clipmill.media.time import selection_tolerance

STEPS_BACK_S = (0, 1, 4, 16)
"""Seeking lands behind the wanted picture where pictures are reordered: try further back, then from the start."""

RUN_UP = 8
"""Pictures before the first wanted one that are all decoded, for one of them may have to stand in for it."""
LONGEST_RUN_UP = 600
"""Packets that are held while looking for the first wanted picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame and when it is shown."""

    frame: av.VideoFrame
    time: Fraction


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is on screen at a time; ``stand_in`` marks a picture shown because the right one could not be decoded."""

    picture: Picture
    following: Picture | None
    stand_in: bool


class PictureReader:
    """Reads the pictures of one video stream; ``tolerance`` is by how much a picture may be late and still count.

    ``on_card`` lets a graphics card decode where it can; frames that it decodes lie there.
    """

    def __init__(
        self,
        media: Media,
        video: VideoInfo,
        threads: int = 0,
        tolerance: Fraction | None = None,
        *,
        on_card: bool = False,
    ) -> None:
        self._media = media
        self._video = video
        self._threads = threads
        self._on_card = on_card
        self._tolerance = selection_tolerance(video.rate) if tolerance is None else tolerance
        self._lost: list[Fraction] = []

    def on_screen(self, times: Iterable[Fraction]) -> Iterator[Sighting]:
        """The picture at each of the times, which never decrease; opens the source when first asked."""
        wanted = iter(times)
        first = next(wanted, None)
        if first is None:
            return
        pictures = self._from(first)
        try:
            moments, asked = chain((first,), wanted), list[Fraction]()
            seen = frames_on_screen(_noted(moments, asked), pictures, lambda picture: picture.time, self._tolerance)
            for sight in seen:
                yield Sighting(sight.frame, sight.following, self._stands_in(sight, asked.pop()))
        finally:
            pictures.close()

    def pictures(self, start: Fraction, end: Fraction) -> Iterator[Picture]:
        """Every picture that can be decoded and is shown from ``start`` up to ``end``."""
        for picture in self._from(start):
            if picture.time >= end:
                return
            if picture.time >= start:
                yield picture

    def _stands_in(self, sight: OnScreen[Picture], t: Fraction) -> bool:
        shown, latest = sight.frame.time, t + self._tolerance
        self._lost = [lost for lost in self._lost if lost > shown]
        return shown > latest or any(lost <= latest for lost in self._lost)

    def _from(self, t: Fraction) -> Generator[Picture]:
        """Pictures from the one on screen at ``t`` on; earlier ones may come first."""
        for target in self._targets(t):
            pictures = self._read(target, t - self._tolerance)
            first = next(pictures, None)
            if first is not None and (target is None or first.time <= t + self._tolerance):
                yield first
                yield from pictures
                return
            pictures.close()

    def _targets(self, t: Fraction) -> Iterator[Fraction | None]:
        """Where to seek to, one try after the other; None is the start of the file."""
        if t * self._video.rate >= 1:
            yield from (t - back for back in STEPS_BACK_S if t > back)
        yield None

    def _read(self, target: Fraction | None, wanted: Fraction) -> Generator[Picture]:
        with open_container(self._media) as container:
            stream = container.streams[self._video.index]
            if not isinstance(stream, VideoStream):
                raise DecoderFailedError(f"stream {self._video.index} is no video stream")
            decoder = self._decoder(stream)
            self._lost.clear()
            if target is None or self._seek(container, stream, target):
                pictures = self._pictures(container, stream, decoder, wanted)
                yield from _whole(pictures, cut_in=target is not None) if self._video.interlaced else pictures

    def _decoder(self, stream: VideoStream) -> VideoCodecContext:
        """What decodes the stream; only libvpx knows the alpha of VP9."""
        context = stream.codec_context
        if self._video.has_alpha and self._video.codec == "vp9":
            context = av.CodecContext.create("libvpx-vp9", "r")
            assert isinstance(context, VideoCodecContext)
        elif self._on_card and not self._video.interlaced:
            from clipmill.engines.device.decoding import card_decoder

            context = card_decoder(context) or context
        context.thread_type = "AUTO"
        if self._threads:
            context.thread_count = self._threads
        return context

    def _seek(self, container: InputContainer, stream: VideoStream, target: Fraction) -> bool:
        """Go to the key frame before ``target``; False where the file has no way to."""
        assert stream.time_base is not None
        try:
            container.seek(int((self._video.start + target) / stream.time_base), stream=stream, backward=True)
        except av.error.FFmpegError:
            return False
        return True

    def _pictures(
        self, container: InputContainer, stream: VideoStream, decoder: VideoCodecContext, wanted: Fraction
    ) -> Iterator[Picture]:
        """Decoded pictures in display order, of those before ``wanted`` only some; damaged packets are noted in ``_lost``."""
        assert stream.time_base is not None
        tick, start = stream.time_base, self._video.start
        supply = packets(container, stream)
        head, leap = _run_up(supply, int((start + wanted) / tick))
        expected: list[Fraction] = []
        previous: Fraction | None = None
        position = 0
        for packet in chain(head, supply, (None,)):
            if packet is not None:
                position = max(position, packet.pos or 0)
                decoder.skip_frame = "NONREF" if packet.pts is not None and packet.pts < leap else "DEFAULT"
                if packet.pts is not None and not packet.is_discard:
                    insort(expected, packet.pts * tick - start)
            for frame in _decoded(decoder, packet):
                if frame.pts is None:
                    continue
                time = frame.pts * tick - start
                if frame.is_corrupt:
                    self._lost.append(time)
                    continue
                if time < 0 or (previous is not None and time <= previous):
                    continue
                expected = self._note_lost(expected, previous, time)
                previous = time
                yield Picture(frame, time)
        if previous is not None:
            self._lost.extend(pts for pts in expected if pts > previous)
            if _cut_off(stream, position):
                self._lost.append(previous + 1 / self._video.rate)

    def _note_lost(self, expected: list[Fraction], previous: Fraction | None, time: Fraction) -> list[Fraction]:
        if previous is not None and time - previous > Fraction(3, 2) / self._video.rate:
            self._lost.extend(pts for pts in expected if previous < pts < time)
        return [pts for pts in expected if pts > time]


def _run_up(supply: "Iterator[VideoPacket]", wanted: int) -> "tuple[list[VideoPacket], float]":
    """The packets up to the picture that is on screen at a tick, and from which tick on all of them are decoded.

    Before that, pictures that no other leans on are left out.
    """
    head: list[VideoPacket] = []
    shown: list[int] = []
    for packet in islice(supply, LONGEST_RUN_UP):
        head.append(packet)
        if packet.pts is None or packet.dts is None:
            return head, -math.inf
        if packet.pts <= wanted:
            insort(shown, packet.pts)
        if packet.dts > wanted:
            break
    return head, shown[-RUN_UP] if len(shown) >= RUN_UP else -math.inf


def _whole(pictures: Iterator[Picture], *, cut_in: bool) -> Iterator[Picture]:
    """Interlaced pictures made whole.

    After a seek the first one lacks the picture before it, and is left out: wherever reading begins, a picture looks the same.
    """
    deinterlacer, times = Deinterlacer(), deque[Fraction]()

    def drawn() -> Iterator[av.VideoFrame]:
        for picture in pictures:
            times.append(picture.time)
            yield from deinterlacer.pictures(picture.frame)
        yield from deinterlacer.rest()

    for number, frame in enumerate(drawn()):
        time = times.popleft()
        if number or not cut_in:
            yield Picture(frame, time)


def _noted(times: Iterable[Fraction], asked: list[Fraction]) -> Iterator[Fraction]:
    for t in times:
        asked.append(t)
        yield t


def _decoded(decoder: VideoCodecContext, packet: "VideoPacket | None") -> list[av.VideoFrame]:
    """The frames that a packet completes; without a packet those that were still held back."""
    try:
        return decoder.decode(packet)
    except (av.error.InvalidDataError, av.error.EOFError):
        return []


def _cut_off(stream: VideoStream, position: int) -> bool:
    """Whether the file's own index lists pictures behind the last byte that could be read."""
    index = stream.index_entries
    return len(index) > 0 and index[len(index) - 1].pos > position
