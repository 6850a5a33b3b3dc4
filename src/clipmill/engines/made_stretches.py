"""Encoded stretches that were written before, in files of their own, taken into the output they belong to.

Convention: times are ticks of the output's clock, from its first frame; a file's own clock begins with its first frame.
"""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce

from clipmill.engines.encoders import AnyPacket, VideoFormat, parameter_sets
from clipmill.engines.source import Media, open_container
from clipmill.errors import CorruptMediaError
from clipmill.media.concealed import NOTHING, Concealed
from clipmill.media.parts import Run
from clipmill.media.time import round_half_up

LOOKED_AHEAD = 32
"""Packets among which the picture shown next is found: twice the most that codings reorder."""


@dataclass(frozen=True, slots=True)
class MadePacket:
    """A packet of an encoded stretch: when its picture is shown, and how long."""

    shown: int
    duration: int
    packet: AnyPacket


@dataclass(frozen=True, slots=True)
class PartFile:
    """A file of neighbouring stretches: which, how many frames they have, and what was met when they were drawn."""

    media: Media
    run: Run
    frames: int
    met: Concealed

    def packets(self, origin: int, encoding: VideoFormat) -> Iterator[tuple[int, AnyPacket]]:
        """Its packets in decoding order, each with its time; the first picture is shown at ``origin``."""
        with open_container(self.media, familiar=True) as container:
            stream = container.streams.video[0]
            if bytes(stream.codec_context.extradata or b"") != parameter_sets(encoding):
                raise self.fault("is coded in another way than the output")
            assert stream.time_base is not None
            scale, seen = stream.time_base / encoding.tick, 0
            for packet in container.demux(stream):
                if packet.size and packet.pts is not None:
                    seen += 1
                    yield origin + round_half_up(packet.pts * scale), packet
        if seen != self.frames:
            raise self.fault(f"holds {seen} frames, {self.frames} were due")

    def fault(self, what: str) -> CorruptMediaError:
        where = f"the part of stretches {self.run.first} to {self.run.last}"
        return CorruptMediaError(f"{where} {what}; render it once more, with the same request")


@dataclass
class MadeStretches:
    """All encoded stretches of one output, out of the files of its parts."""

    files: Sequence[PartFile]
    """In order; together they hold every stretch."""
    _supply: Iterator[tuple[int, AnyPacket]] = field(default=iter(()), init=False, repr=False)
    _next: tuple[int, AnyPacket] | None = field(default=None, init=False, repr=False)

    @property
    def met(self) -> Concealed:
        """What was met when they were drawn."""
        return reduce(Concealed.then, (file.met for file in self.files), NOTHING)

    def stretch(self, number: int, place: Run, encoding: VideoFormat) -> Generator[MadePacket]:
        """The packets of a stretch and its place in the output; stretches are asked for one after the other."""
        file = next(file for file in self.files if file.run.first <= number < file.run.last)
        if number == file.run.first:
            self._supply = file.packets(place.first, encoding)
            self._next = next(self._supply, None)
        yield from timed(self._until(place.last), place.last)
        if number + 1 == file.run.last and self._next is not None:
            raise file.fault("goes on behind its last stretch")

    def _until(self, end: int) -> Iterator[tuple[int, AnyPacket]]:
        while self._next is not None and self._next[0] < end:
            yield self._next
            self._next = next(self._supply, None)


def timed(packets: Iterator[tuple[int, AnyPacket]], end: int) -> Iterator[MadePacket]:
    """Packets in decoding order with their durations: each picture stays until the next one, the last until ``end``."""
    waiting: deque[tuple[int, AnyPacket]] = deque()
    before: deque[int] = deque(maxlen=LOOKED_AHEAD)

    def oldest() -> MadePacket:
        shown, packet = waiting.popleft()
        following = min((time for time in (*before, *(time for time, _ in waiting)) if time > shown), default=end)
        before.append(shown)
        return MadePacket(shown, following - shown, packet)

    for entry in packets:
        waiting.append(entry)
        if len(waiting) > LOOKED_AHEAD:
            yield oldest()
    while waiting:
        yield oldest()
