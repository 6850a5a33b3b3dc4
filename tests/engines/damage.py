"""Files with faults in them."""

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np


def coded_ranges(path: Path) -> list[tuple[int, int, bool]]:
    """Where each coded picture lies in the file, in decoding order: position, size, whether it is a key frame."""
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size, packet.is_keyframe) for packet in container.demux(video=0) if packet.size]


def damaged(source: Path, path: Path, pictures: Iterable[int], kept: float = 0.5) -> Path:
    """A copy in which some coded pictures, counted in decoding order, turn into noise behind the part that is kept."""
    content = bytearray(source.read_bytes())
    ranges = coded_ranges(source)
    noise = np.random.default_rng(1)
    for picture in pictures:
        position, size, _ = ranges[picture]
        whole = max(8, int(size * kept))
        content[position + whole : position + size] = noise.integers(0, 256, size - whole, np.uint8).tobytes()
    path.write_bytes(content)
    return path


def cut_off(source: Path, path: Path, part: float) -> Path:
    """The first part of a file."""
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    return path
