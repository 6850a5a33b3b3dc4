"""An HTTP proxy on loopback that does to chosen requests what bad networks and busy services do."""

import http.client
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body_bytes: int

    @property
    def range(self) -> str | None:
        return self.headers.get("range")


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


Fault = Callable[["Handler", Response], None]
"""Sends what the client gets in place of the upstream's answer."""


def answer(status: int, code: str = "Fault", extra: str = "") -> Fault:
    """An error document of S3, in place of the true answer."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>injected</Message>{extra}</Error>".encode()

    def send(handler: "Handler", _response: Response) -> None:
        handler.send(Response(status, [("Content-Type", "application/xml")], body))

    return send


def reset_at(count: int) -> Fault:
    """The connection is reset after so many bytes of the body; -1: before any answer."""

    def send(handler: "Handler", response: Response) -> None:
        if count >= 0:
            handler.send(response, only=count)
            handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return send


def truncate_at(count: int) -> Fault:
    """The connection ends in good order after so many bytes of the promised body."""

    def send(handler: "Handler", response: Response) -> None:
        handler.send(response, only=count)

    return send


def shorten_to(count: int) -> Fault:
    """An answer that looks whole and has too few bytes."""

    def send(handler: "Handler", response: Response) -> None:
        handler.send(Response(response.status, response.headers, response.body[:count]))

    return send


def stall_at(count: int) -> Fault:
    """Silence after so many bytes of the body, until the proxy closes; -1: no answer at all."""

    def send(handler: "Handler", response: Response) -> None:
        if count >= 0:
            handler.send(response, only=count)
            handler.wfile.flush()
        handler.proxy.closing.wait(30)

    return send


@dataclass
class _Plan:
    fault: Fault
    times: int
    applies: Callable[[Request], bool]
    reaches: bool


@dataclass
class FaultyProxy:
    """Passes requests on to ``upstream`` and keeps a record of them; each fault hits the next requests it fits."""

    upstream: str
    endpoint: str = ""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    _plans: list[_Plan] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def inject(
        self, fault: Fault, *, times: int = 1, method: str | None = None, query: str = "", reaches: bool | None = None
    ) -> None:
        """Do this to the next so many requests of this method whose target contains ``query``.

        ``reaches``: the service carries the request out all the same; reads do, writes do not unless told so.
        """

        def applies(request: Request) -> bool:
            return method in {None, request.method} and query in request.path

        self._plans.append(_Plan(fault, times, applies, method in {"GET", "HEAD"} if reaches is None else reaches))

    def count(self, method: str, query: str = "") -> int:
        return sum(request.method == method and query in request.path for request in self.requests)

    def plan_for(self, request: Request) -> _Plan | None:
        with self._lock:
            self.requests.append(request)
            for plan in self._plans:
                if plan.times and plan.applies(request):
                    plan.times -= 1
                    return plan
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def proxy(self) -> FaultyProxy:
        return self.server.proxy  # type: ignore[attr-defined] - _Server holds it

    def send(self, response: Response, only: int | None = None) -> None:
        """Send an answer, or its head and the first bytes of its body."""
        length = str(len(response.body))
        headers = [(name, value) for name, value in response.headers if name.lower() != "content-length"]
        self.pass_on(Response(response.status, [*headers, ("Content-Length", length)], response.body[:only]))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the overridden method
        """Say nothing."""

    def relay(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, len(body))
        plan = self.proxy.plan_for(request)
        if plan is None:
            self.pass_on(self.ask(body))
        else:
            plan.fault(self, self.ask(body) if plan.reaches else Response(200, [], b""))

    def pass_on(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def ask(self, body: bytes) -> Response:
        parts = urlsplit(self.proxy.upstream)
        upstream = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answered = upstream.getresponse()
            dropped = {"connection", "keep-alive", "transfer-encoding"}
            headers = [(name, value) for name, value in answered.getheaders() if name.lower() not in dropped]
            return Response(answered.status, headers, answered.read())
        finally:
            upstream.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = relay  # noqa: N815 - named by the standard library


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: FaultyProxy, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.proxy = proxy
        self.tls = tls

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.proxy.connections += 1
        if self.tls is None:
            return connection, address
        try:
            return self.tls.wrap_socket(connection, server_side=True), address
        except OSError:
            connection.close()
            raise

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


@contextmanager
def faulty_proxy(upstream: str, tls: ssl.SSLContext | None = None) -> Iterator[FaultyProxy]:
    """Run a proxy in front of ``upstream`` for the length of the block."""
    proxy = FaultyProxy(upstream)
    server = _Server(proxy, tls)
    proxy.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    try:
        yield proxy
    finally:
        proxy.closing.set()
        server.shutdown()
        server.server_close()
        serving.join()
