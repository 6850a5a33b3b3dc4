"""Objects of which only the ranges that are asked for are fetched, each range once while memory lasts.

All objects that a job reads share one memory of 28 MiB, and at most five requests at a time, 3 MiB in all.
"""

from collections.abc import Iterator

from clipmill.errors import StorageUnavailableError
from clipmill.storage.blocks import Blocks
from clipmill.storage.read_ahead import Fetch, ReadAhead
from clipmill.storage.runs import BLOCK_BYTES, MOST_AHEAD, Runs, request_size
from clipmill.storage.store import Store


class RangedObject:
    """One version of an object; an object replaced meanwhile is an error, never a mixture. For one thread."""

    def __init__(self, store: Store, key: str, blocks: Blocks, read_ahead: ReadAhead) -> None:
        self.info = store.head(key)
        self.bytes_read = 0
        self._store = store
        self._blocks = blocks
        self._read_ahead = read_ahead
        self._runs = Runs()
        self._count = -(-self.info.size // BLOCK_BYTES)

    def piece(self, position: int, wanted: int) -> memoryview:
        """From a position inside the object to the end of its block; ``wanted`` bytes will be asked for in all."""
        block, offset = divmod(position, BLOCK_BYTES)
        self._keep_finished()
        self._bring(block, -(-(position + wanted) // BLOCK_BYTES))
        return memoryview(self._block(block))[offset:]

    def read(self, position: int, wanted: int, most: int) -> bytes:
        """``wanted`` bytes, fewer at the end only, and up to ``most`` where more of them lie ready."""
        pieces: list[memoryview] = []
        got = 0
        while (at := position + got) < self.info.size and (got < wanted or (got < most and self._is_here(at))):
            pieces.append(self.piece(at, max(1, wanted - got)))
            got += len(pieces[-1])
        return b"".join(pieces)

    def _is_here(self, position: int) -> bool:
        return self._blocks.has(self, position // BLOCK_BYTES)

    def _bring(self, block: int, end: int) -> None:
        """Fetch a block and what else is wanted up to ``end``; what a run will want next comes in the background."""
        ahead = self._runs.pass_on(block)
        size = request_size(ahead)
        stop = min(max(end, block + 1 + ahead), block + 1 + MOST_AHEAD, self._count)
        missing = not self._is_known(block)
        own_end = self._gap_end(block, min(block + size, stop)) if missing else block + 1
        self._send(own_end, stop, size)
        if missing:
            self.bytes_read += self._length(block, own_end)
            self._blocks.keep(self, block, self._fetch(block, own_end))

    def _send(self, block: int, stop: int, size: int) -> None:
        """Start requests for what is not here before ``stop``; a span that may still grow to ``size`` waits."""
        if not self._read_ahead.has_room:
            return
        for first, end in self._gaps(block, stop, size):
            may_grow = end == stop < self._count and end - first < size
            if may_grow or not self._read_ahead.has_room:
                return
            self.bytes_read += self._length(first, end)
            self._read_ahead.start(Fetch(self, first, end, self._fetch))

    def _gaps(self, block: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
        """What is neither here nor on its way, in spans of up to ``size`` blocks."""
        while block < stop:
            if self._is_known(block):
                block += 1
            else:
                end = self._gap_end(block, min(block + size, stop))
                yield block, end
                block = end

    def _gap_end(self, block: int, most: int) -> int:
        return next((known for known in range(block + 1, most) if self._is_known(known)), most)

    def _is_known(self, block: int) -> bool:
        return self._blocks.has(self, block) or self._read_ahead.find(self, block) is not None

    def _block(self, block: int) -> bytes:
        data = self._blocks.get(self, block)
        while data is None:
            fetch = self._read_ahead.find(self, block)
            assert fetch is not None
            self._read_ahead.drop(fetch)
            self._blocks.keep(self, fetch.first, fetch.result())
            data = self._blocks.get(self, block)
        return data

    def _keep_finished(self) -> None:
        for fetch in self._read_ahead.take_finished():
            self._blocks.keep(fetch.owner, fetch.first, fetch.result())

    def _length(self, first: int, end: int) -> int:
        return min(end * BLOCK_BYTES, self.info.size) - first * BLOCK_BYTES

    def _fetch(self, first: int, end: int) -> bytes:
        length = self._length(first, end)
        data = self._store.read_range(self.info.key, first * BLOCK_BYTES, length, self.info.etag)
        if len(data) != length:
            raise StorageUnavailableError(f"{self.info.key}: {len(data)} bytes came where {length} were due.")
        return data


class RangedObjects:
    """The objects that one job reads: each is looked at once, and what one opening fetched serves the next."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._blocks = Blocks()
        self._read_ahead = ReadAhead()
        self._opened: dict[str, RangedObject] = {}

    def open(self, key: str) -> RangedObject:
        """The object under a key, in the version that the first opening found."""
        if key not in self._opened:
            self._opened[key] = RangedObject(self._store, key, self._blocks, self._read_ahead)
        return self._opened[key]

    def close(self) -> None:
        """Forget everything; a request that is under way ends by itself, and nobody waits for it."""
        self._opened.clear()
        self._blocks.clear()
        self._read_ahead.clear()
