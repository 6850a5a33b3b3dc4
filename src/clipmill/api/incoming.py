"""Bodies that go straight into the store: received in the event loop, written in a thread, a few megabytes between them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from clipmill.errors import IncompleteBodyError, LimitExceededError, RequestTimeoutError

T = TypeVar("T")

SILENCE_S = 60.0
"""A caller that sends nothing for so long is given up."""
_BLOCK = 1024 * 1024
_BLOCKS_WAITING = 3


@dataclass(frozen=True)
class Expected:
    """How many bytes may come: ``most`` at most, and ``exactly`` so many where that is known."""

    most: int
    exactly: int | None = None

    @classmethod
    def of(cls, request: Request, most: int, exactly: int | None = None) -> "Expected":
        """What a call announces, refused right away where it can't be meant."""
        announced = request.headers.get("content-length", "")
        declared = int(announced) if announced.isascii() and announced.isdecimal() else None
        if declared is not None and exactly is not None and declared != exactly:
            raise IncompleteBodyError(f"Content-Length: expected {exactly}, got {declared}. Send the bytes announced.")
        expected = cls(most, declared if exactly is None else exactly)
        if declared is not None and declared > most:
            raise expected.too_much()
        return expected

    def too_much(self) -> LimitExceededError:
        return LimitExceededError(f"an object may have {self.most:,} bytes at most. Send a smaller file.")

    def check(self, received: int, *, ended: bool) -> None:
        """Whether so many bytes are right, now or at the end."""
        if received > self.most:
            raise self.too_much()
        wrong = self.exactly is not None and (received > self.exactly or (ended and received < self.exactly))
        if wrong:
            raise IncompleteBodyError(
                f"expected {self.exactly} bytes, got {received}. Nothing was stored; send it again."
            )


async def blocks_of(pieces: AsyncIterator[bytes], expected: Expected) -> AsyncIterator[bytes]:
    """The same bytes in blocks of about a megabyte; whatever is wrong with them is raised."""
    received = 0
    waiting: list[bytes] = []
    length = 0
    async for piece in pieces:
        received += len(piece)
        expected.check(received, ended=False)
        waiting.append(piece)
        length += len(piece)
        if length >= _BLOCK:
            yield b"".join(waiting)
            waiting, length = [], 0
    expected.check(received, ended=True)
    if waiting:
        yield b"".join(waiting)


def body_blocks(request: Request, expected: Expected) -> AsyncIterator[bytes]:
    """The body of a call in blocks of about a megabyte."""
    return blocks_of(pieces_of(request), expected)


async def written(blocks: AsyncIterator[bytes], write: Callable[[Iterator[bytes]], T], threads: CapacityLimiter) -> T:
    """What ``write`` makes of the blocks, in a thread; what is raised on either side ends both."""
    pipe = _Pipe(asyncio.get_running_loop())
    pump = asyncio.create_task(pipe.fill(blocks))
    try:
        return await to_thread.run_sync(write, pipe.blocks(), limiter=threads)
    finally:
        pump.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.gather(pump, return_exceptions=True)


class _Pipe:
    """Carries blocks from the event loop to one thread, which the loop waits for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._room = asyncio.Semaphore(_BLOCKS_WAITING)
        self._waiting: SimpleQueue[bytes | BaseException | None] = SimpleQueue()

    async def fill(self, blocks: AsyncIterator[bytes]) -> None:
        try:
            async for block in blocks:
                await self._room.acquire()
                self._waiting.put(block)
            self._waiting.put(None)
        except Exception as fault:  # noqa: BLE001 - raised again where the blocks are written
            self._waiting.put(fault)
        except BaseException:
            self._waiting.put(_gone())
            raise

    def blocks(self) -> Iterator[bytes]:
        while (item := self._waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
            self._loop.call_soon_threadsafe(self._room.release)


async def pieces_of(request: Request) -> AsyncIterator[bytes]:
    """The body of a call as it comes; a caller who goes or falls silent is an error."""
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except ClientDisconnect:
            raise _gone() from None
        except TimeoutError:
            raise RequestTimeoutError(f"no byte came for {SILENCE_S:g} s. Nothing was stored; send it again.") from None
        yield piece


def _gone() -> IncompleteBodyError:
    return IncompleteBodyError("the connection ended before the body did. Nothing was stored; send it again.")
