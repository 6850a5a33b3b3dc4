"""Tells many connections what happens to jobs, with one look at the ledger for all of them at each tick."""

import asyncio
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from anyio import CapacityLimiter, to_thread

from clipmill.api.journal import LOG
from clipmill.api.meters import Meters
from clipmill.api.options import ApiOptions
from clipmill.api.told import Told
from clipmill.api.watch import Watch
from clipmill.errors import TooManyWatchersError
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.watching import MOST_AT_ONCE

_MOST_EVENTS = 2000
_SPARE_TICKS = 10


@dataclass
class _Topic:
    """A job that is watched, and the last of its events that was passed on."""

    seq: int
    watches: set[Watch] = field(default_factory=set[Watch])


class Hub:
    """Lives in one event loop: its task runs as long as somebody watches."""

    def __init__(self, ledger: Ledger, options: ApiOptions, meters: Meters) -> None:
        self._ledger = ledger
        self._options = options
        self._meters = meters
        self._topics: dict[str, _Topic] = {}
        self._watches: dict[Watch, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @contextmanager
    def watching(self, tenant: str, jobs: Iterable[JobRecord], after: Mapping[str, int]) -> Generator[Watch]:
        """What happens to a tenant's jobs behind the events ``after``, until the block ends; bounded in number."""
        known = {job.id: job for job in jobs}
        self._admit(tenant, known)
        seen = {job_id: after.get(job_id, 0) for job_id in known}
        over = {job.id for job in known.values() if job.state.terminal and seen[job.id] >= job.last_seq}
        watch = Watch(self._ledger, tenant, seen, over)
        self._watches[watch] = tenant
        self._meters.watchers.inc()
        try:
            for job_id, job in known.items():
                self._topics.setdefault(job_id, _Topic(job.last_seq)).watches.add(watch)
            if self._closed:
                watch.close()
            self._begin()
            yield watch
        finally:
            self._meters.watchers.dec()
            self._forget(watch, known)

    def close(self) -> None:
        """End every watch at the next tick, and those that come later at once; safe from a signal handler."""
        self._closed = True

    def _admit(self, tenant: str, jobs: Mapping[str, JobRecord]) -> None:
        options = self._options
        mine = sum(owner == tenant for owner in self._watches.values())
        if len(self._watches) >= options.watchers or mine >= options.watchers_per_tenant:
            raise TooManyWatchersError(
                f"{mine} connections of this tenant watch jobs, of {options.watchers_per_tenant} at most, and "
                f"{len(self._watches)} in all, of {options.watchers} at most. Close some, or watch several jobs on one."
            )
        if len(self._topics.keys() | jobs.keys()) > MOST_AT_ONCE:
            raise TooManyWatchersError(f"{MOST_AT_ONCE} jobs are being watched, which is the most. Try again later.")

    def _forget(self, watch: Watch, jobs: Iterable[str]) -> None:
        self._watches.pop(watch, None)
        for job_id in jobs:
            if (topic := self._topics.get(job_id)) is not None:
                topic.watches.discard(watch)
                if not topic.watches:
                    del self._topics[job_id]

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="clipmill-hub")

    async def _run(self) -> None:
        pause = 1
        # A thread of its own: watchers wait for nobody who asks something else.
        own = CapacityLimiter(1)
        while self._topics:
            await asyncio.sleep(self._options.tick_s * pause)
            if self._closed:
                for watch in self._watches:
                    watch.close()
            try:
                self._pass_on(await to_thread.run_sync(self._news, limiter=own))
                pause = 1
            except Exception:  # noqa: BLE001 - one bad look must not leave all watchers alone
                LOG.exception("the ledger could not be asked for events")
                pause = _SPARE_TICKS

    def _news(self) -> list[Told]:
        seen = {job_id: topic.seq for job_id, topic in list(self._topics.items())}
        return [Told.of(event) for event in self._ledger.watching.behind(seen, _MOST_EVENTS)]

    def _pass_on(self, news: Iterable[Told]) -> None:
        for told in news:
            topic = self._topics.get(told.job_id)
            if topic is None or told.seq <= topic.seq:
                continue
            topic.seq = told.seq
            for watch in topic.watches:
                watch.offer(told)
