"""Calls to an app without a socket, from tests that do not wait for themselves."""

from functools import partial
from types import TracebackType
from typing import Any, Self

from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

HERE = "http://127.0.0.1"


class Caller:
    """All calls share one event loop, as those of a server do; threads may call at the same time."""

    def __init__(self, app: FastAPI, address: str = "127.0.0.1", base_url: str = HERE) -> None:
        self.headers: dict[str, str] = {}
        transport = ASGITransport(app, raise_app_exceptions=False, client=(address, 50000))
        self._client = AsyncClient(transport=transport, base_url=base_url)
        self._portals = start_blocking_portal()
        self._portal = self._portals.__enter__()

    def request(self, method: str, path: str, **how: Any) -> Response:
        headers = self.headers | how.pop("headers", {})
        return self._portal.call(partial(self._client.request, method, path, headers=headers, **how))

    def get(self, path: str, **how: Any) -> Response:
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> Response:
        return self.request("POST", path, **how)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._portal.call(self._client.aclose)
        self._portals.__exit__(kind, fault, trace)
