"""What a child may ask of its parent: bytes and names of the tenant's objects, and outputs to be published in the end."""

import json
import stat
import time
from collections.abc import Generator
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
from clipmill.jobs.publication import Check, Publication
from clipmill.storage.keys import full_key, output_key
from clipmill.storage.ranged_object import RangedObject, RangedObjects
from clipmill.storage.store import HasPaths, ObjectInfo

MOST_READ = 4 * 1024 * 1024
READY_READ = 256 * 1024
"""A child that asks for less is given as much where it lies ready: it saves the next questions."""


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
        self._retired: set[str] = set()

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
            case {"ask": "names" | "shared_prefixes"}:
                return {}, json.dumps(self._listed(question)).encode()
            case _:
                self._note(question)
                return {}, b""

    def _listed(self, question: dict[str, Any]) -> list[str]:
        match question:
            case {"ask": "shared_prefixes"}:
                return list(self._machine.shared_prefixes)
            case {"prefix": str(prefix)}:
                return self._names(prefix.rstrip("/"))
            case _:
                raise _no_question(question)

    def _note(self, question: dict[str, Any]) -> None:
        match question:
            case {"ask": "publish", "path": str(path), "key": str(key)}:
                self._outputs[self._target(key)] = self._finished(path)
            case {"ask": "mark", "key": str(key)}:
                self._mark(self._target(key))
            case {"ask": "retire", "key": str(key)}:
                self._retired.add(self._target(key))
            case _:
                raise _no_question(question)

    def publish(self, passing: Passing) -> list[ObjectInfo]:
        """Move every output to its key, then delete what was retired.

        Called when the child is gone, so that nothing can change any more.
        """
        passing.check()
        for path in self._outputs.values():
            self._finished(str(path))
        started = time.monotonic()
        try:
            publication = Publication(self._machine.store, self._meter, self._check, passing)
            return publication.carried_out(self._outputs, self._retired - self._outputs.keys())
        finally:
            self.moved.upload_s += time.monotonic() - started

    def close(self) -> None:
        self._readers.clear()
        self._sources.close()

    def _source(self, key: str) -> str:
        return full_key(self._tenant, key, self._machine.shared_prefixes)

    def _target(self, key: str) -> str:
        return output_key(self._tenant, key, self._machine.shared_prefixes)

    def _names(self, folder: str) -> list[str]:
        full = self._target(folder)
        names: list[str] = []
        for found in self._machine.store.list(full):
            self._check()
            names.append(folder + found.key[len(full) :])
        return sorted(names)

    def _mark(self, key: str) -> None:
        self._check()
        self._machine.store.put_bytes(key, b"")

    def _local(self, key: str) -> Path | None:
        store = self._machine.store
        return store.local_path(key) if isinstance(store, HasPaths) else None

    def _open(self, key: str) -> dict[str, Any]:
        if path := self._local(key):
            return {"path": str(path)}
        source = self._sources.open(key)
        number = next(self._numbers)
        self._readers[number] = source
        return {"reader": number, "size": source.info.size, "etag": source.info.etag or ""}

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


def _no_question(question: dict[str, Any]) -> Garbled:
    return Garbled(f"{question!r:.100} is no question")


def _suffix(key: str) -> str:
    suffix = Path(key).suffix
    return suffix if suffix[1:].isalnum() and len(suffix) <= 8 else ""
