"""The clips that a join can be made of: items rendered for joining, and finished files.

Convention: a clip numbers its frames from 0, in units of 1/fps of the join.
"""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from clipmill.engines.decode import Media
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.encoders import AnyPacket
from clipmill.engines.items import ItemNote
from clipmill.engines.sound import clip_sound
from clipmill.engines.sound_tracks import Samples
from clipmill.engines.source import open_container
from clipmill.errors import CorruptMediaError
from clipmill.media.framing import ClipPlan
from clipmill.media.info import AudioInfo, MediaInfo, VideoInfo
from clipmill.media.sound import audio_length
from clipmill.media.time import round_half_up
from clipmill.media.timeline import NORMAL, Piece, Timeline

ON_THE_GRID = Fraction(1, 20)
"""Part of a frame by which a copied frame's time may miss its place at a constant rate."""


class JoinableClip(Protocol):
    """A clip that can be part of a join; it opens its file when it is asked for something, and closes it again."""

    @property
    def frames(self) -> int: ...

    @property
    def copies(self) -> bool:
        """Whether its packets may stand in the output as they are."""
        ...

    @property
    def reordering(self) -> int:
        """Frames by which decoding runs ahead of showing in its packets."""
        ...

    def pictures(self, first: int, last: int) -> Iterator[av.VideoFrame]:
        """Frames ``first`` up to ``last``, as the output wants them."""
        ...

    def copyable(self, first: int, last: int) -> tuple[int, int]:
        """The run within [first, last) whose packets can be copied; empty at ``last`` where there is none."""
        ...

    def packets(self, first: int, last: int) -> Iterator[tuple[int, AnyPacket]]:
        """The packets of a copyable run in decoding order, each with its frame number."""
        ...

    def sound(self) -> Iterator[Samples] | None:
        """Samples as long as the picture; None for a silent clip."""
        ...

    def template(self) -> AbstractContextManager[VideoStream]:
        """The open track that copied packets come from."""
        ...


def whole(duration: Fraction) -> Timeline:
    """A clip played from its start to its end at normal speed."""
    return Timeline((Piece(Fraction(0), duration, NORMAL),))


@dataclass(frozen=True)
class ItemClip:
    """A clip that was rendered to be joined: a body to copy, lossless frames at the ends, lossless sound."""

    media: Media
    note: ItemNote
    audio: AudioInfo | None
    channels: int | None
    copies: bool

    reordering: int = 0

    @property
    def frames(self) -> int:
        return self.note.frames

    def pictures(self, first: int, last: int) -> Iterator[av.VideoFrame]:
        for position, (start, end) in enumerate(self.note.tracks):
            if start < last and first < end:
                yield from self._track_pictures(position, max(first, start), min(last, end))

    def _track_pictures(self, position: int, first: int, last: int) -> Iterator[av.VideoFrame]:
        with open_container(self.media, familiar=True) as container:
            stream = container.streams.video[position]
            _seek_frame(container, stream, first, self.note.fps)
            expected = first
            for packet in container.demux(stream):
                for frame in packet.decode():
                    number = _number(frame.pts, stream, self.note.fps)
                    if first <= number < last:
                        _require(number == expected)
                        expected += 1
                        yield frame
            _require(expected == last)

    def copyable(self, first: int, last: int) -> tuple[int, int]:
        start, end = max(first, self.note.ends.head), min(last, self.frames - self.note.ends.tail)
        return (start, end) if (start, end) == self.note.body else (last, last)

    def packets(self, first: int, last: int) -> Iterator[tuple[int, AnyPacket]]:
        assert (first, last) == self.note.body
        with open_container(self.media, familiar=True) as container:
            stream = container.streams.video[self.note.tracks.index(self.note.body)]
            _seek_frame(container, stream, first, self.note.fps)
            for packet in container.demux(stream):
                if packet.pts is not None and packet.size:
                    yield _number(packet.pts, stream, self.note.fps), packet

    def sound(self) -> Iterator[Samples] | None:
        if self.audio is None or self.channels is None:
            return None
        samples = audio_length(self.frames, self.note.fps)
        duration = whole(self.frames / self.note.fps)
        return clip_sound(self.media, self.audio, Fraction(0), duration, Fraction(0), samples, self.channels)

    @contextmanager
    def template(self) -> Generator[VideoStream]:
        with open_container(self.media, familiar=True) as container:
            yield container.streams.video[self.note.tracks.index(self.note.body)]


