"""What a child may ask of its parent: bytes of the tenant's objects, and outputs to be published in the end."""

import stat
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from clipmill.errors import InternalError
from clipmill.function.stages import Stage
from clipmill.jobs.channel import Garbled
from clipmill.jobs.faults import typed
from clipmill.jobs.gate import Passing
from clipmill.jobs.machine import Machine
from clipmill.jobs.progress import ProgressMeter
from clipmill.storage.keys import full_key, output_key
from clipmill.storage.ranged_object import RangedObject, RangedObjects
from clipmill.storage.store import HasPaths, ObjectInfo, publish

MOST_READ = 4 * 1024 * 1024
READY_READ = 256 * 1024
"""A child that asks for less is given as much where it lies ready: it saves the next questions."""
MP4 = "video/mp4"
_TYPES = {
    ".mp4": MP4,
    ".m4v": MP4,
    ".webm": "video/webm",
    ".json": "application/json",
    ".jpg": "image/jpeg",
    ".png": "image/png",
}

Check = Callable[[], None]
"""Raises once the job is to stop."""


@dataclass
class Moved:
    """How long bytes were on their way, in seconds."""

    download_s: float = 0.0
    upload_s: float = 0.0


class Broker:
    """Answers one child. It knows the tenant, the store and its credentials, none of which the child learns."""

    def __init__(self, machine: Machine, tenant: str, scratch: Path, meter: ProgressMeter, check: Check) -> None:
        self.moved = Moved()
        self._machine = machine
        self._tenant = tenant
        self._scratch = scratch
        self._meter = meter
        self._check = check
        self._numbers = count(1)
        self._sources = RangedObjects(machine.store)
        self._readers: dict[int, RangedObject] = {}
        self._outputs: dict[str, Path] = {}

    def answer(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to a question and the bytes that go with it; what goes wrong is an answer too."""
        try:
            return self._answer(question)
        except Garbled:
            raise
        except Exception as fault:  # noqa: BLE001 - carried over to the child
            return {"error": typed(fault).to_json()}, b""

    def _answer(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        match question:
            case {"ask": "open", "key": str(key)}:
                return self._open(self._source(key)), b""
            case {"ask": "read", "reader": int(reader), "offset": int(offset), "size": int(size)}:
                return {}, self._read(reader, offset, size)
            case {"ask": "close", "reader": int(reader)}:
                self._readers.pop(reader, None)
                return {}, b""
            case {"ask": "fetch", "key": str(key)}:
                return {"path": str(self._fetch(self._source(key)))}, b""
            case {"ask": "publish", "path": str(path), "key": str(key)}:
                self._outputs[output_key(self._tenant, key, self._machine.shared_prefixes)] = self._finished(path)
                return {}, b""
            case _:
                raise Garbled(f"{question!r:.100} is no question")

    def publish(self, passing: Passing) -> list[ObjectInfo]:
        """Move every output to its key. Called when the child is gone, so that nothing can change any more."""
        passing.check()
        total = sum(path.stat().st_size for path in self._outputs.values())
        done = 0
        published: list[ObjectInfo] = []
        for key, path in self._outputs.items():
            self._finished(str(path))

            def on_bytes(moved: int, size: int, before: int = done) -> None:
                self._check()
                if moved < size:
                    # The last bytes may be told when the object is there already.
                    passing.check()
                self._meter.report(before + moved, total, Stage.UPLOADING)

            started = time.monotonic()
            self._check()
            passing.check()
            published.append(publish(self._machine.store, path, key, content_type(key), on_bytes))
            self.moved.upload_s += time.monotonic() - started
            done += published[-1].size
        return published

    def close(self) -> None:
        self._readers.clear()
        self._sources.close()

    def _source(self, key: str) -> str:
        return full_key(self._tenant, key, self._machine.shared_prefixes)

    def _local(self, key: str) -> Path | None:
        store = self._machine.store
        return store.local_path(key) if isinstance(store, HasPaths) else None

    def _open(self, key: str) -> dict[str, Any]:
        if path := self._local(key):
            return {"path": str(path)}
        source = self._sources.open(key)
        number = next(self._numbers)
        self._readers[number] = source
        return {"reader": number, "size": source.info.size}

    def _read(self, number: int, offset: int, size: int) -> bytes:
        source = self._readers.get(number)
        if source is None or offset < 0 or size < 0:
            raise Garbled(f"no reader {number} at {offset}")
        self._check()
        with self._downloading():
            return source.read(offset, min(size, MOST_READ), READY_READ)

    def _fetch(self, key: str) -> Path:
        if path := self._local(key):
            return path
        target = self._scratch / f"source-{next(self._numbers)}{_suffix(key)}"

        def on_bytes(done: int, total: int) -> None:
            self._check()
            self._meter.report(done, total, Stage.DOWNLOADING)

        with self._downloading():
            self._machine.store.download(key, target, on_bytes)
        return target

    def _finished(self, name: str) -> Path:
        """A path that a child named as an output: a plain file of the scratch folder, and no way out of it."""
        path = Path(name)
        try:
            inside = path.parent.resolve(strict=True).is_relative_to(self._scratch)
            plain = stat.S_ISREG(path.lstat().st_mode)
        except OSError as fault:
            raise InternalError(f"an output cannot be published: {path.name}: {fault.strerror}") from fault
        if not (inside and plain):
            raise InternalError(f"an output cannot be published: {path.name} is no plain file of the scratch folder")
        return path

    @contextmanager
    def _downloading(self) -> Generator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.moved.download_s += time.monotonic() - started


def content_type(key: str) -> str:
    """What kind of bytes an output is; videos are MP4 unless the key says otherwise."""
    return _TYPES.get(Path(key).suffix.lower(), MP4)


def _suffix(key: str) -> str:
    suffix = Path(key).suffix
    return suffix if suffix[1:].isalnum() and len(suffix) <= 8 else ""
