"""A ledger whose time stands still until a test moves it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event, text

from clipmill.errors import StorageUnavailableError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.ledger.tables import metadata
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

    def scans(self, act: Callable[[], object]) -> list[str]:
        """The tables that an act reads from end to end; PostgreSQL, which does so with any small table, is not asked."""
        heard: list[tuple[str, Any]] = []

        def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            heard.append((statement, values))

        event.listen(self.engine, "before_cursor_execute", hear)
        act()
        event.remove(self.engine, "before_cursor_execute", hear)
        searches = [each for each in heard if each[0].startswith(("SELECT", "DELETE")) and self._is_sqlite]
        with self.engine.connect() as connection:
            told = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {search}", values) for search, values in searches]
            steps = [row.detail.split() for rows in told for row in rows]
        return [step[1] for step in steps if step[0] == "SCAN" and step[1] in metadata.tables]

    @property
    def _is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def assign(self, job_id: str, assignments: str) -> None:
        """Change the row of a job by raw SQL."""
        self.run(f"UPDATE jobs SET {assignments} WHERE id = :id", id=job_id)  # noqa: S608


def submission(**changes: Any) -> Submission:
    return Submission(**({"function": "echo", "request": {"text": "hi"}, "tenant": "team"} | changes))


def frames(seq: int, percent: float, stage: Stage = Stage.PROCESSING, message: str = "rendering") -> Event:
    return Event("job", seq, "2026-01-01T00:00:00.000Z", stage, percent, message, int(percent), 100)
