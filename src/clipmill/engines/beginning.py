"""How a video stream begins: its first packets, a decoded picture, and when the first displayed frame is shown.

Convention: times are ticks of the stream's time base, on the file's own clock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeAlias, cast

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from clipmill.errors import CorruptMediaError, UnsupportedCodecError

VideoPacket: TypeAlias = "av.Packet[VideoStream]"

MOST_PACKETS = 3000
"""How far to look for the first displayed frame: a long group of pictures behind an edit list may stand before it."""
_MOST_REORDERED = 40
"""More packets than any codec holds back, counting fields."""
_MOST_TRIED = 300


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a packet's picture is shown, and for how long by the packet's own word."""

    pts: int
    dts: int | None
    duration: int
    shown: bool
    is_key: bool


@dataclass(frozen=True, slots=True)
class Beginning:
    """A picture, the first displayed time, and the stamps of the packets read so far; ``rest`` adds to them."""

    picture: av.VideoFrame
    start: int
    stamps: list[Stamp]
    rest: Iterator[VideoPacket]


def read_beginning(container: InputContainer, stream: VideoStream) -> Beginning:
    """Read until the first displayed frame is known; decodes as little as it can."""
    read: list[Stamp] = []
    supply = _noted(packets(container, stream), read)
    head = list(_head(islice(supply, MOST_PACKETS)))
    if any(packet.has_sidedata("encryption_info") for packet in head):
        raise UnsupportedCodecError("the picture is encrypted. Send a copy without copy protection.")
    stream.codec_context.thread_count = 1
    first = _first_by_packets(stream, head) or _first_decoded(stream, chain(head, islice(supply, _MOST_TRIED)))
    if first is None:
        raise CorruptMediaError("no picture can be decoded. It may be damaged or cut off; upload it again.")
    return Beginning(*first, read, supply)


def packets(container: InputContainer, stream: VideoStream) -> Iterator[VideoPacket]:
    """The stream's packets, up to the end of the file or to where it is damaged or cut off."""
    supply = container.demux(stream)
    while True:
        try:
            packet = next(supply, None)
        except (av.error.FFmpegError, IndexError):
            # An IndexError is PyAV at the end of a file in which a stream turned up late, of which it has no record.
            return
        if packet is None:
            return
        if packet.size:
            yield packet


def stamps(supply: Iterable[VideoPacket]) -> Iterator[Stamp]:
    """The packets' stamps; a packet without any time has none."""
    for packet in supply:
        time = _time(packet)
        if time is not None:
            yield Stamp(time, packet.dts, packet.duration or 0, not packet.is_discard, packet.is_keyframe)


def _noted(supply: Iterable[VideoPacket], into: list[Stamp]) -> Iterator[VideoPacket]:
    for packet in supply:
        into.extend(stamps((packet,)))
        yield packet


def _time(packet: VideoPacket) -> int | None:
    return packet.dts if packet.pts is None else packet.pts


def _head(supply: Iterable[VideoPacket]) -> Iterator[VideoPacket]:
    """Packets until no later one can be shown before those that were read."""
    earliest: int | None = None
    shown, key_seen = 0, False
    for packet in supply:
        yield packet
        time = _time(packet)
        key_seen |= packet.is_keyframe
        if time is not None and not packet.is_discard:
            earliest = time if earliest is None else min(earliest, time)
            shown += 1
        settled = earliest is not None and packet.dts is not None and packet.dts >= earliest
        if key_seen and (settled or shown > _MOST_REORDERED):
            return


def _first_by_packets(stream: VideoStream, head: list[VideoPacket]) -> tuple[av.VideoFrame, int] | None:
    """The first key picture and the first displayed time, where packets alone tell that time for certain."""
    if not head or not head[0].is_keyframe:
        return None
    key_time = _time(head[0])
    first = min((stamp.pts for stamp in stamps(head) if stamp.shown), default=None)
    if first is None or key_time is None or first < key_time:
        # Pictures shown before the first key picture lean on ones that are not there: only decoding tells.
        return None
    picture = next(_decoded(stream, (_unhidden(head[0]), None)), None)
    stream.codec_context.flush_buffers()
    return None if picture is None else (picture, first)


def _first_decoded(stream: VideoStream, supply: Iterable[VideoPacket]) -> tuple[av.VideoFrame, int] | None:
    pictures = _decoded(stream, chain(supply, (None,)))
    return next(((picture, picture.pts) for picture in pictures if picture.pts is not None), None)


def _unhidden(packet: VideoPacket) -> VideoPacket:
    """The packet, or a copy of it that a decoder shows although an edit list hides it."""
    if not packet.is_discard:
        return packet
    copy = cast("VideoPacket", av.Packet(bytes(packet)))
    copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
    return copy


def _decoded(stream: VideoStream, supply: "Iterable[VideoPacket | None]") -> Iterator[av.VideoFrame]:
    for packet in supply:
        try:
            yield from stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            continue
