"""A ledger whose time stands still until a test moves it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from clipmill.errors import StorageUnavailableError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.ledger.usage import Usage
from clipmill.jobs.outcome import Outcome

LOCAL = Capacity("local", {Gpu.NONE: 100})
GOOD = Outcome(result={"status": "success", "output_key": "out.mp4"})
PASSING = StorageUnavailableError("the store did not answer")


class World:
    def __init__(self, engine: Engine, *, luck: float = 0.0) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.engine = engine
        self.ledger = Ledger(engine, lambda: self.now, lambda: luck)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def submit(self, **changes: Any) -> JobRecord:
        return self.ledger.submit(submission(**changes))

    def lease(self, owner: str = "one", capacity: Capacity = LOCAL) -> Lease:
        lease = self.ledger.lease(owner, capacity)
        assert lease is not None
        return lease

    def begun(self, **changes: Any) -> Lease:
        """A lease on a new job."""
        wanted = self.submit(**changes)
        lease = self.lease()
        assert lease.job.id == wanted.id
        return lease

    def publishing(self, **changes: Any) -> Lease:
        lease = self.begun(**changes)
        self.ledger.begin_publishing(lease)
        return lease

    def succeeded(self, used: Usage | None = None, **changes: Any) -> JobRecord:
        return self.ledger.commit(self.publishing(**changes), GOOD, used)

    def now_is(self, job: JobRecord) -> JobRecord:
        return self.ledger.get(job.tenant, job.id)

    def rows(self, query: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), values))

    def run(self, statement: str, **values: Any) -> None:
        """Change the database behind the ledger's back."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def assign(self, job_id: str, assignments: str) -> None:
        """Change the row of a job by raw SQL."""
        self.run(f"UPDATE jobs SET {assignments} WHERE id = :id", id=job_id)  # noqa: S608


def submission(**changes: Any) -> Submission:
    return Submission(**({"function": "echo", "request": {"text": "hi"}, "tenant": "team"} | changes))


def frames(seq: int, percent: float, stage: Stage = Stage.PROCESSING, message: str = "rendering") -> Event:
    return Event("job", seq, "2026-01-01T00:00:00.000Z", stage, percent, message, int(percent), 100)
