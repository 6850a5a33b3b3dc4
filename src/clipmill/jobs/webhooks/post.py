"""One POST to the outside: the name looked up once, every address checked, the connection made to a checked address.

Convention: the time given covers all of it, from the look-up to the end of the answer.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import certifi
import h11

from clipmill.errors import StorageTimeoutError, StorageUnavailableError, UntrustedCertificateError
from clipmill.jobs.webhooks.addresses import Target, check_open
from clipmill.jobs.webhooks.names import LookUp, SystemNames
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.ranges import IPAddress

GONE = 410
_MOST_BODY = 64 << 10
_MOST_ADDRESSES = 4
_HEADERS = {"content-type": "application/json", "user-agent": "clipmill", "connection": "close"}


@dataclass(frozen=True)
class Letter:
    """What is sent: JSON, with headers of its own."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _Line:
    """A connection that is open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Post:
    """Sends letters. Redirects are not followed, proxies not asked, answers not kept, connections not used again."""

    def __init__(self, policy: Policy, look_up: LookUp | None = None, trust: ssl.SSLContext | None = None) -> None:
        self.policy = policy
        self._look_up = look_up or SystemNames()
        self._given_trust = trust

    async def send(self, target: Target, letter: Letter, within_s: float) -> int:
        """The status that was answered, whatever it is; else an error that says why there is none."""
        try:
            async with asyncio.timeout(within_s):
                return await self._answered(target, await self._checked(target), letter, within_s)
        except TimeoutError:
            raise StorageTimeoutError(f"{target.origin} did not answer within {within_s:g} s.") from None
        except ssl.SSLCertVerificationError as fault:
            raise UntrustedCertificateError(f"{target.origin} shows no valid certificate for {target.host}.") from fault
        except (OSError, h11.RemoteProtocolError) as fault:
            kind = type(fault).__name__
            raise StorageUnavailableError(f"{target.origin} took no connection, or broke it off: {kind}.") from fault

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self._given_trust or ssl.create_default_context(cafile=certifi.where())

    async def _checked(self, target: Target) -> list[IPAddress]:
        ips = [target.ip] if target.ip is not None else await self._look_up(target.host, target.port)
        check_open(target, ips, self.policy)
        return ips[:_MOST_ADDRESSES]

    async def _answered(self, target: Target, ips: list[IPAddress], letter: Letter, within_s: float) -> int:
        line = await self._connected(target, ips, within_s / len(ips))
        try:
            return await _exchange(line, target, letter)
        finally:
            line.writer.transport.abort()

    async def _connected(self, target: Target, ips: list[IPAddress], each_s: float) -> _Line:
        """A connection to the first address that takes one."""
        *others, last = ips
        for ip in others:
            with suppress(OSError):
                async with asyncio.timeout(each_s):
                    return await self._connect(target, ip)
        return await self._connect(target, last)

    async def _connect(self, target: Target, ip: IPAddress) -> _Line:
        # The address is given as it was checked, so that nobody looks the name up again; the name is for the certificate.
        trust, name = (self._trust, target.host) if target.scheme == "https" else (None, None)
        return _Line(*await asyncio.open_connection(str(ip), target.port, ssl=trust, server_hostname=name))


async def _exchange(line: _Line, target: Target, letter: Letter) -> int:
    talk = h11.Connection(h11.CLIENT)
    own = {"host": target.authority, "content-length": str(len(letter.body)), **_HEADERS, **letter.headers}
    request = h11.Request(method="POST", target=target.path, headers=list(own.items()))
    for part in (request, h11.Data(letter.body), h11.EndOfMessage()):
        line.writer.write(talk.send(part) or b"")
    await line.writer.drain()
    status, size = 0, 0
    while not isinstance(heard := talk.next_event(), h11.EndOfMessage) and size <= _MOST_BODY:
        if heard is h11.NEED_DATA:
            talk.receive_data(await line.reader.read(_MOST_BODY))
        elif isinstance(heard, h11.Response):
            status = heard.status_code
        elif isinstance(heard, h11.Data):
            size += len(heard.data)
    return status


def arrived(status: int) -> bool:
    """Whether the message was taken."""
    return 200 <= status < 300


def refusal(status: int) -> str:
    """What an answer that is no success says to people."""
    note = "redirects are not followed, give the address itself" if 300 <= status < 400 else "expected 200 to 299"
    return f"the answer was {status}: {note}."
