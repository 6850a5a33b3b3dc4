"""Where bytes live: a few verbs over full keys, and what some stores can do beyond them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from clipmill.errors import SourceMissingError

OnBytes = Callable[[int, int], None]
"""Told (bytes done, bytes in all), never falling, in the caller's thread; what it raises stops the transfer."""

PLAIN_BYTES = "application/octet-stream"


@dataclass(frozen=True)
class ObjectInfo:
    """What a store says about one object; ``etag`` changes whenever the bytes do."""

    key: str
    size: int
    etag: str | None
    modified: datetime


class Store(Protocol):
    """Objects under full keys; each verb retries what may pass and raises typed errors."""

    def head(self, key: str) -> ObjectInfo:
        """What is under the key; `SourceMissingError` if nothing is."""
        ...

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        """The bytes ``[start, start + length)`` that exist; with ``etag``, of that version of the object only."""
        ...

    def get_bytes(self, key: str) -> bytes:
        """The whole of a small object."""
        ...

    def download(self, key: str, path: Path, on_bytes: OnBytes | None = None) -> ObjectInfo:
        """Write the object to a local file, which appears complete or not at all."""
        ...

    def upload(
        self, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
    ) -> ObjectInfo:
        """Copy a local file to the key, which shows the old object until the new one is complete and confirmed."""
        ...

    def put_bytes(self, key: str, data: bytes, content_type: str = PLAIN_BYTES) -> ObjectInfo:
        """Write a small object, complete or not at all."""
        ...

    def delete(self, key: str) -> None:
        """Make sure that nothing is under the key."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object below the folder ``prefix``, in no promised order; ``""`` is the whole store."""
        ...

    def exists(self, key: str) -> bool:
        """Whether something is under the key."""
        try:
            self.head(key)
        except SourceMissingError:
            return False
        return True


@runtime_checkable
class HasPaths(Protocol):
    """A store whose objects may be files of this machine."""

    def local_path(self, key: str) -> Path | None:
        """The file to read in place of a copy; None where the object is elsewhere or missing."""
        ...


@runtime_checkable
class AdoptsFiles(Protocol):
    """A store that can take a finished scratch file without copying its bytes."""

    def adopt(
        self, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
    ) -> ObjectInfo:
        """Like `Store.upload`, but the file and the object may share their bytes: never write to the file again."""
        ...


@runtime_checkable
class Sweeps(Protocol):
    """A store in which a writer that is killed leaves something behind."""

    def sweep(self) -> None:
        """Remove it, wherever it is, but nothing that is still being written."""
        ...


@runtime_checkable
class SignsUrls(Protocol):
    """A store whose objects can be read by whoever holds a link."""

    def sign_get(self, key: str, seconds: int) -> str | None:
        """A link that reads the object for so long; None where this key has no such link."""
        ...


def publish(
    store: Store, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
) -> ObjectInfo:
    """Make a finished scratch file the object under ``key``, the cheapest way the store knows."""
    move = store.adopt if isinstance(store, AdoptsFiles) else store.upload
    return move(path, key, content_type, on_bytes)
