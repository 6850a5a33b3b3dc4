"""Errors as `application/problem+json` (RFC 9457): what each code means in HTTP, and where the fault lies."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState

from clipmill.api.visit import visit_of
from clipmill.errors import ClipmillError, InvalidRequestError
from clipmill.jobs.outcome import without_secrets

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[str, int] = {
    "invalid_request": 422,
    "unknown_job_type": 422,
    "invalid_rate": 422,
    "invalid_keyframe": 422,
    "invalid_segments": 422,
    "empty_range": 422,
    "invalid_size": 422,
    "unknown_effect": 422,
    "invalid_region": 422,
    "invalid_layer": 422,
    "unknown_transition": 422,
    "transition_too_long": 422,
    "no_clips": 422,
    "invalid_annotation": 422,
    "unknown_sequence": 422,
    "invalid_key": 422,
    "invalid_media": 422,
    "unsupported_codec": 422,
    "corrupt_media": 422,
    "model_missing": 422,
    "encoder_unavailable": 422,
    "limit_exceeded": 413,
    "body_too_large": 413,
    "too_many_jobs": 429,
    "too_many_watchers": 429,
    "unauthorized": 401,
    "access_denied": 403,
    "source_missing": 404,
    "source_expired": 410,
    "conflict": 409,
    "cancelled": 409,
    "timeout": 504,
    "stalled": 504,
    "storage_unavailable": 503,
    "storage_timeout": 504,
    "rate_limited": 429,
    "untrusted_certificate": 502,
    "storage_write_failed": 503,
    "worker_lost": 503,
    "out_of_memory": 507,
    "disk_full": 507,
    "encoder_failed": 500,
    "decoder_failed": 500,
    "internal": 500,
}

_WORDS = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}
"""The codes of what is wrong before any of our code is asked."""
_WAIT_S = {"too_many_jobs": 5, "too_many_watchers": 5, "rate_limited": 1, "storage_unavailable": 5}


class FaultAt(BaseModel):
    """Where a fault lies: ``pointer`` is a JSON pointer into the body, ``parameter`` the name of another input."""

    pointer: str | None = None
    parameter: str | None = None
    detail: str


class Problem(BaseModel):
    """What went wrong with a call, and whether the same call may go well later."""

    type: str = Field(description="urn:clipmill:problem: and the code")
    title: str
    status: int
    detail: str = Field(description="what, where, expected and got, and the next step")
    code: str
    retryable: bool
    request_id: str
    errors: list[FaultAt] = []


def status_of(error: ClipmillError) -> int:
    """The HTTP status of an error.

    >>> from clipmill.errors import ConflictError
    >>> status_of(ConflictError("job_1 had another request"))
    409
    """
    return STATUSES[error.code]


def pointer(parts: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901).

    >>> pointer(["request", "clips", 0, "a/b"])
    '/request/clips/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def in_body(error: ClipmillError, *place: str) -> ClipmillError:
    """The same error, which lies at this place of the body or at the field below it that its details name."""
    field = error.details.get("field")
    below = [*place, *str(field).split(".")] if field else place
    at = {"pointer": pointer(below), "detail": error.message}
    return type(error)(error.message, details={**error.details, "errors": [at]})


def invalid(faults: Sequence[Mapping[str, Any]]) -> InvalidRequestError:
    """One error of everything that pydantic found in an input."""
    errors = [_fault_at(fault) for fault in faults]
    first = errors[0]
    message = f"{first.pointer or first.parameter or 'body'}: {first.detail}. Correct it and send it again."
    return InvalidRequestError(message, details={"errors": [each.model_dump() for each in errors]})


def problem_of(connection: HTTPConnection, error: ClipmillError) -> Response:
    """The answer that tells of an error; secrets are left out."""
    headers: dict[str, str] = {}
    status = status_of(error)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="clipmill"'
    if status == HTTPStatus.CONTENT_TOO_LARGE:
        headers["Connection"] = "close"
    if wait_s := error.details.get("retry_after_s") or _WAIT_S.get(error.code):
        headers["Retry-After"] = str(wait_s)
    faults = [FaultAt(**each) for each in error.details.get("errors", [])]
    return _answer(connection, Told(status, error.code, error.message, error.retryable), headers, faults)


class Told(tuple[int, str, str, bool]):
    """Status, code, what happened, and whether the same call may go well later."""

    __slots__ = ()

    def __new__(cls, status: int, code: str, detail: str, retryable: bool) -> "Told":
        return super().__new__(cls, (status, code, detail, retryable))
