"""A second sample entry in the track of an MP4: what editors write that join files of different encodes."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path

import numpy as np
from tests.workflows.clips import boxes

INDEX = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def with_second_entry(path: Path, described: bytes, first: int) -> Path:
    """Give the samples from ``first`` on the sample entry of another file's content.

    The file holds nothing but a picture track of one chunk, and its index lies behind the samples, so that none of them moves.
    """
    data = path.read_bytes()
    sizes = np.frombuffer(_table(data, b"stsz")[12:], ">u4")
    place = int.from_bytes(_table(data, b"stco")[8:12])
    own, other = (_table(content, b"stsd")[8:] for content in (data, described))
    offsets = [place, place + list(accumulate(sizes.tolist()))[first - 1]]
    tables = {
        b"stsd": _numbers(0, 2) + own + other,
        b"stsc": _numbers(0, 2, 1, first, 1, 2, len(sizes) - first, 2),
        b"stco": _numbers(0, 2, *offsets),
    }
    path.write_bytes(b"".join(_rebuilt(data, tables)))
    return path


def _table(content: bytes, name: bytes) -> bytes:
    return next(boxes(content, *INDEX, name))


def _numbers(*values: int) -> bytes:
    return np.array(values, ">u4").tobytes()


def _rebuilt(data: bytes, tables: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """The boxes, with these tables."""
    place = 0
    while place < len(data):
        size, name = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        inside = data[place + 8 : place + size]
        if name in INDEX:
            inside = b"".join(_rebuilt(inside, tables))
        inside = tables.get(name, inside)
        yield _numbers(len(inside) + 8) + name + inside
        place += size
