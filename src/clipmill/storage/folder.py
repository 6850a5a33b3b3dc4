"""A store that is a folder of this machine: objects are its files, read in place.

Plain system calls rather than obstore's local store: the operating system's error numbers stay typed, a
finished file is taken over without copying it, and it is on the disk before anyone hears of it.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from clipmill.errors import InvalidKeyError, SourceMissingError, StorageUnavailableError, StorageWriteFailedError
from clipmill.storage.atomic import appear_as_link, appearing, is_unfinished, remove_abandoned
from clipmill.storage.faults import os_faults
from clipmill.storage.incoming import TakesBlocks, WritesOver
from clipmill.storage.keys import validate_key
from clipmill.storage.store import PLAIN_BYTES, AdoptsFiles, HasPaths, ObjectInfo, OnBytes, Store, Sweeps

_BLOCK = 4 * 1024 * 1024


class FolderStore(Store, HasPaths, AdoptsFiles, TakesBlocks, WritesOver, Sweeps):
    """Objects as files below ``root``, which need not exist before the first write."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def head(self, key: str) -> ObjectInfo:
        path = self._path(key)
        with os_faults(f"look at {path}", writing=False):
            return _info(key, path, path.stat())

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        path = self._path(key)
        with os_faults(f"read {path}", writing=False), path.open("rb") as file:
            info = _info(key, path, os.fstat(file.fileno()))
            if etag is not None and etag != info.etag:
                raise StorageUnavailableError(f"{path} was replaced while it was being read. Run the job again.")
            file.seek(start)
            return file.read(max(length, 0))

    def get_bytes(self, key: str) -> bytes:
        return self.read_range(key, 0, self.head(key).size)

    def download(self, key: str, path: Path, on_bytes: OnBytes | None = None) -> ObjectInfo:
        source = self._path(key)
        _copy(source, path, on_bytes, durable=False)
        return self.head(key)

    def upload(
        self,
        path: Path,
        key: str,
        content_type: str = PLAIN_BYTES,  # noqa: ARG002 - a file has no content type
        on_bytes: OnBytes | None = None,
    ) -> ObjectInfo:
        size = _copy(path, self._path(key), on_bytes, durable=True)
        return self._confirm(key, size)

    def adopt(
        self, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
    ) -> ObjectInfo:
        """A second name for the file where one file system holds both, else a copy."""
        target = self._path(key)
        with os_faults(f"look at {path}", writing=False):
            size = path.stat().st_size
        try:
            appear_as_link(path, target)
        except OSError:
            return self.upload(path, key, content_type, on_bytes)
        if on_bytes:
            on_bytes(size, size)
        return self._confirm(key, size)

    def put_bytes(self, key: str, data: bytes, content_type: str = PLAIN_BYTES) -> ObjectInfo:  # noqa: ARG002
        path = self._path(key)
        with appearing(path, durable=True) as file:
            _write_all(file, data, path)
        return self._confirm(key, len(data))

    def put_blocks(
        self,
        key: str,
        blocks: Iterable[bytes],
        content_type: str = PLAIN_BYTES,  # noqa: ARG002
        size: int | None = None,  # noqa: ARG002 - a file grows as it is written
    ) -> ObjectInfo:
        return self._put(key, blocks, lambda: True)

    def write_over(
        self,
        key: str,
        seen: ObjectInfo | None,
        blocks: Iterable[bytes],
        content_type: str = PLAIN_BYTES,  # noqa: ARG002
    ) -> ObjectInfo:
        return self._put(key, blocks, lambda: self._seen(key) == (seen and seen.etag))

    def delete(self, key: str) -> None:
        path = self._path(key)
        with os_faults(f"delete {path}", writing=True):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        folder = prefix.rstrip("/")
        top = self._path(folder) if folder else self.root
        for path in _files_below(top):
            key = path.relative_to(self.root).as_posix()
            try:
                yield self.head(key)
            except (InvalidKeyError, SourceMissingError):
                # A name that is no valid key, or a file that went away meanwhile.
                continue

    def local_path(self, key: str) -> Path | None:
        path = self._path(key)
        return path if path.is_file() else None

    def sweep(self) -> None:
        for place, _, _ in os.walk(self.root):
            remove_abandoned(Path(place))

    def _put(self, key: str, blocks: Iterable[bytes], still: Callable[[], bool]) -> ObjectInfo:
        path = self._path(key)
        written = 0
        with appearing(path, durable=True, still=still) as file:
            for block in blocks:
                _write_all(file, block, path)
                written += len(block)
        return self._confirm(key, written)

    def _seen(self, key: str) -> str | None:
        try:
            return self.head(key).etag
        except SourceMissingError:
            return None

    def _path(self, key: str) -> Path:
        validate_key(key)
        path = self.root / key
        if is_unfinished(path.name):
            raise InvalidKeyError(f"key {key!r} has the name of an unfinished file. Choose another name.")
        return path

    def _confirm(self, key: str, size: int) -> ObjectInfo:
        info = self.head(key)
        if info.size != size:
            raise StorageWriteFailedError(f"{self.root / key} has {info.size} bytes after {size} were written to it.")
        return info


def _info(key: str, path: Path, status: os.stat_result) -> ObjectInfo:
    if not stat.S_ISREG(status.st_mode):
        raise SourceMissingError(f"{path} is not a file. Check the key and the store.")
    etag = f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
    return ObjectInfo(key, status.st_size, etag, datetime.fromtimestamp(status.st_mtime, UTC))


def _copy(source: Path, target: Path, on_bytes: OnBytes | None, *, durable: bool) -> int:
    """Copy a file so that the copy appears at once, and return its size."""
    with os_faults(f"read {source}", writing=False):
        reading = source.open("rb", buffering=0)
    with reading, appearing(target, durable=durable) as writing:
        size = os.fstat(reading.fileno()).st_size
        done = 0
        while block := _read_block(reading, source):
            _write_all(writing, block, target)
            done += len(block)
            if on_bytes:
                on_bytes(min(done, size), size)
        if done != size:
            raise StorageUnavailableError(f"{source} changed from {size} to {done} bytes while it was copied.")
    if on_bytes and size == 0:
        on_bytes(0, 0)
    return size


def _read_block(file: BinaryIO, path: Path) -> bytes:
    with os_faults(f"read {path}", writing=False):
        return file.read(_BLOCK)


def _write_all(file: BinaryIO, data: bytes, path: Path) -> None:
    rest = memoryview(data)
    with os_faults(f"write {path}", writing=True):
        while rest:
            rest = rest[file.write(rest) :]


def _files_below(folder: Path) -> Iterator[Path]:
    try:
        with os_faults(f"list {folder}", writing=False), os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except SourceMissingError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(Path(entry.path))
        elif not is_unfinished(entry.name):
            yield Path(entry.path)
