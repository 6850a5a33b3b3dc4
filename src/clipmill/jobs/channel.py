"""A wire between two processes: one JSON object a line, some followed by the raw bytes they announce."""

import io
import json
import threading
from typing import Any

LONGEST_LINE = 32 * 1024 * 1024


class Garbled(Exception):  # noqa: N818 - never leaves jobs; told as a lost worker
    """What arrived is no message."""


class Channel:
    """One end of a socket pair, by its descriptor. Any thread may send; one thread at a time receives."""

    def __init__(self, descriptor: int) -> None:
        self._raw = io.FileIO(descriptor, "r+")
        self._reader = io.BufferedReader(self._raw, 65536)
        self._sending = threading.Lock()

    def send(self, message: dict[str, Any], payload: bytes = b"") -> None:
        """Send a message whole, or fail with `OSError` once nobody listens any more."""
        announced = message | {"bytes": len(payload)} if payload else message
        line = json.dumps(announced, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self._sending:
            rest = memoryview(line + payload)
            while rest:
                rest = rest[self._raw.write(rest) or 0 :]

    def receive(self) -> dict[str, Any] | None:
        """The next message; None once the other end is gone."""
        line = self._reader.readline(LONGEST_LINE)
        if not line:
            return None
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as fault:
            raise Garbled(f"{line[:80]!r} is no message") from fault
        if not isinstance(message, dict):
            raise Garbled(f"{line[:80]!r} is no message")
        return message

    def receive_bytes(self, message: dict[str, Any]) -> bytes:
        """The raw bytes that a message just received announced."""
        size = int(message.get("bytes", 0))
        data = self._reader.read(size) if size else b""
        if len(data) != size:
            raise Garbled(f"{len(data)} bytes came where {size} were announced")
        return data

    def close(self) -> None:
        self._reader.close()
