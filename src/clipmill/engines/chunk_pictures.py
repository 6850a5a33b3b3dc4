"""The pictures of caption chunks, decoded once and kept on the disk until nobody needs them.

*Convention:* pictures are height x width x 3, 8-bit RGB, counted from 0 in the order of the chunk's packets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from clipmill.engines.source import open_container, reading
from clipmill.engines.still import rgb_pixels
from clipmill.errors import BadMedia, CorruptArtifactError
from clipmill.media.geometry import Size

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class StoredPictures:
    """The raw pictures of a chunk, in a file of their own."""

    path: Path
    size: Size
    count: int

    def rows(self, number: int, top: int, bottom: int) -> Rgb:
        """The rows of one picture from ``top`` up to ``bottom``, read from the file."""
        row = self.size.width * 3
        start = (number * self.size.height + top) * row
        return np.fromfile(self.path, np.uint8, (bottom - top) * row, offset=start).reshape(-1, self.size.width, 3)

    def discard(self) -> None:
        """Give the room on the disk back."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class ChosenPictures:
    """Pictures of one size out of several chunks; at least one."""

    chosen: Sequence[tuple[StoredPictures, int]]

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def shape(self) -> tuple[int, int, int]:
        size = self.chosen[0][0].size
        return size.height, size.width, 3

    def rows(self, top: int, bottom: int) -> Rgb:
        return np.stack([chunk.rows(number, top, bottom) for chunk, number in self.chosen])


def decode_chunk(chunk: Path, size: Size, count: int, target: Path, threads: int) -> StoredPictures:
    """Decode a chunk to ``target``; one that does not hold exactly the pictures it should is refused."""
    found, scaler = 0, VideoReformatter()
    try:
        with open_container(chunk) as container, reading(chunk), target.open("wb") as file:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = threads
            for frame in container.decode(stream):
                _check_size(frame, size, chunk.name)
                found += 1
                file.write(rgb_pixels(frame, scaler).data)
    except (BadMedia, IndexError) as fault:
        raise _corrupt(chunk.name, f"cannot be decoded ({fault})") from fault
    if found != count:
        raise _corrupt(chunk.name, f"expected {count} pictures, got {found}")
    return StoredPictures(target, size, count)


def _check_size(frame: av.VideoFrame, size: Size, name: str) -> None:
    if (frame.width, frame.height) != (size.width, size.height):
        raise _corrupt(name, f"expected {size.width}x{size.height} px, got {frame.width}x{frame.height}")


def _corrupt(name: str, fault: str) -> CorruptArtifactError:
    return CorruptArtifactError(f"{name}: {fault}. Infer the extents again to write a new version.")
