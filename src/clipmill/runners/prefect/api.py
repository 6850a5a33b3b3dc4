"""The HTTP interface of a Prefect server, as far as it is used here: what is asked, and what its refusals mean."""

import base64
import json
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from clipmill.errors import (
    BodyTooLargeError,
    ConflictError,
    InvalidRequestError,
    StorageUnavailableError,
    UnauthorizedError,
)
from clipmill.settings import PrefectSettings
from clipmill.storage.redact import redact

WITHIN_S = 30.0
_BUSY_S = (0.2, 0.5, 1.0, 2.0)


class Api:
    """One server; any thread may use it."""

    def __init__(self, prefect: PrefectSettings) -> None:
        self._url = prefect.url
        self._http = httpx.Client(headers=_credentials(prefect), timeout=WITHIN_S)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | Sequence[Any] | None = None) -> Any:
        """The JSON of an answer; None if the server knows no such thing, ``{}`` if it has nothing to say."""
        content = None if body is None else json.dumps(body).encode()
        with self._faults_told():
            reply = self._answered(method, path, content)
            told = reply.json() if reply.is_success and reply.content else {}
        if reply.status_code == HTTPStatus.NOT_FOUND:
            return None
        _check(reply)
        return told

    def now(self) -> datetime:
        """What time it is by the server, with its seconds cut off at the point."""
        with self._faults_told():
            return parsedate_to_datetime(self._answered("GET", "/health", None).headers.get("Date", ""))

    def _answered(self, method: str, path: str, content: bytes | None) -> httpx.Response:
        """An answer; a server whose database is busy says 503 and has done nothing, so it is asked again."""
        for pause_s in (*_BUSY_S, None):
            reply = self._http.request(method, self._url + path, content=content, headers=_JSON)
            if reply.status_code != HTTPStatus.SERVICE_UNAVAILABLE or pause_s is None:
                return reply
            time.sleep(pause_s)
        raise AssertionError("the last pause is none")

    def close(self) -> None:
        self._http.close()

    @contextmanager
    def _faults_told(self) -> Generator[None]:
        try:
            yield
        except (httpx.HTTPError, ValueError) as fault:
            raise StorageUnavailableError(
                f"the Prefect server at {redact(self._url)} did not answer: {type(fault).__name__}. Try again later."
            ) from None


_JSON = {"Content-Type": "application/json"}


def _credentials(prefect: PrefectSettings) -> dict[str, str]:
    if prefect.key:
        return {"Authorization": f"Bearer {prefect.key}"}
    if prefect.auth:
        return {"Authorization": f"Basic {base64.b64encode(prefect.auth.encode()).decode()}"}
    return {}


def _check(reply: httpx.Response) -> None:
    if reply.is_success:
        return
    status = reply.status_code
    said = redact(reply.text)[:300]
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise UnauthorizedError(
            f"the Prefect server answered {status}. Check PREFECT_API_AUTH_STRING, or PREFECT_API_KEY."
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or "parameters size" in said.lower():
        raise BodyTooLargeError(
            "the Prefect server found the job too large. Raise PREFECT_SERVER_API_MAX_PARAMETER_SIZE there."
        )
    if status == HTTPStatus.CONFLICT:
        raise ConflictError(f"the Prefect server has something of that name already: {said}")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise StorageUnavailableError(f"the Prefect server answered {status}. Try again later.")
    raise InvalidRequestError(f"the Prefect server answered {status}: {said}")
