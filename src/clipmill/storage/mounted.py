"""Several stores under one roof: how a key begins may choose one of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from clipmill.storage.incoming import (
    CopiesInside,
    SignedPut,
    SignsPuts,
    TakesBlocks,
    WritesOver,
    bytes_of,
    put_blocks,
    write_over,
)
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


class MountedStore(Store, HasPaths, AdoptsFiles, SignsUrls, TakesBlocks, WritesOver, SignsPuts, CopiesInside):
    """Keys that begin with ``{mount}/`` go to that store, without those words; all others to the main one.

    Example: with the folder ``/`` mounted as ``files``, the key ``files/home/me/a.mp4`` is ``/home/me/a.mp4``.
    A listing of the main store does not show the mounts.
    """

    def __init__(self, main: Store, mounts: Mapping[str, Store]) -> None:
        self._main = main
        self._mounts = {validate_key(name, "mount"): store for name, store in mounts.items()}

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

    def write_over(
        self, key: str, seen: ObjectInfo | None, blocks: Iterable[bytes], content_type: str = PLAIN_BYTES
    ) -> ObjectInfo:
        store, rest = self._place(key)
        return replace(write_over(store, rest, seen, blocks, content_type), key=key)

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
        name = self._mount(prefix)
        if name is None:
            yield from self._main.list(prefix)
            return
        for info in self._mounts[name].list(prefix[len(name) + 1 :]):
            yield replace(info, key=f"{name}/{info.key}")

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
        name = self._mount(validate_key(key) + "/")
        rest = "" if name is None else key[len(name) + 1 :]
        return (self._mounts[name], rest) if name is not None and rest else (self._main, key)

    def _mount(self, prefix: str) -> str | None:
        """The mount in which a prefix lies."""
        return next((name for name in self._mounts if f"{prefix.rstrip('/')}/".startswith(f"{name}/")), None)
