"""A store behind obstore: a bucket of S3 and its kin, of Google or Azure, or this process's memory.

A write is atomic: one PUT, or a multipart upload that shows at its completion only. On S3 each request is
signed together with the SHA-256 of its body, so the service refuses damaged bytes; size and ETag are read back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from clipmill.errors import (
    PreconditionFailedError,
    SourceMissingError,
    StorageUnavailableError,
    StorageWriteFailedError,
)
from clipmill.storage.faults import PastEnd, os_faults, store_faults, write_faults
from clipmill.storage.incoming import CopiesInside, SignedPut, SignsPuts, TakesBlocks, WritesOver
from clipmill.storage.keys import validate_key
from clipmill.storage.pieces import fetch_in_pieces
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import PLAIN_BYTES, ObjectInfo, OnBytes, SignsUrls, Store

if TYPE_CHECKING:
    # Names of obstore's type stubs; they do not exist at run time.
    from obstore import GetOptions, ObjectMeta, PutMode

Backend = S3Store | GCSStore | AzureStore | MemoryStore

PART_BYTES = 8 * 1024 * 1024
PARTS_AT_ONCE = 4
INCOMING_AT_ONCE = 2
"""Of an object that comes from outside: its parts lie in memory until they are sent."""
MAX_PARTS = 9000
"""Services allow 10,000; larger objects get larger parts."""

_BLOCK = 1024 * 1024
_PAGE = 1000
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Clients:
    """What reaches one bucket, by purpose, because a service may be silent while a body is on its way to it.

    ``read`` and ``write`` must not retry by themselves: `ObjectStore` does. ``parts`` sends multipart uploads and
    retries each request of one, because a whole upload is too much to repeat for one lost part.
    """

    read: Backend
    write: Backend
    parts: Backend


class ObjectStore(Store, SignsUrls, TakesBlocks, WritesOver, SignsPuts, CopiesInside):
    """Objects of one bucket; ``name`` is its URL as people know it."""

    def __init__(self, clients: Clients, name: str, retry: RetryPolicy | None = None) -> None:
        self.name = name
        self._clients = clients
        self._retry = retry or RetryPolicy()

    def head(self, key: str) -> ObjectInfo:
        meta = self._run("look at", key, lambda: obstore.head(self._clients.read, key))
        return _info(key, meta)

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        if length <= 0:
            return b""
        try:
            return self._run("read", key, lambda: self._get_range(key, start, length, etag))
        except PastEnd:
            return b""
        except PreconditionError:
            raise StorageUnavailableError(
                f"{self._at(key)} was replaced while it was being read. Run the job again."
            ) from None

    def get_bytes(self, key: str) -> bytes:
        return self._run("read", key, lambda: obstore.get(self._clients.read, key).bytes().to_bytes())

    def download(self, key: str, path: Path, on_bytes: OnBytes | None = None) -> ObjectInfo:
        info = self.head(key)
        fetch_in_pieces(partial(self.read_range, key, etag=info.etag), info.size, path, on_bytes)
        return info

    def upload(
        self, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
    ) -> ObjectInfo:
        with os_faults(f"look at {path}", writing=False):
            size = path.stat().st_size
        if size <= PART_BYTES:
            with os_faults(f"read {path}", writing=False):
                data = path.read_bytes()
            info = self.put_bytes(key, data, content_type)
        else:
            info = self._put_parts(path, size, key, content_type, on_bytes)
        if on_bytes:
            on_bytes(size, size)
        return info

    def put_bytes(self, key: str, data: bytes, content_type: str = PLAIN_BYTES) -> ObjectInfo:
        with write_faults():
            written = self._run(
                "write",
                key,
                lambda: obstore.put(
                    self._clients.write, key, data, attributes={"Content-Type": content_type}, use_multipart=False
                ),
            )
            return self._confirm(key, len(data), written["e_tag"])

    def put_blocks(
        self, key: str, blocks: Iterable[bytes], content_type: str = PLAIN_BYTES, size: int | None = None
    ) -> ObjectInfo:
        coming = iter(blocks)
        first = _first_part(coming)
        if len(first) <= PART_BYTES:
            return self.put_bytes(key, first, content_type)
        counted = _Counted(chain([first], coming))
        return self._put_multipart(key, counted, content_type, (size or 0, INCOMING_AT_ONCE))

    def write_over(
        self, key: str, seen: ObjectInfo | None, blocks: Iterable[bytes], content_type: str = PLAIN_BYTES
    ) -> ObjectInfo:
        """Of one PUT only: a bucket takes no condition with a multipart upload. It is sent once, so that it can't meet itself."""
        data = _first_part(iter(blocks))
        if len(data) > PART_BYTES:
            raise PreconditionFailedError(
                f"{self._at(key)}: a bucket takes a condition up to {PART_BYTES:,} bytes. Write without one, or less."
            )
        mode: PutMode = "create" if seen is None else {"e_tag": seen.etag}
        kind = {"Content-Type": content_type}
        try:
            with write_faults(), store_faults(f"write {self._at(validate_key(key))}"):
                written = obstore.put(self._clients.write, key, data, attributes=kind, mode=mode, use_multipart=False)
        except (PreconditionError, AlreadyExistsError):
            raise PreconditionFailedError(f"{self._at(key)} is another version now. Look at it again.") from None
        return self._confirm(key, len(data), written["e_tag"])

    def copy(self, source: str, key: str) -> ObjectInfo:
        self._run(f"copy {self._at(validate_key(source))} to", key, lambda: self._copy(source, key))
        return self.head(key)

    def delete(self, key: str) -> None:
        try:
            self._run("delete", key, lambda: obstore.delete(self._clients.write, key))
        except SourceMissingError:
            return

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        folder = validate_key(prefix.rstrip("/"), "prefix") if prefix.rstrip("/") else None
        after: str | None = None
        while page := self._run_at(f"list {self._at(folder or '')}", partial(self._page, folder, after)):
            for meta in page:
                yield _info(meta["path"], meta)
            after = page[-1]["path"]

    def sign_get(self, key: str, seconds: int) -> str | None:
        backend = self._clients.read
        if isinstance(backend, MemoryStore):
            return None
        return self._run("sign a link to", key, lambda: obstore.sign(backend, "GET", key, timedelta(seconds=seconds)))

    def sign_put(self, key: str, content_type: str, seconds: int) -> SignedPut | None:
        backend = self._clients.write
        if isinstance(backend, MemoryStore):
            return None
        lasting = timedelta(seconds=seconds)
        url = self._run("sign a link to", key, lambda: obstore.sign(backend, "PUT", key, lasting))
        kind = {"x-ms-blob-type": "BlockBlob"} if isinstance(backend, AzureStore) else {}
        return SignedPut(url, {"Content-Type": content_type} | kind)

    def _run(self, doing: str, key: str, call: Callable[[], _Result]) -> _Result:
        return self._run_at(f"{doing} {self._at(validate_key(key))}", call)

    def _run_at(self, what: str, call: Callable[[], _Result]) -> _Result:
        """Run one request under the retry policy, its faults told as ours."""

        def once() -> _Result:
            with store_faults(what):
                return call()

        return self._retry.run(once)

    def _get_range(self, key: str, start: int, length: int, etag: str | None) -> bytes:
        options: GetOptions = {"range": (start, start + length)}
        if etag is not None:
            options["if_match"] = etag
        result = obstore.get(self._clients.read, key, options=options)
        data = result.bytes().to_bytes()
        expected = min(length, result.meta["size"] - start)
        if len(data) != expected:
            raise StorageUnavailableError(f"{self._at(key)}: {len(data)} bytes came where {expected} were due.")
        return data

    def _page(self, folder: str | None, after: str | None) -> "Sequence[ObjectMeta]":
        return next(obstore.list(self._clients.read, folder, offset=after, chunk_size=_PAGE), [])

    def _copy(self, source: str, key: str) -> None:
        obstore.copy(self._clients.write, source, key)

    def _put_parts(self, path: Path, size: int, key: str, content_type: str, on_bytes: OnBytes | None) -> ObjectInfo:
        blocks = _Counted(_blocks(path, size, on_bytes))
        info = self._put_multipart(key, blocks, content_type, (size, PARTS_AT_ONCE))
        if info.size != size:
            raise StorageWriteFailedError(
                f"{path} changed from {size} to {info.size} bytes while it was sent. Try again."
            )
        return info

    def _put_multipart(self, key: str, blocks: "_Counted", content_type: str, bounds: tuple[int, int]) -> ObjectInfo:
        """A multipart upload; ``bounds`` are the likely size and how many parts are sent at a time."""
        size, at_once = bounds
        with write_faults():
            with store_faults(f"write {self._at(validate_key(key))}"):
                written = obstore.put(
                    self._clients.parts,
                    key,
                    blocks,
                    attributes={"Content-Type": content_type},
                    use_multipart=True,
                    chunk_size=max(PART_BYTES, -(-size // MAX_PARTS)),
                    max_concurrency=at_once,
                )
            return self._confirm(key, blocks.bytes, written["e_tag"])

    def _confirm(self, key: str, size: int, etag: str | None) -> ObjectInfo:
        """Look at what was written; only then is it written."""
        info = self.head(key)
        if info.size != size:
            raise StorageWriteFailedError(f"{self._at(key)} has {info.size} bytes after {size} were sent. Try again.")
        if etag and info.etag and _plain(etag) != _plain(info.etag):
            raise StorageWriteFailedError(f"{self._at(key)} was replaced by another writer meanwhile. Try again.")
        return info

    def _at(self, key: str) -> str:
        return f"{self.name}/{key}"


class _Counted:
    """Blocks on their way, counted as they pass."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.bytes = 0
        self._blocks = blocks

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self.bytes += len(block)
            yield block


def _info(key: str, meta: "ObjectMeta") -> ObjectInfo:
    return ObjectInfo(key, meta["size"], meta["e_tag"], meta["last_modified"])


def _blocks(path: Path, size: int, on_bytes: OnBytes | None) -> Iterator[bytes]:
    """The file block by block; the last block is told once the object is there."""
    done = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
            done += len(block)
            if on_bytes and done < size:
                on_bytes(done, size)


def _first_part(blocks: Iterator[bytes]) -> bytes:
    """As many blocks as fit into one PUT, and one more if they do not end before."""
    first = b""
    for block in blocks:
        first += block
        if len(first) > PART_BYTES:
            break
    return first


def _plain(etag: str) -> str:
    """An ETag without the mark of a weak one, which some services put on a compressed answer."""
    return etag.removeprefix("W/").strip('"')
