"""Errors as `application/problem+json` (RFC 9457): what happened, where in the input, and what to do next."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

from clipmill.api.journal import without_keys
from clipmill.api.statuses import status_of
from clipmill.api.visit import visit_of
from clipmill.errors import ClipmillError, InternalError, InvalidRequestError, NotFoundError

MEDIA_TYPE = "application/problem+json"

_CODES = {404: NotFoundError.code, 405: "method_not_allowed", 415: "unsupported_media_type"}
"""Of what is wrong before any of our code is asked."""
_WAITS_S = {"too_many_jobs": 5, "too_many_watchers": 5, "rate_limited": 1, "storage_unavailable": 5}


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


def pointer(parts: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901).

    >>> pointer(["request", "clips", 0, "a/b"])
    '/request/clips/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def in_body(error: ClipmillError, *place: str) -> ClipmillError:
    """The same error, said to lie at this place of the body, or at the field below it that its details name."""
    field = error.details.get("field")
    below = [*place, *str(field).split(".")] if field else place
    at = FaultAt(pointer=pointer(below), detail=error.message)
    return type(error)(error.message, details=error.details | {"errors": [at.model_dump()]})


def invalid(faults: Sequence[Mapping[str, Any]]) -> InvalidRequestError:
    """One error of everything that pydantic found in an input."""
    errors = [_fault_at(fault) for fault in faults]
    where = errors[0].pointer or errors[0].parameter or "body"
    message = f"{where}: {errors[0].detail}. Correct it and send it again."
    return InvalidRequestError(message, details={"errors": [each.model_dump() for each in errors]})


def problem_of(connection: HTTPConnection, error: ClipmillError) -> Response:
    """The answer that tells of an error; secrets are left out."""
    headers: dict[str, str] = {}
    status = status_of(error)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="clipmill"'
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers["Connection"] = "close"
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        headers["Content-Range"] = f"bytes */{error.details['size']}"
    if wait_s := error.details.get("retry_after_s", _WAITS_S.get(error.code)):
        headers["Retry-After"] = str(wait_s)
    faults = [FaultAt(**each) for each in error.details.get("errors", [])]
    told = _told(connection, error.code, status, error.message)
    return _answer(told.model_copy(update={"retryable": error.retryable, "errors": faults}), headers)


def install(app: FastAPI) -> None:
    """Let every error of the app be told as a problem."""
    app.add_exception_handler(ClipmillError, _on_ours)
    app.add_exception_handler(RequestValidationError, _on_input)
    app.add_exception_handler(WebSocketRequestValidationError, _on_input)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_ours(connection: HTTPConnection, fault: Exception) -> Any:
    assert isinstance(fault, ClipmillError)
    answer = problem_of(connection, fault)
    if isinstance(connection, WebSocket):
        return await connection.send_denial_response(answer)
    return answer


async def _on_input(connection: HTTPConnection, fault: Exception) -> Any:
    assert isinstance(fault, RequestValidationError | WebSocketRequestValidationError)
    return await _on_ours(connection, invalid(fault.errors()))


async def _on_http(connection: HTTPConnection, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    code = _CODES.get(fault.status_code, "invalid_request" if fault.status_code < 500 else InternalError.code)
    return _answer(_told(connection, code, fault.status_code, str(fault.detail)), dict(fault.headers or {}))


def _told(connection: HTTPConnection, code: str, status: int, detail: str) -> Problem:
    visit = visit_of(connection)
    visit.code = code
    return Problem(
        type=f"urn:clipmill:problem:{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        retryable=False,
        request_id=visit.request_id,
    )


def _answer(problem: Problem, headers: Mapping[str, str]) -> Response:
    clean = Problem.model_validate(without_keys(problem.model_dump()))
    # Text of a caller may hold halves of characters, which only escapes can spell.
    content = clean.model_dump_json(exclude_none=True, ensure_ascii=True)
    return Response(content, problem.status, dict(headers), MEDIA_TYPE)


def _fault_at(fault: Mapping[str, Any]) -> FaultAt:
    place, *rest = fault["loc"] or ("body",)
    detail = str(fault["msg"])
    if place == "body":
        return FaultAt(pointer=pointer(rest), detail=detail)
    return FaultAt(parameter=str(rest[0]) if rest else str(place), detail=detail)
