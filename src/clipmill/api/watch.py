"""One connection's view of some jobs: every event once and in order, however slow the connection is.

What is new waits in a short queue that drops its oldest event when it is full. Events of a job are numbered without
gaps, so that the connection notices what it missed, and reads that from the ledger.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Collection, Mapping

from starlette.concurrency import run_in_threadpool

from clipmill.api.told import Told
from clipmill.jobs.ledger import Ledger

ROOM = 256
_PAGE = 200


class Watch:
    """``seen`` is the number of the last event that was told of each job; of those that are ``over`` no more follows."""

    def __init__(self, ledger: Ledger, tenant: str, seen: Mapping[str, int], over: Collection[str] = ()) -> None:
        self.seen = dict(seen)
        self._ledger = ledger
        self._tenant = tenant
        self._open = set(seen) - set(over)
        self._waiting: deque[Told] = deque(maxlen=ROOM)
        self._news = asyncio.Event()
        self._closed = False

    def offer(self, told: Told) -> None:
        """Let the connection have an event when it gets to it; it never waits for the connection."""
        self._waiting.append(told)
        self._news.set()

    def close(self) -> None:
        """Let the connection end."""
        self._closed = True
        self._news.set()

    async def told(self, patience_s: float) -> AsyncGenerator[list[Told]]:
        """Events as they come, some at a time, none after so long a silence; ends when every job has ended."""
        for job_id in list(self._open):
            async for page in self._missed(job_id):
                yield page
        while self._open and not self._closed:
            try:
                await asyncio.wait_for(self._news.wait(), patience_s)
            except TimeoutError:
                yield []
                continue
            self._news.clear()
            async for page in self._gathered():
                yield page

    async def _gathered(self) -> AsyncGenerator[list[Told]]:
        """What waits in the queue, and what fell out of it."""
        page: list[Told] = []
        while self._waiting:
            told = self._waiting.popleft()
            if told.seq == self.seen[told.job_id] + 1:
                page.append(self._noted(told))
            elif told.seq > self.seen[told.job_id]:
                if page:
                    yield page
                page = []
                async for missed in self._missed(told.job_id):
                    yield missed
        if page:
            yield page

    async def _missed(self, job_id: str) -> AsyncGenerator[list[Told]]:
        while True:
            page = await run_in_threadpool(self._read, job_id, self.seen[job_id])
            if page:
                yield [self._noted(told) for told in page]
            if len(page) < _PAGE:
                return

    def _read(self, job_id: str, after: int) -> list[Told]:
        return [Told.of(event) for event in self._ledger.events(self._tenant, job_id, after, _PAGE)]

    def _noted(self, told: Told) -> Told:
        self.seen[told.job_id] = told.seq
        if told.last:
            self._open.discard(told.job_id)
        return told
