"""Files whose packets are not what their headers promise."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av


@dataclass(frozen=True)
class Stored:
    """A coded picture as it is stored; times are ticks."""

    data: bytes
    pts: int
    dts: int
    is_key: bool


Change = Callable[[int, Stored], Stored | None]
"""What is stored in place of a packet, by its number in decoding order; nothing for None."""


def rewritten(source: Path, path: Path, change: Change) -> Path:
    """A copy of the picture with other packets."""
    with av.open(str(source)) as media, av.open(str(path), "w", options={"movflags": "faststart"}) as output:
        track = media.streams.video[0]
        copy = output.add_stream_from_template(track)
        packets = (packet for packet in media.demux(track) if packet.size)
        for number, packet in enumerate(packets):
            stored = change(number, Stored(bytes(packet), packet.pts, packet.dts, packet.is_keyframe))
            if stored:
                fresh: Any = av.Packet(stored.data)
                fresh.pts, fresh.dts, fresh.is_keyframe = stored.pts, stored.dts, stored.is_key
                fresh.time_base, fresh.duration, fresh.stream = packet.time_base, packet.duration, copy
                output.mux(fresh)
    return path


def without(source: Path, path: Path, *numbers: int) -> Path:
    """A copy that lacks some packets."""
    return rewritten(source, path, lambda number, stored: None if number in numbers else stored)


def without_content(source: Path, path: Path, *numbers: int) -> Path:
    """A copy in which some packets are nothing that a decoder takes for a picture."""
    return rewritten(
        source,
        path,
        lambda number, stored: replace(stored, data=b"\xff" * len(stored.data)) if number in numbers else stored,
    )


def with_times_swapped(source: Path, path: Path, one: int, other: int) -> Path:
    """A copy in which two packets tell each other's display time."""
    times = [stored.pts for stored in stored_packets(source)]
    swapped = {one: times[other], other: times[one]}
    return rewritten(source, path, lambda number, stored: replace(stored, pts=swapped.get(number, stored.pts)))


def with_picture_set(source: Path, path: Path, at: int, unit: bytes) -> Path:
    """A copy in which one packet brings a picture parameter set along."""
    brought = len(unit).to_bytes(4) + unit
    return rewritten(
        source,
        path,
        lambda number, stored: replace(stored, data=brought + stored.data) if number == at else stored,
    )


def stored_packets(path: Path) -> list[Stored]:
    def read() -> Iterator[Stored]:
        with av.open(str(path)) as media:
            for packet in media.demux(video=0):
                if packet.size:
                    yield Stored(bytes(packet), packet.pts, packet.dts, packet.is_keyframe)

    return list(read())
