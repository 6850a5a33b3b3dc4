"""The clips that a join can be made of: items rendered for joining, and finished files.

Convention: a clip numbers its frames from 0, in units of 1/fps of the join.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Protocol

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from clipmill.engines.coded import CodedVideo, Coding
from clipmill.engines.decode import Media
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.encoders import AnyPacket
from clipmill.engines.items import ItemNote
from clipmill.engines.picture_times import PictureTimes
from clipmill.engines.sound import clip_sound
from clipmill.engines.sound_tracks import Samples
from clipmill.engines.source import open_container
from clipmill.engines.timed_packets import TimedPackets
from clipmill.errors import CorruptMediaError
from clipmill.media.framing import ClipPlan
from clipmill.media.info import AudioInfo, MediaInfo, VideoInfo
from clipmill.media.sound import audio_length
from clipmill.media.time import round_half_up
from clipmill.media.timeline import NORMAL, Piece, Timeline

ON_THE_GRID = Fraction(1, 20)
"""Part of a frame by which a copied frame's time may miss its place at a constant rate."""


Paint = Callable[[av.VideoFrame], av.VideoFrame]
"""Draws on a frame of the output."""


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
    """A window of a file as it came: copied where its coding allows it, drawn to fit elsewhere.

    ``coding`` is what its packets are like where the output's are the same; None where all of it has to be drawn.
    """

    media: Media
    info: MediaInfo
    video: VideoInfo
    plan: ClipPlan
    channels: int | None
    coding: Coding | None
    threads: int = 0
    paint: Paint | None = None

    @property
    def frames(self) -> int:
        return self.plan.frames

    @property
    def copies(self) -> bool:
        return self.coding is not None and self.paint is None

    @property
    def reordering(self) -> int:
        return self.coding.beside.reordering if self.coding and self.copies else 0

    def pictures(self, first: int, last: int) -> Iterator[av.VideoFrame]:
        for frame in ClipDrawer(self.plan, self.media, self.video, self.threads).frames(first, last):
            yield self.paint(frame) if self.paint else frame

    def copyable(self, first: int, last: int) -> tuple[int, int]:
        if self.coding is None:
            return last, last
        with self._times.opened() as found:
            coded, end = CodedVideo(found, self.coding), self._tick(last)
            entry = coded.entry_from(self._tick(first), end)
            until = end if entry is None else coded.closed_until(end)
            if entry is None or until <= entry:
                return last, last
            run = self._frame(entry), self._frame(until)
            return run if self._on_the_grid(run, entry, until) else (last, last)

    def packets(self, first: int, last: int) -> Iterator[tuple[int, AnyPacket]]:
        assert self.coding is not None
        with self._times.opened() as found:
            start = next(self._times.shown(self._tick(first), self._tick(first + 1)))
            for timed in CodedVideo(found, self.coding).copied(start, self._tick(last)):
                yield self._frame(timed.pts), timed.packet

    def sound(self) -> Iterator[Samples] | None:
        if self.info.audio is None or self.channels is None:
            return None
        samples = audio_length(self.frames, self.plan.fps)
        origin, start = self.video.start, self.plan.source_start
        return clip_sound(self.media, self.info.audio, origin, self.plan.timeline, start, samples, self.channels)

    @contextmanager
    def template(self) -> Generator[VideoStream]:
        with open_container(self.media) as container:
            yield TimedPackets(container, self.video.index).stream

    def _on_the_grid(self, run: tuple[int, int], start: int, end: int) -> bool:
        """Whether the frames of a run stand at the join's constant rate, one after the other."""
        places = [self._place(tick) for tick in self._times.shown(start, end)]
        return len(places) == run[1] - run[0] and all(
            abs(place - number) <= ON_THE_GRID for place, number in zip(places, range(*run), strict=True)
        )

    @cached_property
    def _times(self) -> PictureTimes:
        return PictureTimes(self.media, self.video)

    def _tick(self, number: int) -> int:
        """A tick that lies before frame ``number`` and behind the one before it."""
        assert self.coding is not None
        begins = self.video.start + self.plan.source_start + (number - Fraction(1, 2)) / self.plan.fps
        return ceil(begins / self.coding.tick)

    def _frame(self, tick: int) -> int:
        return round_half_up(self._place(tick))

    def _place(self, tick: int) -> Fraction:
        assert self.coding is not None
        return (tick * self.coding.tick - self.video.start - self.plan.source_start) * self.plan.fps


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
