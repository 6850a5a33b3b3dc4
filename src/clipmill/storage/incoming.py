"""Bytes that come from outside: written as they arrive, sent to the store itself, or copied inside it.

What some stores can do beyond their verbs, as `clipmill.storage.store` has it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from clipmill.errors import InvalidRequestError, PreconditionFailedError
from clipmill.storage.store import PLAIN_BYTES, HasPaths, ObjectInfo, Store, publish

PIECE_BYTES = 4 * 1024 * 1024
_AHEAD = 2


@dataclass(frozen=True)
class SignedPut:
    """A link that takes one PUT, and the headers that have to come with it."""

    url: str = field(repr=False)
    headers: Mapping[str, str]


@runtime_checkable
class TakesBlocks(Protocol):
    """A store that writes an object while its bytes are still on their way."""

    def put_blocks(
        self, key: str, blocks: Iterable[bytes], content_type: str = PLAIN_BYTES, size: int | None = None
    ) -> ObjectInfo:
        """Write what ``blocks`` yields, a few megabytes of it in memory; complete or not at all.

        What ``blocks`` raises stops the write and leaves the old object. ``size`` is how much is likely to come.
        """
        ...


@runtime_checkable
class WritesOver(Protocol):
    """A store that can tell, in the moment of a write, whether what is under the key is what the writer saw."""

    def write_over(
        self, key: str, seen: ObjectInfo | None, blocks: Iterable[bytes], content_type: str = PLAIN_BYTES
    ) -> ObjectInfo:
        """Like `TakesBlocks.put_blocks` if the key still has the object that was ``seen``, None for nothing.

        `PreconditionFailedError` otherwise, and where a body is too large for this store to tell; the object stays then.
        """
        ...


@runtime_checkable
class SignsPuts(Protocol):
    """A store whose objects can be written by whoever holds a link."""

    def sign_put(self, key: str, content_type: str, seconds: int) -> SignedPut | None:
        """A link that writes the object for so long; None where this key has no such link."""
        ...


@runtime_checkable
class CopiesInside(Protocol):
    """A store that copies an object without sending its bytes to us."""

    def copy(self, source: str, key: str) -> ObjectInfo:
        """Make ``key`` an object with the bytes and the content type of ``source``."""
        ...


def put_blocks(
    store: Store, key: str, blocks: Iterable[bytes], content_type: str = PLAIN_BYTES, size: int | None = None
) -> ObjectInfo:
    """Write an object while its bytes arrive; see `TakesBlocks`."""
    if not isinstance(store, TakesBlocks):
        raise InvalidRequestError("this store takes whole files only. Write the object by its other verbs.")
    return store.put_blocks(key, blocks, content_type, size)


def write_over(
    store: Store, key: str, seen: ObjectInfo | None, blocks: Iterable[bytes], content_type: str = PLAIN_BYTES
) -> ObjectInfo:
    """Write an object in place of the one that was seen, or of none; see `WritesOver`."""
    if not isinstance(store, WritesOver):
        raise PreconditionFailedError("this store cannot tell whether an object changed. Write without a condition.")
    return store.write_over(key, seen, blocks, content_type)


def join_objects(store: Store, parts: Iterable[ObjectInfo], key: str, content_type: str) -> ObjectInfo:
    """Make ``key`` an object with the bytes of all ``parts`` in their order; the parts stay.

    A single part is linked or copied where it lies; several pass through this process, a few megabytes at a time.
    """
    listed = list(parts)
    if len(listed) == 1:
        (only,) = listed
        path = store.local_path(only.key) if isinstance(store, HasPaths) else None
        if path is not None:
            return publish(store, path, key, content_type)
        if isinstance(store, CopiesInside):
            return store.copy(only.key, key)
    return put_blocks(store, key, bytes_of(store, listed), content_type, sum(part.size for part in listed))


def bytes_of(store: Store, parts: Iterable[ObjectInfo]) -> Iterator[bytes]:
    """The bytes of objects one after the other, each in the version that was looked at.

    They are read in threads, because obstore cannot be asked where it pulls the blocks of another write.
    """
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="clipmill-join") as pool:
        coming: deque[Future[bytes]] = deque()
        for part, start in _pieces(parts):
            length = min(PIECE_BYTES, part.size - start)
            coming.append(pool.submit(store.read_range, part.key, start, length, part.etag))
            if len(coming) > _AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _pieces(parts: Iterable[ObjectInfo]) -> Iterator[tuple[ObjectInfo, int]]:
    return ((part, start) for part in parts for start in range(0, part.size, PIECE_BYTES))
