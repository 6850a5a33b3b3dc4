"""Forms with files (``multipart/form-data``, RFC 7578), part by part as they arrive; no part is kept on the way."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

from clipmill.api.incoming import pieces_of
from clipmill.errors import InvalidRequestError

MOST_PARTS = 1000


@dataclass(frozen=True)
class FormPart:
    """A field, or a file if there is a ``file_name``. Read ``pieces`` before you go on to the next part."""

    name: str
    file_name: str | None
    pieces: AsyncIterator[bytes]


class _Begin(dict[bytes, bytes]):
    """The headers of a part, which follows."""


_END = object()


async def form_parts(request: Request) -> AsyncIterator[FormPart]:
    """The parts in their order."""
    events = _events(request, _boundary(request))
    count = 0
    async for event in events:
        if not isinstance(event, _Begin):
            continue
        count += 1
        if count > MOST_PARTS:
            raise InvalidRequestError(f"the form has more than {MOST_PARTS} parts. Send fewer.")
        _, options = parse_options_header(event.get(b"content-disposition"))
        name, file_name = options.get(b"name"), options.get(b"filename")
        if name is None:
            raise InvalidRequestError("a part of the form has no name. Give each a Content-Disposition with a name.")
        pieces = _until_end(events)
        yield FormPart(name.decode(errors="replace"), file_name.decode(errors="replace") if file_name else None, pieces)
        async for _ in pieces:
            pass


async def _until_end(events: AsyncIterator[object]) -> AsyncIterator[bytes]:
    async for event in events:
        if event is _END:
            return
        if isinstance(event, bytes):
            yield event


async def _events(request: Request, boundary: bytes) -> AsyncIterator[object]:
    reader = _Reader(boundary)
    async for piece in pieces_of(request):
        for event in reader.feed(piece):
            yield event
    if not reader.ended:
        raise InvalidRequestError("the form ends before its last boundary. Send all of it.")


class _Reader:
    """Turns what the parser calls back with into a list of events for each piece."""

    def __init__(self, boundary: bytes) -> None:
        self.ended = False
        self._events: list[object] = []
        self._headers = _Begin()
        self._field = b""
        self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": lambda: self._events.append(self._headers),
                "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
                "on_part_end": lambda: self._events.append(_END),
                "on_end": self._on_end,
            },
        )

    def feed(self, piece: bytes) -> list[object]:
        self._events = []
        try:
            self._parser.write(piece)
        except FormParserError as fault:
            raise InvalidRequestError(f"the form cannot be read: {fault}. Send multipart/form-data.") from None
        return self._events

    def _on_part(self) -> None:
        self._headers = _Begin()

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_end(self) -> None:
        self.ended = True


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data":
        raise HTTPException(415, f"expected a body of multipart/form-data, got {kind.decode(errors='replace')!r:.100}.")
    if not 1 <= len(boundary) <= 200:
        raise InvalidRequestError("the Content-Type of the form names no boundary of 1 to 200 bytes. Name it there.")
    return boundary
