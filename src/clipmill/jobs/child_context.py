"""The context of a function in a child process: all that leaves the scratch folder is asked of the parent."""

import io
import os
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from clipmill.errors import CancelledError, error_from_json
from clipmill.function.context import Context, Media
from clipmill.function.stages import Stage
from clipmill.jobs.channel import Channel

READ_BYTES = 256 * 1024
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
        return io.BufferedReader(BrokeredFile(self.ask, answer["reader"], answer["size"]), READ_BYTES)

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


class BrokeredFile(io.RawIOBase):
    """An object whose bytes the parent reads for us, range by range."""

    def __init__(self, ask: Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]], reader: int, size: int) -> None:
        super().__init__()
        self._ask = ask
        self._reader = reader
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError(f"no position {origin + offset}: an object begins at 0")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - any writable buffer
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), self._size - self._position)
        if wanted <= 0:
            return 0
        question = {"ask": "read", "reader": self._reader, "offset": self._position, "size": wanted}
        _, data = self._ask(question)
        target[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._ask({"ask": "close", "reader": self._reader})