@dataclass(frozen=True)
class FinishedClip:
    """A file as it came: copied where its coding allows it (``headers`` are the output's), drawn to fit elsewhere."""

    media: Media
    info: MediaInfo
    video: VideoInfo
    plan: ClipPlan
    channels: int | None
    copies: bool
    threads: int = 0

    @property
    def frames(self) -> int:
        return self.plan.frames

    def pictures(self, first: int, last: int) -> Iterator[av.VideoFrame]:
        yield from ClipDrawer(self.plan, self.media, self.video, self.threads).frames(first, last)

    def copyable(self, first: int, last: int) -> tuple[int, int]:
        edges = [*self._closed_starts, self.frames]
        inside = [edge for edge in edges if first <= edge <= last]
        return (inside[0], inside[-1]) if len(inside) > 1 else (last, last)

    def packets(self, first: int, last: int) -> Iterator[tuple[int, AnyPacket]]:
        with open_container(self.media) as container:
            stream = container.streams.video[0]
            if first:
                _seek_frame(container, stream, first, self.plan.fps)
            for packet in container.demux(stream):
                if packet.pts is None or not packet.size:
                    continue
                number = self._frame_number(packet, stream)
                if first <= number < last:
                    yield number, packet
                elif number >= last and packet.is_keyframe:
                    return

    def sound(self) -> Iterator[Samples] | None:
        if self.info.audio is None or self.channels is None:
            return None
        samples = audio_length(self.frames, self.plan.fps)
        origin = self.video.start
        return clip_sound(self.media, self.info.audio, origin, self.plan.timeline, Fraction(0), samples, self.channels)

    @contextmanager
    def template(self) -> Generator[VideoStream]:
        with open_container(self.media) as container:
            yield container.streams.video[0]

    def _frame_number(self, packet: AnyPacket, stream: VideoStream) -> int:
        return round_half_up(self._frame_place(packet, stream))

    def _frame_place(self, packet: AnyPacket, stream: VideoStream) -> Fraction:
        assert stream.time_base is not None
        assert packet.pts is not None
        return (packet.pts * stream.time_base - self.video.start) * self.plan.fps

    @property
    def reordering(self) -> int:
        if not self.copies:
            return 0
        return max((position - number for position, (number, _) in enumerate(self._coded)), default=0)

    @cached_property
    def _coded(self) -> list[tuple[int, bool]]:
        """Number and key flag of every packet, in decoding order; empty where frames stand off the constant rate."""
        with open_container(self.media) as container:
            stream = container.streams.video[0]
            coded: list[tuple[int, bool]] = []
            for packet in container.demux(stream):
                if packet.pts is None or not packet.size:
                    continue
                number = self._frame_number(packet, stream)
                if abs(self._frame_place(packet, stream) - number) > ON_THE_GRID:
                    return []
                coded.append((number, packet.is_keyframe))
        return coded if sorted(number for number, _ in coded) == list(range(self.frames)) else []

    @cached_property
    def _closed_starts(self) -> list[int]:
        """Frames at which a closed group of pictures begins: nothing before refers past it, nothing after before it."""
        lowest_after = _suffix_minimum([number for number, _ in self._coded])
        starts: list[int] = []
        highest = -1
        for (number, is_key), lowest in zip(self._coded, lowest_after, strict=True):
            if is_key and highest == number - 1 and lowest == number:
                starts.append(number)
            highest = max(highest, number)
        return starts


def _suffix_minimum(numbers: list[int]) -> list[int]:
    lowest = list(numbers)
    for position in range(len(numbers) - 2, -1, -1):
        lowest[position] = min(lowest[position], lowest[position + 1])
    return lowest


def _number(pts: int | None, stream: VideoStream, fps: Fraction) -> int:
    if pts is None or stream.time_base is None:
        raise CorruptMediaError("a clip rendered for joining has a frame without a time; render it once more")
    return round_half_up(pts * stream.time_base * fps)


def _require(whole: bool) -> None:
    if not whole:
        raise CorruptMediaError("a clip rendered for joining lacks frames that it should have; render it once more")


def _seek_frame(container: InputContainer, stream: VideoStream, number: int, fps: Fraction) -> None:
    assert stream.time_base is not None
    container.seek(int(number / fps / stream.time_base), stream=stream, backward=True)
