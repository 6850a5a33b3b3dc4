"""A large object fetched as ranges, several at once, into a local file."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from clipmill.errors import StorageUnavailableError
from clipmill.storage.atomic import appearing
from clipmill.storage.faults import os_faults
from clipmill.storage.store import OnBytes

PIECE_BYTES = 8 * 1024 * 1024
AT_ONCE = 4

ReadRange = Callable[[int, int], bytes]


def fetch_in_pieces(read: ReadRange, size: int, path: Path, on_bytes: OnBytes | None) -> None:
    """Write the ``size`` bytes that ``read`` gives to ``path``; at most four pieces are in memory.

    ``read`` retries for itself, so a fault costs at most the piece it hit.
    """
    with appearing(path, durable=False) as file:
        descriptor = file.fileno()
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch")
        try:
            starts = range(0, size, PIECE_BYTES)
            pieces = [
                pool.submit(_fetch, read, start, min(PIECE_BYTES, size - start), descriptor, path) for start in starts
            ]
            done = 0
            for piece in as_completed(pieces):
                done += piece.result()
                if on_bytes:
                    on_bytes(done, size)
        finally:
            # The descriptor may close only when nobody writes to it any more.
            pool.shutdown(wait=True, cancel_futures=True)
    if on_bytes and size == 0:
        on_bytes(0, 0)


def _fetch(read: ReadRange, start: int, length: int, descriptor: int, path: Path) -> int:
    data = read(start, length)
    if len(data) != length:
        raise StorageUnavailableError(f"{path}: {len(data)} bytes came for the {length} bytes from {start} on.")
    rest = memoryview(data)
    with os_faults(f"write {path}", writing=True):
        while rest:
            written = os.pwrite(descriptor, rest, start)
            rest, start = rest[written:], start + written
    return length
