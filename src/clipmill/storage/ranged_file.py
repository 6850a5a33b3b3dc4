"""Bytes that can be had from any place, as a file: one position, moved by seeking and reading."""

import io
from abc import abstractmethod
from typing import BinaryIO


class RangedFile(io.RawIOBase, BinaryIO):  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride] - as typeshed has it for FileIO
    """A file of a known size that never changes.

    A read gives all it was asked for, and less at the end only; one that fails moves nothing.
    """

    def __init__(self, name: str, size: int) -> None:
        super().__init__()
        self._name = name
        self._size = size
        self._position = 0

    @abstractmethod
    def piece(self, position: int, wanted: int) -> memoryview:
        """One byte or more from a position inside the file on; ``wanted`` is how many will be asked for in all."""

    @property
    def name(self) -> str:
        return self._name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError(f"{self._name}: no position {origin + offset}, an object begins at 0.")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - any writable buffer
        if self.closed:
            raise ValueError(f"{self._name}: the reader is closed.")
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), max(0, self._size - self._position))
        done = 0
        while done < wanted:
            piece = self.piece(self._position + done, wanted - done)[: wanted - done]
            target[done : done + len(piece)] = piece
            done += len(piece)
        self._position += done
        return done
