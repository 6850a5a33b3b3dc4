"""The packets of a video stream found by time, reading no further around a place than it takes.

Convention: times are ticks of the stream's time base on the file's own clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush

import av.error
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from clipmill.engines.beginning import VideoPacket, packets

STEPS_BACK_S = (0, 1, 4, 16, 10**6)
"""Where seeking lands behind the wanted time, try further back."""


UNKNOWN = -(1 << 62)
"""Stands for a decoding time that is not told: Matroska leaves out the first ones."""


class UntimedError(Exception):
    """A container that does not say when its packets are shown."""


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A packet and both its times; no later packet is shown before ``dts``."""

    pts: int
    dts: int
    packet: VideoPacket

    @property
    def is_key(self) -> bool:
        return self.packet.is_keyframe


class TimedPackets:
    """The packets of one stream of an open container, of which it reads nothing else."""

    def __init__(self, container: InputContainer, index: int) -> None:
        stream = container.streams[index]
        assert isinstance(stream, VideoStream)
        assert stream.time_base is not None
        self.container, self.stream = container, stream
        self.tick: Fraction = stream.time_base
        for other in container.streams:
            other.discard = Discard.default if other.index == index else Discard.all

    def starting(self, tick: int) -> Iterator[TimedPacket]:
        """Packets in decoding order, from a key frame that is shown at ``tick`` or before; else from the first one."""
        for back in STEPS_BACK_S:
            found = self._sought(tick - round(back / self.tick))
            first = next(found, None)
            if first is not None and (first.pts <= tick or back == STEPS_BACK_S[-1]):
                yield first
                yield from found
                return

    def shown(self, start: int, end: int) -> Iterator[int]:
        """When the pictures from ``start`` up to, not including, ``end`` are shown, in that order."""
        waiting: list[int] = []
        for packet in self.starting(start):
            while waiting and waiting[0] < packet.dts:
                yield heappop(waiting)
            if packet.dts >= end:
                break
            if start <= packet.pts < end and not packet.packet.is_discard:
                heappush(waiting, packet.pts)
        while waiting:
            yield heappop(waiting)

    def last_shown(self, tick: int) -> int | None:
        """When the picture that is on screen at ``tick`` came up; None before the first one."""
        latest: int | None = None
        for packet in self.starting(tick):
            if packet.dts > tick:
                break
            if packet.pts <= tick and not packet.packet.is_discard:
                latest = packet.pts if latest is None else max(latest, packet.pts)
        return latest

    def _sought(self, tick: int) -> Iterator[TimedPacket]:
        try:
            self.container.seek(tick, stream=self.stream, backward=True)
        except av.error.FFmpegError:
            return
        key_seen = False
        for packet in packets(self.container, self.stream):
            key_seen |= packet.is_keyframe
            if key_seen:
                yield self._timed(packet)

    def _timed(self, packet: VideoPacket) -> TimedPacket:
        if packet.pts is None:
            raise UntimedError("its packets have no time stamps")
        return TimedPacket(packet.pts, UNKNOWN if packet.dts is None else packet.dts, packet)
