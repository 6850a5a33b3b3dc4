"""Hands that do the steps of a client: one pair waits for each, one pair lets the event loop go on meanwhile."""

import time
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.to_thread
import httpx

from clipmill.client.calls import Call, Reply
from clipmill.client.steps import Do, Give, Open, Pause, Read, Send, Step
from clipmill.client.wire import Address, grown, reply_of, told
from clipmill.errors import ClipmillError


class Hands:
    """At most one answer is open at a time; close it in the end. A step that fails raises a `ClipmillError`."""

    def __init__(self, address: Address, http: httpx.Client) -> None:
        self._address = address
        self._http = http
        self._call = Call("GET", "/")
        self._answer: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())

    def do(self, step: Step) -> Any:
        """What comes of a step."""
        match step:
            case Send(call):
                return self._called(call, whole=True)
            case Open(call):
                return self._called(call, whole=False)
            case Read():
                with _typed(self._call, self._address):
                    return next(self._pieces, None)
            case Pause(seconds):
                time.sleep(seconds)
            case Do(work):
                return work()
            case Give():
                pass
        return None

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()

    def _called(self, call: Call, *, whole: bool) -> Reply:
        self.close()
        self._call = call
        with _typed(call, self._address):
            answer = self._answer = self._http.send(self._address.request(call), stream=True)
            self._pieces = answer.iter_raw()
            body = bytearray()
            if whole or answer.is_error:
                for data in self._pieces:
                    grown(body, data)
            return reply_of(answer, bytes(body))


class AsyncHands:
    """As `Hands`."""

    def __init__(self, address: Address, http: httpx.AsyncClient) -> None:
        self._address = address
        self._http = http
        self._call = Call("GET", "/")
        self._answer: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def do(self, step: Step) -> Any:
        """What comes of a step."""
        match step:
            case Send(call):
                return await self._called(call, whole=True)
            case Open(call):
                return await self._called(call, whole=False)
            case Read():
                assert self._pieces is not None
                with _typed(self._call, self._address):
                    return await anext(self._pieces, None)
            case Pause(seconds):
                await anyio.sleep(seconds)
            case Do(work):
                return await anyio.to_thread.run_sync(work)
            case Give():
                pass
        return None

    async def close(self) -> None:
        if self._answer is not None:
            # Whoever was cancelled gives its connection back all the same.
            with anyio.CancelScope(shield=True):
                await self._answer.aclose()

    async def _called(self, call: Call, *, whole: bool) -> Reply:
        await self.close()
        self._call = call
        with _typed(call, self._address):
            answer = self._answer = await self._http.send(self._address.request(call), stream=True)
            self._pieces = answer.aiter_raw()
            body = bytearray()
            if whole or answer.is_error:
                async for data in self._pieces:
                    grown(body, data)
            return reply_of(answer, bytes(body))


@contextmanager
def _typed(call: Call, address: Address) -> Generator[None]:
    try:
        yield
    except ClipmillError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as fault:
        raise told(fault, call, address) from fault
