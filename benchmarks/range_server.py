"""A bucket on loopback whose objects are files of a folder: counts what is asked of it, and lets each answer wait."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}


@dataclass
class RangeServer:
    """Serves ``folder`` as the bucket ``bench``; the counts are of ranges read, ``most_at_once`` of them together."""

    folder: Path
    latency_s: float = 0.0
    url: str = ""
    requests: int = 0
    bytes_sent: int = 0
    most_at_once: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        self.requests = self.bytes_sent = self.most_at_once = 0

    @contextmanager
    def counted(self, length: int) -> Iterator[None]:
        with self._lock:
            self.requests += 1
            self.bytes_sent += length
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_HEAD(self) -> None:
        path = self._path()
        if not path.is_file():
            self._answer(404, 0)
            return
        time.sleep(self.server.bucket.latency_s)
        self._answer(200, path.stat().st_size, path)

    def do_GET(self) -> None:
        path = self._path()
        if not path.is_file():
            self._answer(404, 0)
            return
        size = path.stat().st_size
        first, last = self.headers.get("Range", f"bytes=0-{size - 1}").removeprefix("bytes=").split("-")
        start, end = int(first), min(int(last) + 1, size)
        with self.server.bucket.counted(end - start), path.open("rb") as file:
            time.sleep(self.server.bucket.latency_s)
            self._answer(206, end - start, path, f"bytes {start}-{end - 1}/{size}")
            while start < end:
                start += os.sendfile(self.connection.fileno(), file.fileno(), start, end - start)

    def do_PUT(self) -> None:
        path = self._path()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(200, 0, path)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _path(self) -> Path:
        return self.server.bucket.folder / self.path.partition("?")[0].lstrip("/").partition("/")[2]

    def _answer(self, status: int, length: int, path: Path | None = None, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if path is not None:
            self.send_header("ETag", f'"{path.stat().st_mtime_ns:x}"')
            self.send_header("Last-Modified", formatdate(path.stat().st_mtime, usegmt=True))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        self.wfile.flush()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, bucket: RangeServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bucket = bucket

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up has its reasons."""


@contextmanager
def range_server(folder: Path) -> Iterator[RangeServer]:
    """Run the server for the length of the block; its ``url`` opens the bucket, with `CREDENTIALS`."""
    bucket = RangeServer(folder)
    server = _Server(bucket)
    bucket.url = f"s3://bench?endpoint=http%3A%2F%2F127.0.0.1%3A{server.server_port}&region=us-east-1"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
