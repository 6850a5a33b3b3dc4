"""The latest frames of a caption band, kept on the disk until nobody needs them.

*Convention:* frames are counted from 0; pictures are height x width x 3, 8-bit RGB.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.chunk_pictures import ChosenPictures, StoredPictures
from clipmill.media.geometry import Size

Rgb = NDArray[np.uint8]

FRAMES_PER_FILE = 32


class CaptionMemory:
    """Takes every frame once, in order; of more than ``most`` of them, the first ones go."""

    def __init__(self, new_file: Callable[[str], Path], size: Size, most: int) -> None:
        self._new_file = new_file
        self._size = size
        self._most = most
        self._files: dict[int, StoredPictures] = {}
        self._count = 0

    def add(self, rgb: Rgb) -> None:
        """Keep the next frame."""
        number, offset = divmod(self._count, FRAMES_PER_FILE)
        if not offset:
            path = self._new_file(f"band_{number}.rgb")
            self._files[number] = StoredPictures(path, self._size, FRAMES_PER_FILE)
        with self._files[number].path.open("ab") as file:
            file.write(np.ascontiguousarray(rgb).data)
        self._count += 1
        self.forget(self._count - self._most)

    def holds(self, frames: Iterable[int]) -> bool:
        """Whether all of these frames are still there."""
        return all(frame < self._count and frame // FRAMES_PER_FILE in self._files for frame in frames)

    def pictures(self, frames: Iterable[int]) -> ChosenPictures:
        """Frames that are held."""
        places = (divmod(frame, FRAMES_PER_FILE) for frame in frames)
        return ChosenPictures([(self._files[number], offset) for number, offset in places])

    def forget(self, before: int) -> None:
        """Give back the room of files that hold earlier frames only."""
        for number in [number for number in self._files if (number + 1) * FRAMES_PER_FILE <= before]:
            self._files.pop(number).discard()
