"""An object read like a file: only the ranges that are asked for are fetched."""

from pathlib import Path
from typing import BinaryIO

from clipmill.storage.faults import os_faults
from clipmill.storage.ranged_file import RangedFile
from clipmill.storage.ranged_object import RangedObjects
from clipmill.storage.store import HasPaths, Store


def open_object(store: Store, key: str) -> BinaryIO:
    """A seekable reader of the object: its own file where there is one, else a `RangedReader`."""
    path = store.local_path(key) if isinstance(store, HasPaths) else None
    return RangedReader(store, key) if path is None else _open_file(path)


class RangedReader(RangedFile):
    """One version of an object as a seekable file. Not for several threads at once."""

    def __init__(self, store: Store, key: str) -> None:
        self._objects = RangedObjects(store)
        self._object = self._objects.open(key)
        self.info = self._object.info
        super().__init__(key, self.info.size)

    @property
    def bytes_read(self) -> int:
        """How many bytes were asked of the store."""
        return self._object.bytes_read

    def piece(self, position: int, wanted: int) -> memoryview:
        return self._object.piece(position, wanted)

    def close(self) -> None:
        self._objects.close()
        super().close()


def _open_file(path: Path) -> BinaryIO:
    with os_faults(f"read {path}", writing=False):
        return path.open("rb")
