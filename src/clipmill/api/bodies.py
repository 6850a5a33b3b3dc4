"""JSON bodies, read within bounds and checked strictly."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from clipmill.api.desk import Here
from clipmill.api.problems import in_body, invalid
from clipmill.errors import BodyTooLargeError, InvalidRequestError
from clipmill.function.strict_json import read_object

ModelT = TypeVar("ModelT", bound=BaseModel)


def body_of(model: type[ModelT]) -> Callable[[Request, Here], Awaitable[ModelT]]:
    """A dependency that reads the body as this model. Put it behind the one that asks who calls."""

    async def read(request: Request, desk: Here) -> ModelT:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise HTTPException(415, f"expected a body of application/json, got {kind or 'no type'!r:.100}.")
        data = await read_bytes(request, desk.service.limits.body_bytes)
        return await run_in_threadpool(_parsed, model, data)

    return read


async def read_bytes(request: Request, most: int) -> bytes:
    """The body of a call; the first byte too many ends the reading."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > most:
            raise _too_large(most)
    return bytes(data)


def described(model: type[BaseModel]) -> dict[str, object]:
    """How OpenAPI tells of a body that `body_of` reads."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _parsed(model: type[ModelT], data: bytes) -> ModelT:
    try:
        return model.model_validate(read_object(data, "body"))
    except InvalidRequestError as fault:
        raise in_body(fault) from None
    except ValidationError as fault:
        found = fault.errors(include_url=False, include_input=False)
        raise invalid([{"loc": ("body", *each["loc"]), "msg": each["msg"]} for each in found]) from None


def _too_large(most: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the body of a call is at most {most:,} bytes. Send files as uploads, split the rest.")
