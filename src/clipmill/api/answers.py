"""JSON answers with a tag, so that a caller who has one already is told so in a few bytes."""

import hashlib
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from clipmill.api.problems import MEDIA_TYPE, Problem


def answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The model as JSON; nothing is kept of it on the way."""
    content = model.model_dump_json(ensure_ascii=True)
    return Response(content, status, {"Cache-Control": "no-store"} | dict(headers or {}), "application/json")


def tagged(request: Request, model: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    """The model as JSON with its ETag, or 304 when the caller holds that very one."""
    content = model.model_dump_json(ensure_ascii=True).encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    told = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, X-API-Key"} | dict(headers or {})
    held = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if held & {tag, "*"}:
        return Response(status_code=304, headers=told)
    return Response(content, headers=told, media_type="application/json")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI tells of the errors of a route."""
    usual = (401, 403, 429, *statuses)
    return {status: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": _WORDS[status]} for status in usual}


_WORDS = {
    400: "the body is not what was announced",
    401: "no API key, or none that is good",
    403: "the key is not good for this",
    404: "there is no such thing, or it is not yours",
    408: "the body did not come",
    409: "the state of things forbids it",
    410: "it was here, and its time is over",
    412: "it is another version now",
    413: "too large",
    415: "not of the kind that is taken here",
    416: "no such bytes",
    422: "the input is wrong; `errors` says where",
    429: "too much at once; `Retry-After` says when to ask again",
    503: "what the service stands on does not answer",
    504: "it took too long",
}
