"""One POST to the outside: the name looked up once, every address checked, the connection made to a checked address.

Convention: the time given covers all of it, from the look-up to the end of the answer.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import certifi
import httpcore

from clipmill.errors import (
    ClipmillError,
    StorageTimeoutError,
    StorageUnavailableError,
    UntrustedCertificateError,
)
from clipmill.jobs.webhooks.addresses import Target, check_open
from clipmill.jobs.webhooks.names import LookUp, SystemNames
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.ranges import IPAddress

GONE = 410
_MOST_BODY = 64 << 10
_MOST_ADDRESSES = 4
_HEADERS = {"content-type": "application/json", "user-agent": "clipmill", "accept-encoding": "identity"}


@dataclass(frozen=True)
class Letter:
    """What is sent: JSON, with headers of its own."""

    body: bytes
    headers: Mapping[str, str]


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
                ips = await self._checked(target)
                return await self._first_answer(target, ips, letter, within_s / len(ips))
        except TimeoutError:
            raise StorageTimeoutError(f"{target.origin} did not answer within {within_s:g} s.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as fault:
            raise _told(target, fault) from fault

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self._given_trust or ssl.create_default_context(cafile=certifi.where())

    async def _checked(self, target: Target) -> list[IPAddress]:
        ips = [target.ip] if target.ip is not None else await self._look_up(target.host, target.port)
        check_open(target, ips, self.policy)
        return ips[:_MOST_ADDRESSES]

    async def _first_answer(self, target: Target, ips: list[IPAddress], letter: Letter, each_s: float) -> int:
        *others, last = ips
        for ip in others:
            try:
                return await self._answer(target, ip, letter, each_s)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
                if _is_certificate(fault):
                    raise
        return await self._answer(target, last, letter, each_s)

    async def _answer(self, target: Target, ip: IPAddress, letter: Letter, connect_s: float) -> int:
        # The URL holds the checked address itself; the name is left for the certificate and the Host header.
        url = httpcore.URL(scheme=target.scheme, host=str(ip), port=target.port, target=target.path)
        headers = {"host": target.authority} | _HEADERS | dict(letter.headers)
        extensions: dict[str, Any] = {"sni_hostname": target.host, "timeout": {"connect": connect_s}}
        async with (
            httpcore.AsyncConnectionPool(self._trust, max_connections=1, max_keepalive_connections=0) as pool,
            pool.stream("POST", url, headers=headers, content=letter.body, extensions=extensions) as answer,
        ):
            size = 0
            async for block in answer.aiter_stream():
                size += len(block)
                if size > _MOST_BODY:
                    break
            return answer.status


def _told(target: Target, fault: Exception) -> ClipmillError:
    if _is_certificate(fault):
        return UntrustedCertificateError(f"{target.origin} shows a certificate that is not valid for {target.host}.")
    return StorageUnavailableError(f"{target.origin} broke the connection off or made none: {type(fault).__name__}.")


def _is_certificate(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return True
        fault = fault.__cause__ or fault.__context__
    return False
