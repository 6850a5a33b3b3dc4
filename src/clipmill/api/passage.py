"""What surrounds every call: an id, a line in the log, a place in the meters, and an answer whatever happens."""

import re
import secrets
import time
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clipmill.api.journal import LOG
from clipmill.api.meters import Meters
from clipmill.api.problems import problem_of
from clipmill.api.visit import Visit
from clipmill.errors import InternalError

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BEGINS = frozenset({"http.response.start", "websocket.http.response.start", "websocket.accept"})
_SWITCHED = 101
_LEFT = 499
"""The caller went before there was an answer."""


class Passage:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        visit = Visit(_request_id(Headers(scope=scope)))
        scope.setdefault("state", {})["visit"] = visit
        begun = time.perf_counter()

        async def tell(message: Message) -> None:
            if message["type"] in _BEGINS:
                visit.status = message.get("status", _SWITCHED)
                MutableHeaders(scope=message).append("X-Request-ID", visit.request_id)
            await send(message)

        try:
            await self._answered(scope, receive, tell, visit)
        finally:
            self._note(scope, visit, time.perf_counter() - begun)

    async def _answered(self, scope: Scope, receive: Receive, tell: Send, visit: Visit) -> None:
        try:
            await self._app(scope, receive, tell)
        except Exception:  # noqa: BLE001 - the last place where a fault can be told without its secrets
            LOG.exception("a call failed", extra={"fields": {"request_id": visit.request_id}})
            if visit.status is None and scope["type"] == "http":
                unknown = InternalError(
                    "something went wrong on our side. Tell the request id to who runs this service."
                )
                await problem_of(Request(scope), unknown)(scope, receive, tell)

    def _note(self, scope: Scope, visit: Visit, seconds: float) -> None:
        route = route_of(scope)
        status = visit.status or _LEFT
        self._meters.answered(str(scope.get("method", "WS")), route, status, seconds)
        told = {"request_id": visit.request_id, "method": scope.get("method", "WS"), "route": route, "status": status}
        told |= {"ms": round(seconds * 1000, 1), "tenant": visit.tenant, "key": visit.key_id, "job_id": visit.job_id}
        LOG.info("answered", extra={"fields": _known(told | {"code": visit.code})})


def route_of(scope: Scope) -> str:
    """The route with its names in place of what callers put there, so that neither ids nor keys of objects are told."""
    return str(getattr(scope.get("route"), "path", "none"))


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"


def _known(told: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if value is not None}
