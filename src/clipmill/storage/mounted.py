"""Several stores under one roof: the first part of a key may choose one of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from clipmill.errors import InvalidKeyError
from clipmill.storage.incoming import CopiesInside, SignedPut, SignsPuts, TakesBlocks, bytes_of, put_blocks
from clipmill.storage.keys import validate_key
from clipmill.storage.store import (
    PLAIN_BYTES,
    AdoptsFiles,
    HasPaths,
    ObjectInfo,
    OnBytes,
    SignsUrls,
    Store,
    publish,
)


class MountedStore(Store, HasPaths, AdoptsFiles, SignsUrls, TakesBlocks, SignsPuts, CopiesInside):
    """Keys that begin with ``{mount}/`` go to that store, without those words; all others to the main one.

    Example: with the folder ``/`` mounted as ``files``, the key ``files/home/me/a.mp4`` is ``/home/me/a.mp4``.
    A listing of the main store does not show the mounts.
    """

    def __init__(self, main: Store, mounts: Mapping[str, Store]) -> None:
        for name in mounts:
            if "/" in validate_key(name, "mount"):
                raise InvalidKeyError(f"mount {name!r} has more than one part. Use a single word.")
        self._main = main
        self._mounts = dict(mounts)

    def head(self, key: str) -> ObjectInfo:
        store, rest = self._place(key)
        return replace(store.head(rest), key=key)

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        store, rest = self._place(key)
        return store.read_range(rest, start, length, etag)

    def get_bytes(self, key: str) -> bytes:
        store, rest = self._place(key)
        return store.get_bytes(rest)

    def download(self, key: str, path: Path, on_bytes: OnBytes | None = None) -> ObjectInfo:
        store, rest = self._place(key)
        return replace(store.download(rest, path, on_bytes), key=key)

    def upload(
        self, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
    ) -> ObjectInfo:
        store, rest = self._place(key)
        return replace(store.upload(path, rest, content_type, on_bytes), key=key)

    def adopt(
        self, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
    ) -> ObjectInfo:
        """Takes the file over where its store can, and uploads it elsewhere."""
        store, rest = self._place(key)
        return replace(publish(store, path, rest, content_type, on_bytes), key=key)

    def put_bytes(self, key: str, data: bytes, content_type: str = PLAIN_BYTES) -> ObjectInfo:
        store, rest = self._place(key)
        return replace(store.put_bytes(rest, data, content_type), key=key)

    def put_blocks(
        self, key: str, blocks: Iterable[bytes], content_type: str = PLAIN_BYTES, size: int | None = None
    ) -> ObjectInfo:
        store, rest = self._place(key)
        return replace(put_blocks(store, rest, blocks, content_type, size), key=key)

    def copy(self, source: str, key: str) -> ObjectInfo:
        """Inside one store; between two the bytes pass through us, without their content type."""
        store, rest = self._place(key)
        source_store, source_rest = self._place(source)
        if store is source_store and isinstance(store, CopiesInside):
            return replace(store.copy(source_rest, rest), key=key)
        return put_blocks(self, key, bytes_of(self, [self.head(source)]))

    def delete(self, key: str) -> None:
        store, rest = self._place(key)
        store.delete(rest)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        mount, _, rest = prefix.partition("/")
        if mount not in self._mounts:
            yield from self._main.list(prefix)
            return
        for info in self._mounts[mount].list(rest):
            yield replace(info, key=f"{mount}/{info.key}")

    def local_path(self, key: str) -> Path | None:
        store, rest = self._place(key)
        return store.local_path(rest) if isinstance(store, HasPaths) else None

    def sign_get(self, key: str, seconds: int) -> str | None:
        store, rest = self._place(key)
        return store.sign_get(rest, seconds) if isinstance(store, SignsUrls) else None

    def sign_put(self, key: str, content_type: str, seconds: int) -> SignedPut | None:
        store, rest = self._place(key)
        return store.sign_put(rest, content_type, seconds) if isinstance(store, SignsPuts) else None

    def _place(self, key: str) -> tuple[Store, str]:
        mount, slash, rest = validate_key(key).partition("/")
        return (self._mounts[mount], rest) if slash and mount in self._mounts else (self._main, key)
