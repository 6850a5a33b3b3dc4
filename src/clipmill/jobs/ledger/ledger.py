"""The record of all jobs, kept in a database: who asked for what, who works on it, how it ended.

Every operation is one transaction. Times come from the clock that the ledger was given; a lease stays safe with clocks
that differ, since a token decides who may commit.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Engine

from clipmill.jobs.events import Event
from clipmill.jobs.faults import typed
from clipmill.jobs.ledger import (
    callbacks,
    endings,
    events,
    labels,
    leases,
    listing,
    progress,
    retention,
    rows,
    submissions,
    usage,
)
from clipmill.jobs.ledger.backoff import Chance, chance
from clipmill.jobs.ledger.callbacks import Callbacks
from clipmill.jobs.ledger.database import open_engine, reading, writing
from clipmill.jobs.ledger.endings import Ending
from clipmill.jobs.ledger.events import LedgerEvent
from clipmill.jobs.ledger.key_ring import KeyRing
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.listing import Page, Wanted
from clipmill.jobs.ledger.moments import Clock, now_utc
from clipmill.jobs.ledger.outbox import Outbox
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.retention import Retention
from clipmill.jobs.ledger.schema import upgrade
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.ledger.usage import Usage, UsageTotal
from clipmill.jobs.ledger.watching import Watching
from clipmill.jobs.ledger.webhooks import Webhooks
from clipmill.jobs.outcome import Outcome

LEASED_FOR = timedelta(seconds=30)
_MOST_EVENTS = 1000


class Ledger:
    """Jobs and all that belongs to them. Who asks names a tenant: the jobs of others are not there for it."""

    def __init__(
        self, engine: Engine, clock: Clock = now_utc, draw: Chance = chance, leased_for: timedelta = LEASED_FOR
    ) -> None:
        self.outbox = Outbox(engine, clock, draw)
        self.callbacks = Callbacks(engine, clock, draw)
        self.webhooks = Webhooks(engine, clock, self.outbox.announce)
        self.keys = KeyRing(engine, clock)
        self.watching = Watching(engine)
        self._engine = engine
        self._clock = clock
        self._draw = draw
        self._leased_for = leased_for

    @classmethod
    def open(cls, url: str, leased_for: timedelta = LEASED_FOR) -> Self:
        """The ledger at ``sqlite:///path`` or ``postgresql://user@host/name``, made or upgraded if need be."""
        engine = open_engine(url)
        upgrade(engine)
        return cls(engine, leased_for=leased_for)

    def close(self) -> None:
        self._engine.dispose()

    def submit(self, submission: Submission, room: int | None = None) -> JobRecord:
        """A new job in state queued, or the one that its idempotency key stands for since less than a day.

        `TooManyJobsError` if there is no ``room`` for a new one: so many jobs of its tenant may wait, any number if None.
        """
        with writing(self._engine) as connection:
            return submissions.submit(connection, self._clock(), submission, room)

    def retry(self, tenant: str, job_id: str, room: int | None = None) -> JobRecord:
        """A new job in place of a stopped one, ``retry_of`` names it; asked again while that is alive, the same."""
        with writing(self._engine) as connection:
            return submissions.retry(connection, self._clock(), tenant, job_id, room)

    def get(self, tenant: str, job_id: str) -> JobRecord:
        """The job, or `NotFoundError`."""
        with reading(self._engine) as connection:
            return rows.read(connection, tenant, job_id)

    def labelled(self, tenant: str, name: str, value: str) -> JobRecord | None:
        """The newest job with this label; None when there is none."""
        with reading(self._engine) as connection:
            return labels.latest(connection, tenant, name, value)

    def jobs(self, tenant: str, wanted: Wanted | None = None) -> Page:
        """A page of jobs, newest first."""
        with reading(self._engine) as connection:
            return listing.page(connection, tenant, wanted or Wanted())

    def counts(self, tenant: str) -> listing.Counts:
        """How many jobs are in each state."""
        with reading(self._engine) as connection:
            return listing.counts(connection, tenant)

    def events(self, tenant: str, job_id: str, after: int = 0, limit: int = _MOST_EVENTS) -> list[LedgerEvent]:
        """What was told of a job behind event ``after``, oldest first."""
        with reading(self._engine) as connection:
            return events.replay(connection, rows.read(connection, tenant, job_id).id, after, limit)

    def usage(self, tenant: str, since: datetime, until: datetime) -> UsageTotal:
        """What was used from ``since`` up to but not including ``until``."""
        with reading(self._engine) as connection:
            return usage.total(connection, tenant, since, until)

    def request_cancel(self, tenant: str, job_id: str) -> JobRecord:
        """Cancelled at once if nobody works on it; else whoever does learns it with the next report or renewal."""
        with writing(self._engine) as connection:
            job = endings.cancel(connection, self._clock(), tenant, job_id)
        return self._told(job)

    def lease(self, owner: str, capacity: Capacity) -> Lease | None:
        """The job to begin next, for nobody but ``owner``; None when none waits or no place is free."""
        with writing(self._engine) as connection:
            return leases.take(connection, self._clock(), owner, capacity, self._leased_for)

    def take_over(self, owner: str, held: Collection[str] = ()) -> Lease | None:
        """A job whose holder let its lease run out, to be found by its handle and carried on; None when none did.

        The jobs ``held`` are in the owner's own hands: it renews their leases, however late.
        """
        with writing(self._engine) as connection:
            return leases.take_over(connection, self._clock(), owner, self._leased_for, held)

    def begin_again(self, lease: Lease) -> JobRecord:
        """A new attempt, as nothing is left of the inherited one; `WorkerLostError` if no attempt is left either."""
        with writing(self._engine) as connection:
            return leases.begin_again(connection, self._clock(), lease)

    def release(self, lease: Lease, *, runs_on: bool = False, wait: timedelta = timedelta(0)) -> JobRecord:
        """Give a job back that cannot be kept here, for somebody else to take after the ``wait``.

        ``runs_on``: its work goes on elsewhere, where its handle finds it.
        """
        with writing(self._engine) as connection:
            job = endings.release(connection, self._clock(), lease, runs_on=runs_on, wait=wait)
        return self._told(job)

    def renew(self, lease: Lease) -> Lease:
        """The lease for as long again, with the job as it stands; `ConflictError` once it is lost."""
        with writing(self._engine) as connection:
            return leases.renew(connection, self._clock(), lease, self._leased_for)

    def keep_handle(self, lease: Lease, handle: str) -> JobRecord:
        """Write down the runner's handle, before the work starts."""
        with writing(self._engine) as connection:
            return leases.keep_handle(connection, self._clock(), lease, handle)

    def report(self, lease: Lease, event: Event) -> JobRecord:
        """Take note of progress; the job in the answer tells whether to stop."""
        with writing(self._engine) as connection:
            job = progress.report(connection, self._clock(), lease, event)
            called = callbacks.note_progress(connection, self._clock(), job, event)
        if called:
            self.outbox.announce()
        return job

    def log(self, lease: Lease, text: str) -> JobRecord:
        """Tell watchers a line for people."""
        with writing(self._engine) as connection:
            return progress.log(connection, self._clock(), lease, text)

    def begin_publishing(self, lease: Lease) -> JobRecord:
        """Comes before outputs appear: `ConflictError` if the lease is lost, `CancelledError` if the job is to stop."""
        with writing(self._engine) as connection:
            return endings.begin_publishing(connection, self._clock(), lease)

    def commit(self, lease: Lease, outcome: Outcome, used: Usage | None = None) -> JobRecord:
        """The end of an attempt and all that follows from it; safe to be told again after a lost connection."""
        with writing(self._engine) as connection:
            job = endings.commit(connection, self._clock(), lease, Ending(outcome, used, self._draw))
        return self._told(job)

    def fail(self, lease: Lease, fault: Exception, used: Usage | None = None) -> JobRecord:
        """An attempt that failed: tried again later if the error is known to be retryable, else the end of the job."""
        return self.commit(lease, Outcome(error=typed(fault)), used)

    def expire(self) -> JobRecord | None:
        """End one job that waited past its time; None when there is none. Old idempotency keys are forgotten."""
        with writing(self._engine) as connection:
            submissions.forget_keys(connection, self._clock())
            job = endings.expire(connection, self._clock())
        return None if job is None else self._told(job)

    def forget(self, kept: Retention) -> int:
        """Remove some of what is older than is kept; how much went. Zero means that nothing old is left."""
        with writing(self._engine) as connection:
            return retention.forget(connection, self._clock(), kept)

    def _told(self, job: JobRecord) -> JobRecord:
        """The job; if it has ended, whoever sends messages hears of it."""
        if job.state.terminal:
            self.outbox.announce()
        return job
