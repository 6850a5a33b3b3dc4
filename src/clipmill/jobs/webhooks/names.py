"""What names of hosts stand for, asked of the system, which may take longer than anybody waits."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address

from clipmill.errors import StorageUnavailableError
from clipmill.jobs.webhooks.ranges import IPAddress

LookUp = Callable[[str, int], Awaitable[list[IPAddress]]]
"""All addresses of a host, in the order in which they are to be tried."""

_Answer = asyncio.Future[list[IPAddress]]


class SystemNames:
    """Asks the system's resolver. A look-up cannot be interrupted: one that hangs keeps its thread until it ends."""

    def __init__(self, at_once: int = 64) -> None:
        self._free = threading.BoundedSemaphore(at_once)

    async def __call__(self, host: str, port: int) -> list[IPAddress]:
        if not self._free.acquire(blocking=False):
            raise StorageUnavailableError("too many look-ups of names hang. Check the resolver of this machine.")
        answer: _Answer = asyncio.get_running_loop().create_future()
        # A thread of a pool would be waited for when the process ends.
        threading.Thread(target=self._ask, args=(host, port, answer), name="clipmill-names", daemon=True).start()
        return await answer

    def _ask(self, host: str, port: int, answer: _Answer) -> None:
        found: list[IPAddress] | None = None
        try:
            told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = [ip_address(place[0]) for *_, place in told]
        except (OSError, ValueError):
            pass  # told as an unknown name
        finally:
            self._free.release()
        with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
            answer.get_loop().call_soon_threadsafe(_settle, answer, host, found)


def _settle(answer: _Answer, host: str, found: list[IPAddress] | None) -> None:
    if answer.done():
        return
    if found:
        answer.set_result(list(dict.fromkeys(found)))
    else:
        answer.set_exception(
            StorageUnavailableError(f"the name {host!r:.260} has no address. Check how it is written.")
        )
