"""Web servers on this machine that write down who connects to them and what they are sent."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, Self


@dataclass(frozen=True)
class Got:
    path: str
    headers: Mapping[str, str]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    server: "Receiver"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.next_answer()
        self.server.got.put(Got(self.path, headers, body))
        try:
            answer(self) if callable(answer) else plain(self, answer)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the library
        pass


Answer = int | Callable[[Handler], None]


class Receiver(ThreadingHTTPServer):
    """Gives its answers one after another, the last one for ever."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *answers: Answer, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)
        self.got: Queue[Got] = Queue()
        self.connections = 0
        self.over = threading.Event()
        self._answers = list(answers) or [204]
        self._tls = tls
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def get_request(self) -> Any:
        connection, address = super().get_request()
        self.connections += 1
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                raise
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that breaks off is nothing to tell of."""

    def next_answer(self) -> Answer:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def next(self) -> Got:
        return self.got.get(timeout=20)


def plain(handler: Handler, status: int) -> None:
    handler.send_response(status)
    handler.send_header("content-length", "0")
    handler.end_headers()


def hang(handler: Handler) -> None:
    """Never answer."""
    handler.server.over.wait(60)


def drip_header(handler: Handler) -> None:
    """A header without end, a letter at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"a")


def drip_body(handler: Handler) -> None:
    """A body without end, a letter at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"a")


def flood(handler: Handler) -> None:
    """A body without end, as fast as it is taken."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while not handler.server.over.is_set():
        handler.wfile.write(b"1000\r\n" + b"a" * 4096 + b"\r\n")


def break_off(handler: Handler) -> None:
    """Close in the middle of the headers."""
    handler.wfile.write(b"HTTP/1.1 200")
    handler.close_connection = True


def redirect_to(url: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(307)
        handler.send_header("location", url)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return answer
