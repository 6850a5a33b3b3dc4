"""A part of a local file as the body of a call, a block in memory at a time."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread
import httpx

from clipmill.errors import ConflictError
from clipmill.storage.store import OnBytes

_BLOCK = 1 << 20


@dataclass(frozen=True)
class FilePiece(httpx.SyncByteStream, httpx.AsyncByteStream):
    """``size`` bytes from ``start`` on, read anew each time it is sent; ``on_bytes`` is told how many are on their way."""

    path: Path
    start: int
    size: int
    on_bytes: OnBytes = field(repr=False)

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        for block in self._blocks():
            yield block
            sent += len(block)
            self.on_bytes(sent, self.size)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        sent, blocks = 0, self._blocks()
        while (block := await anyio.to_thread.run_sync(next, blocks, None)) is not None:
            yield block
            sent += len(block)
            self.on_bytes(sent, self.size)

    def _blocks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.size
            while left:
                block = file.read(min(_BLOCK, left))
                if not block:
                    raise ConflictError(f"{self.path} became shorter while it was sent. Send it again.")
                left -= len(block)
                yield block
