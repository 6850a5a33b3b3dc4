"""An object read like a file: only the ranges that are asked for are fetched.

Tuned to how a container is read: a little at the start, the index wherever it lies, then samples, forward, maybe
from two places in turn. A fetch that carries on where one ended is as long as the run so far, up to 1 MiB, and
up to 2 MiB once the run is 16 MiB long: little is fetched in vain at a jump, and a long run needs few requests.
"""

import io
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

from clipmill.errors import StorageUnavailableError
from clipmill.storage.faults import os_faults
from clipmill.storage.store import HasPaths, Store

BLOCK_BYTES = 256 * 1024
CACHED_BLOCKS = 32

_USUAL_READ_AHEAD = 4
_LONG_READ_AHEAD = 8
_LONG_RUN = 64
_RUNS_KEPT = 4


def open_object(store: Store, key: str) -> BinaryIO:
    """A seekable reader of the object: its own file where there is one, else a `RangedReader`."""
    path = store.local_path(key) if isinstance(store, HasPaths) else None
    return RangedReader(store, key) if path is None else _open_file(path)


class RangedReader(io.RawIOBase, BinaryIO):  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride] - as typeshed has it for FileIO
    """One version of an object as a seekable file; an object replaced meanwhile is an error, never a mixture.

    Holds at most 8 MiB, and 2 MiB more during a fetch. Not for several threads at once.
    """

    def __init__(self, store: Store, key: str) -> None:
        super().__init__()
        self.info = store.head(key)
        self.bytes_read = 0
        self._store = store
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._runs: OrderedDict[int, int] = OrderedDict()

    @property
    def name(self) -> str:
        return self.info.key

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.info.size}[whence]
        if origin + offset < 0:
            raise ValueError(f"{self.info.key}: no position {origin + offset}, an object begins at 0.")
        self._position = origin + offset
        return self._position

    def close(self) -> None:
        self._blocks.clear()
        super().close()

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - any writable buffer
        target = memoryview(buffer).cast("B")
        if self.closed:
            raise ValueError(f"{self.info.key}: the reader is closed.")
        done = 0
        while done < len(target) and self._position < self.info.size:
            number, offset = divmod(self._position, BLOCK_BYTES)
            piece = memoryview(self._block(number))[offset : offset + len(target) - done]
            target[done : done + len(piece)] = piece
            done += len(piece)
            self._position += len(piece)
        return done

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._fetch(number)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _fetch(self, number: int) -> None:
        """Fetch a block, and those behind it that a run of reads will want next."""
        run = self._runs.pop(number, 0)
        end = number + self._read_ahead(number, run)
        start = number * BLOCK_BYTES
        length = min(end * BLOCK_BYTES, self.info.size) - start
        data = self._store.read_range(self.info.key, start, length, self.info.etag)
        if len(data) != length:
            raise StorageUnavailableError(f"{self.info.key}: {len(data)} bytes came where {length} were due.")
        self.bytes_read += length
        for block in range(number, end):
            self._blocks[block] = data[(block - number) * BLOCK_BYTES : (block - number + 1) * BLOCK_BYTES]
        self._runs[end] = run + end - number
        _keep_newest(self._blocks, CACHED_BLOCKS)
        _keep_newest(self._runs, _RUNS_KEPT)

    def _read_ahead(self, number: int, run: int) -> int:
        """How many blocks to fetch, the asked-for one included; ``run`` blocks in a row came before it."""
        most = _LONG_READ_AHEAD if run >= _LONG_RUN else _USUAL_READ_AHEAD
        last = -(-self.info.size // BLOCK_BYTES)
        wanted = range(number + 1, min(number + max(1, min(run, most)), last))
        known = next((block for block in wanted if block in self._blocks), wanted.stop)
        return max(1, known - number)


def _open_file(path: Path) -> BinaryIO:
    with os_faults(f"read {path}", writing=False):
        return path.open("rb")


def _keep_newest(items: "OrderedDict[int, bytes] | OrderedDict[int, int]", most: int) -> None:
    while len(items) > most:
        items.popitem(last=False)
