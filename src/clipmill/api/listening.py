"""The sockets of the service: taken before anything else is begun, so that a port in use costs nothing but a word."""

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from clipmill.errors import StorageUnavailableError

_WAITING = 2048


@dataclass(frozen=True)
class Listening:
    """Callers that come already are kept waiting until they are let in."""

    host: str
    sockets: list[socket.socket]

    @classmethod
    def at(cls, host: str, port: int) -> Self:
        """Listen on every address that the host stands for; port 0 takes a free one, the same on all of them."""
        taken: list[socket.socket] = []
        try:
            for family, address in _addresses(host, port):
                taken.append(_listening(family, (address, taken[0].getsockname()[1] if taken else port)))
        except OSError as fault:
            for each in taken:
                each.close()
            why = "another program has it" if fault.errno == errno.EADDRINUSE else str(fault.strerror or fault)
            raise StorageUnavailableError(
                f"{host} port {port} cannot be listened on: {why}. End that program, or try --port 0."
            ) from None
        return cls(host, taken)

    @property
    def place(self) -> tuple[str, int]:
        """Address and port of the first socket."""
        address, port = self.sockets[0].getsockname()[:2]
        return str(address), int(port)

    def close(self) -> None:
        for each in self.sockets:
            each.close()


def _addresses(host: str, port: int) -> Iterator[tuple[socket.AddressFamily, str]]:
    """The addresses of a host; those of a family that this machine has not are left out where there are others."""
    told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    found = dict.fromkeys((family, str(place[0])) for family, _, _, _, place in told)
    usable = [each for each in found if _is_here(*each)]
    yield from usable or found


def _is_here(family: socket.AddressFamily, address: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.bind((address, 0))
    except OSError:
        return False
    return True


def _listening(family: socket.AddressFamily, place: tuple[str, int]) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(place)
        opened.listen(_WAITING)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened
