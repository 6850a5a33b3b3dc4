"""The app behind a socket, until a signal ends it."""

import ipaddress
from collections.abc import Callable
from socket import socket
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI

from clipmill.api.desk import Desk
from clipmill.api.listening import Listening
from clipmill.errors import AccessDeniedError

_GRACE_S = 5
_KEEP_ALIVE_S = 30
_LONGEST_MESSAGE = 64 * 1024


def serve(app: FastAPI, listening: Listening, on_bound: Callable[[str, int], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``on_bound`` is told host and port once callers are let in."""
    desk = cast("Desk", app.state.desk)
    host = listening.host
    if not _is_loopback(host) and not desk.service.ledger.keys.any():
        raise AccessDeniedError(
            f"no API key is configured, so {host} would let anybody in. Make one with `clipmill keys`, or serve on 127.0.0.1."
        )
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=_LONGEST_MESSAGE,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    _Server(config, desk, lambda: on_bound(*listening.place)).run(listening.sockets)


class _Server(uvicorn.Server):
    """Lets those who watch jobs go first: their connections would never end by themselves."""

    def __init__(self, config: uvicorn.Config, desk: Desk, on_bound: Callable[[], None]) -> None:
        super().__init__(config)
        self._desk = desk
        self._on_bound = on_bound

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_bound()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._desk.hub.close()
        super().handle_exit(sig, frame)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
