"""Answers that tell of an error, as the error."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

from clipmill.client.calls import Reply
from clipmill.errors import (
    AccessDeniedError,
    BodyTooLargeError,
    ClipmillError,
    ConflictError,
    IncompleteBodyError,
    InternalError,
    InvalidRequestError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    RateLimitedError,
    RequestTimeoutError,
    SourceExpiredError,
    SourceMissingError,
    StorageTimeoutError,
    StorageUnavailableError,
    UnauthorizedError,
    error_from_json,
    every_error,
)
from clipmill.storage.redact import redact

_BY_STATUS: Mapping[int, type[ClipmillError]] = {
    401: UnauthorizedError,
    403: AccessDeniedError,
    400: IncompleteBodyError,
    404: SourceMissingError,
    408: RequestTimeoutError,
    409: ConflictError,
    410: SourceExpiredError,
    412: PreconditionFailedError,
    413: BodyTooLargeError,
    416: RangeNotSatisfiableError,
    429: RateLimitedError,
    500: InternalError,
    501: InternalError,
    502: StorageUnavailableError,
    503: StorageUnavailableError,
    504: StorageTimeoutError,
}
"""Of answers whose code says nothing to us: they may come from a proxy, or from a store."""
_CODES = frozenset(kind.code for kind in every_error())
_MOST_TEXT = 300


def error_of(reply: Reply) -> ClipmillError:
    """The error that an answer tells of.

    Its details hold ``status`` and, where the answer has them, ``request_id``, ``errors`` and ``retry_after_s``.
    """
    told = _told(reply.body)
    details = {name: told[name] for name in ("request_id", "errors") if told.get(name)} | {"status": reply.status}
    if (wait_s := _wait_s(reply.headers.get("retry-after", ""))) is not None:
        details["retry_after_s"] = wait_s
    message = redact(str(told.get("detail") or _words(reply)))
    if told.get("code") in _CODES:
        return error_from_json({"code": told["code"], "error": f"{told['code']}: {message}", "details": details})
    return _BY_STATUS.get(reply.status, InvalidRequestError)(message, details=details)


def is_ours(reply: Reply) -> bool:
    """Whether a clipmill service tells of the error, and nobody on the way to it."""
    return "code" in _told(reply.body)


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _words(reply: Reply) -> str:
    text = " ".join(reply.body[:_MOST_TEXT].decode("utf-8", "replace").split())
    return f"the answer was {reply.status}" + (f": {text}" if text else " without a word of why.")


def _wait_s(text: str) -> float | None:
    """Seconds to wait, from a number or a date."""
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except ValueError:
        return None
