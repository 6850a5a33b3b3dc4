"""What a finished MP4 is made of, read packet by packet and box by box."""

import struct
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av


@dataclass(frozen=True)
class Coded:
    """A coded picture, in decoding order."""

    time: Fraction
    is_key: bool


def boxes(path: Path) -> list[str]:
    """The top-level boxes in order."""
    names, content, position = [], path.read_bytes(), 0
    while position < len(content):
        length, name = struct.unpack(">I4s", content[position : position + 8])
        if length == 1:
            length = struct.unpack(">Q", content[position + 8 : position + 16])[0]
        names.append(name.decode())
        position += length
    return names


def coded_pictures(path: Path) -> list[Coded]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        return [Coded(packet.pts * packet.time_base, packet.is_keyframe) for packet in packets]


def times(path: Path) -> list[Fraction]:
    """When the pictures are shown."""
    return sorted(picture.time for picture in coded_pictures(path))


def groups(path: Path) -> list[list[Coded]]:
    """The groups of pictures, each from its key frame on."""
    pictures = coded_pictures(path)
    keys = [index for index, picture in enumerate(pictures) if picture.is_key]
    return [pictures[first:last] for first, last in pairwise([*keys, len(pictures)])]


def sound_span(path: Path) -> tuple[Fraction, Fraction]:
    """When the sound that a player hears begins and ends."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = [(frame.pts * frame.time_base, frame.samples) for frame in container.decode(stream)]
        return frames[0][0], frames[-1][0] + Fraction(frames[-1][1], stream.rate)
