"""Objects: written, read and deleted by their key, streamed between the caller and the store."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor

from clipmill.api.answers import answer, problems
from clipmill.api.conditions import (
    check_preconditions,
    check_write,
    http_date,
    is_conditional,
    is_known,
    range_holds,
    tag_of,
)
from clipmill.api.content_types import type_of
from clipmill.api.desk import Desk, Here
from clipmill.api.incoming import Expected, body_blocks, written
from clipmill.api.outgoing import ObjectAnswer, Opened, opened
from clipmill.api.places import ObjectsReader, ObjectsWriter, readable, writable
from clipmill.api.shapes import Time
from clipmill.api.spans import Span, span_of
from clipmill.api.traffic import OnTheWay
from clipmill.errors import SourceMissingError
from clipmill.storage.incoming import put_blocks, write_over
from clipmill.storage.store import ObjectInfo

router = APIRouter(prefix="/v1", tags=["objects"])


class _AnyText(Convertor[str]):
    """All that follows in a path, line breaks included: a key that has one is refused as a key."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("text", _AnyText())

Key = Annotated[
    str, Path(description="1 to 1024 bytes, parts joined by single '/'", json_schema_extra={"minLength": 1})
]

ANY_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
BYTES_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": ANY_BYTES}}}
_BYTES = {"content": {"*/*": ANY_BYTES}}
_READ = {
    200: {"description": "the object"} | _BYTES,
    206: {"description": "the part of it that was asked for"} | _BYTES,
    304: {"description": "you have it already"},
} | problems(404, 412, 416, 422, 503)
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Vary": "Authorization, X-API-Key",
}
"""What callers store is shown by browsers as it is meant, and never run by them."""


class ObjectView(BaseModel):
    """An object in the store."""

    key: str
    size: int = Field(ge=0)
    etag: str
    modified_at: Time
    content_type: str

    @classmethod
    def of(cls, key: str, info: ObjectInfo) -> "ObjectView":
        modified: datetime = info.modified
        return cls(key=key, size=info.size, etag=tag_of(info), modified_at=modified, content_type=type_of(key))


@router.put(
    "/objects/{key:text}",
    responses=problems(400, 408, 412, 413, 422, 503),
    response_model=ObjectView,
    openapi_extra=BYTES_BODY,
)
async def put_object(request: Request, caller: ObjectsWriter, desk: Here, traffic: OnTheWay, key: Key) -> Response:
    """Write an object, complete or not at all; until it is complete, its key shows the old one.

    With `If-None-Match: *` nothing is written over, with `If-Match` only that version.
    """
    target = writable(desk, caller, key)
    expected = Expected.of(request, desk.service.limits.input_bytes)
    write = await run_in_threadpool(partial(_writer, request, desk, target, expected), key)
    with traffic.uploading(caller.tenant):
        info = await written(body_blocks(request, expected), write, traffic.writing)
    return answer(ObjectView.of(key, info), headers={"ETag": tag_of(info), "Location": f"/v1/objects/{quote(key)}"})


@router.get("/objects/{key:text}", responses=_READ, response_class=Response)
async def get_object(request: Request, caller: ObjectsReader, desk: Here, traffic: OnTheWay, key: Key) -> Response:
    """Read an object, or the part of it that `Range` names."""
    source = await run_in_threadpool(opened, desk.service.store, readable(desk, caller, key))
    try:
        answered = _answer(request, source, key, traffic)
    except BaseException:
        source.close()
        raise
    if not isinstance(answered, ObjectAnswer):
        source.close()
    return answered


@router.head("/objects/{key:text}", responses=_READ, response_class=Response)
def head_object(request: Request, caller: ObjectsReader, desk: Here, key: Key) -> Response:
    """Tell what `GET` would answer, without the bytes."""
    info = desk.service.store.head(readable(desk, caller, key))
    check_preconditions(request.headers, info)
    headers = _headers(key, info)
    if is_known(request.headers, info):
        return Response(status_code=304, headers=headers)
    return Response(headers=headers | {"Content-Length": str(info.size)})


@router.delete("/objects/{key:text}", status_code=204, responses=problems(404, 412, 422, 503), response_class=Response)
def delete_object(request: Request, caller: ObjectsWriter, desk: Here, key: Key) -> Response:
    """Delete an object."""
    target = writable(desk, caller, key)
    check_preconditions(request.headers, desk.service.store.head(target))
    desk.service.store.delete(target)
    return Response(status_code=204)


def _writer(request: Request, desk: Desk, target: str, expected: Expected, key: str) -> Callable[..., ObjectInfo]:
    """What writes the blocks of a body, under the conditions of the call."""
    store, kind = desk.service.store, type_of(key)
    if not is_conditional(request.headers):
        return partial(put_blocks, store, target, content_type=kind, size=expected.exactly)
    try:
        seen = store.head(target)
    except SourceMissingError:
        seen = None
    check_write(request.headers, seen)
    return partial(write_over, store, target, seen, content_type=kind)


def _answer(request: Request, source: Opened, key: str, traffic: OnTheWay) -> Response:
    info = source.info
    check_preconditions(request.headers, info)
    headers = _headers(key, info)
    if is_known(request.headers, info):
        return Response(status_code=304, headers=headers)
    span = span_of(request.headers.get("range"), info.size) if range_holds(request.headers, info) else None
    if span is None:
        return ObjectAnswer(source, Span(0, info.size, info.size), traffic.reading, headers, 200)
    return ObjectAnswer(source, span, traffic.reading, headers | {"Content-Range": span.content_range}, 206)


def _headers(key: str, info: ObjectInfo) -> dict[str, str]:
    told = {"ETag": tag_of(info), "Last-Modified": http_date(info.modified), "Content-Type": type_of(key)}
    return told | {"Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"} | _HARMLESS
