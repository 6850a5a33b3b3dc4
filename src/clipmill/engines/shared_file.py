"""One file read in several places at once: picture and sound of a source each have a position of their own."""

import io
import threading
from typing import BinaryIO
from weakref import WeakKeyDictionary

_locks: "WeakKeyDictionary[BinaryIO, threading.Lock]" = WeakKeyDictionary()
_making = threading.Lock()


class SharedFile(io.RawIOBase):
    """A reader over a seekable file that others read too, each through a reader like this; it never closes the file."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._position = 0
        with _making:
            self._lock = _locks.setdefault(file, threading.Lock())

    @property
    def name(self) -> str:
        return str(getattr(self._file, "name", "the source"))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        with self._lock:
            origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence)
            self._position = offset + (self._file.seek(0, io.SEEK_END) if origin is None else origin)
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes from here; fewer only at the end."""
        with self._lock:
            self._file.seek(self._position)
            data = self._file.read(size)
        self._position += len(data)
        return data
