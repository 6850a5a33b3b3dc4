"""Server-Sent Events, from bytes as they come."""

from collections.abc import Iterator
from dataclasses import dataclass

from clipmill.errors import StorageUnavailableError

_MOST_BYTES = 16 << 20
"""Of one event; a result with many warnings is far below it."""


@dataclass(frozen=True)
class Message:
    """``id`` is that of the last event that had one."""

    id: str
    kind: str
    data: str


class MessageReader:
    """Told the bytes of a stream, it yields its messages; comments and what it does not know are left out."""

    def __init__(self) -> None:
        self._rest = b""
        self._id = ""
        self._kind = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete with these bytes."""
        self._size += len(data)
        if self._size > _MOST_BYTES:
            raise StorageUnavailableError(f"an event of the stream is larger than {_MOST_BYTES >> 20} MiB.")
        # A line may end with \r\n; whether a \n follows the last \r is told by the next bytes.
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = self._line(line.removesuffix(b"\r").decode("utf-8", "replace"))
            if message is not None:
                yield message

    def _line(self, line: str) -> Message | None:
        if not line:
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id":
                self._id = value
            case "event":
                self._kind = value
            case "data":
                self._data.append(value)
            case _:
                pass
        return None

    def _complete(self) -> Message | None:
        kind, data = self._kind or "message", self._data
        self._kind, self._data, self._size = "", [], 0
        return Message(self._id, kind, "\n".join(data)) if data else None
