"""Answers that come straight from the store, piece by piece, for as long as somebody reads them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import anyio
from anyio import CapacityLimiter, to_thread
from anyio.streams.memory import MemoryObjectSendStream
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from clipmill.api.leaving import while_there
from clipmill.api.spans import Span
from clipmill.errors import StorageUnavailableError
from clipmill.storage.faults import os_faults
from clipmill.storage.store import HasPaths, ObjectInfo, Store

_FILE_PIECE = 1024 * 1024
_PIECE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Opened:
    """One version of an object, ready to be read; a file stays the same file even when another takes its place."""

    info: ObjectInfo
    file: BinaryIO | None
    read: Callable[[int, int], bytes]

    @property
    def piece_bytes(self) -> int:
        return _PIECE if self.file is None else _FILE_PIECE

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


def opened(store: Store, key: str) -> Opened:
    """The object as it is now."""
    while True:
        info = store.head(key)
        path = store.local_path(key) if isinstance(store, HasPaths) else None
        if path is None:
            return Opened(info, None, partial(store.read_range, key, etag=info.etag))
        file = _open(path)
        if store.head(key) == info:
            return Opened(info, file, partial(_read_at, file))
        file.close()


class ObjectAnswer(Response):
    """The bytes of a span; a fault on the way cuts the connection, so that nobody takes a part for the whole."""

    def __init__(
        self, source: Opened, span: Span, threads: CapacityLimiter, headers: Mapping[str, str], status: int
    ) -> None:
        super().__init__(status_code=status, headers={**headers, "Content-Length": str(span.length)})
        self._source = source
        self._span = span
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope

        try:
            await while_there(receive, partial(self._tell, send))
        finally:
            self._source.close()

    async def _tell(self, send: Send) -> None:
        """One piece is read while the one before it is sent."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        ahead, coming = anyio.create_memory_object_stream[bytes](1)
        async with anyio.create_task_group() as both, coming:
            both.start_soon(self._fetch, ahead)
            async for piece in coming:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _fetch(self, ahead: MemoryObjectSendStream[bytes]) -> None:
        step = self._source.piece_bytes
        async with ahead:
            for start in range(self._span.start, self._span.end, step):
                length = min(step, self._span.end - start)
                await ahead.send(await to_thread.run_sync(self._read, start, length, limiter=self._threads))

    def _read(self, start: int, length: int) -> bytes:
        data = self._source.read(start, length)
        if len(data) != length:
            raise StorageUnavailableError(f"{len(data)} bytes came for the {length} from {start} on.")
        return data


def _read_at(file: BinaryIO, start: int, length: int) -> bytes:
    with os_faults("read an object's file", writing=False):
        return os.pread(file.fileno(), length, start)


def _open(path: Path) -> BinaryIO:
    with os_faults(f"read {path}", writing=False):
        return path.open("rb", buffering=0)
