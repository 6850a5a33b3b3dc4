"""The context of a function in a child process: all that leaves the scratch folder is asked of the parent."""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from clipmill.errors import CancelledError, error_from_json
from clipmill.function.context import Context, Media
from clipmill.function.stages import Stage
from clipmill.jobs.channel import Channel
from clipmill.storage.ranged_file import RangedFile

READ_BYTES = 256 * 1024
ANSWERS_KEPT = 8
"""Picture and sound of a source are read in turn, each at its own place: one's answer must not drive out the other's."""

_REPORT_EVERY_S = 0.05
_ORPHANED = 70


class ChildContext(Context):
    """Scratch space here; objects, progress and the end of the job at the parent."""

    def __init__(self, channel: Channel, scratch: Path, threads: int) -> None:
        self.threads = threads
        self._channel = channel
        self._scratch = scratch
        self._asking = threading.Lock()
        self._numbers = count(1)
        self._fetched: dict[str, Path] = {}
        self._reported: tuple[Stage | None, float] = (None, 0.0)
        self._stopping = False

    def stop(self) -> None:
        """Make the next report raise."""
        self._stopping = True

    def open(self, key: str) -> Media:
        answer, _ = self.ask({"ask": "open", "key": key})
        if "path" in answer:
            return Path(answer["path"])
        return BrokeredFile(self.ask, key, answer["reader"], answer["size"], answer["etag"])

    def fetch(self, key: str) -> Path:
        if key not in self._fetched:
            answer, _ = self.ask({"ask": "fetch", "key": key})
            self._fetched[key] = Path(answer["path"])
        return self._fetched[key]

    def new_file(self, name: str) -> Path:
        return self._scratch / f"{next(self._numbers)}-{Path(name).name[-100:]}"

    def publish(self, path: Path, key: str) -> None:
        """Name a finished file as an output; the parent moves it once the function has returned."""
        self.ask({"ask": "publish", "path": str(path), "key": key})

    def shared_prefixes(self) -> tuple[str, ...]:
        _, data = self.ask({"ask": "shared_prefixes"})
        return tuple(json.loads(data))

    def names(self, prefix: str) -> list[str]:
        _, data = self.ask({"ask": "names", "prefix": prefix})
        return json.loads(data)

    def mark(self, key: str) -> None:
        self.ask({"ask": "mark", "key": key})

    def retire(self, key: str) -> None:
        """Name an object that is in the way; the parent deletes it once every output is there."""
        self.ask({"ask": "retire", "key": key})

    def report(self, done: int, total: int, stage: Stage) -> None:
        if self._stopping:
            raise CancelledError("the job was asked to stop.")
        last_stage, at = self._reported
        now = time.monotonic()
        if stage is last_stage and done < total and now - at < _REPORT_EVERY_S:
            return
        self._reported = (stage, now)
        self._tell({"say": "progress", "done": done, "total": total, "stage": stage.value})

    def ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Put a question to the parent and wait for the answer, or raise the error that it is."""
        with self._asking:
            self._tell(question)
            answer = self._channel.receive()
            if answer is None:
                os._exit(_ORPHANED)
            data = self._channel.receive_bytes(answer)
        if "error" in answer:
            raise error_from_json(answer["error"])
        return answer, data

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._channel.send(message)
        except OSError:
            os._exit(_ORPHANED)


Ask = Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]


class BrokeredFile(RangedFile):
    """An object whose bytes the parent reads for us, range by range; the last few ranges are kept."""

    def __init__(self, ask: Ask, key: str, reader: int, size: int, etag: str = "") -> None:
        super().__init__(key, size)
        self.etag = etag
        self._ask = ask
        self._reader = reader
        self._answers = deque[tuple[int, bytes]](maxlen=ANSWERS_KEPT)

    def piece(self, position: int, wanted: int) -> memoryview:
        for start, data in self._answers:
            if start <= position < start + len(data):
                return memoryview(data)[position - start :]
        _, data = self._ask(
            {"ask": "read", "reader": self._reader, "offset": position, "size": min(wanted, READ_BYTES)}
        )
        self._answers.append((position, data))
        return memoryview(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._ask({"ask": "close", "reader": self._reader})
