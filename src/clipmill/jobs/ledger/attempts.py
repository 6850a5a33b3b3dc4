"""The tries at a job, each of which begins once and ends once. One that was given back goes on with its next holder."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from clipmill.errors import ClipmillError
from clipmill.function.stages import Stage
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.tables import attempts
from clipmill.jobs.outcome import without_secrets


def begin(connection: Connection, now: datetime, job: JobRecord, owner: str, runner: str) -> dict[str, Any]:
    """Write down the next attempt; the answer is what its job says of it."""
    number = job.attempt + 1
    values = {"job_id": job.id, "number": number, "runner": runner, "owner": owner, "started_at": now}
    connection.execute(insert(attempts).values(**values))
    fresh = dict.fromkeys(("handle", "frames_done", "frames_total", "eta_s"))
    return fresh | {"attempt": number, "runner": runner, "stage": Stage.STARTING, "heard_seq": 0}


def goes_on(connection: Connection, job: JobRecord) -> bool:
    """Whether the last attempt has not come to its end."""
    query = select(attempts.c.number).where(*_last(job), attempts.c.finished_at.is_(None))
    return connection.execute(query).first() is not None


def keep_handle(connection: Connection, job: JobRecord, handle: str) -> None:
    """Write down by which handle the work can be found."""
    connection.execute(update(attempts).where(*_last(job)).values(handle=handle))


def end(connection: Connection, now: datetime, job: JobRecord, error: ClipmillError | None) -> None:
    """The last attempt is over, well if there is no error; one that has ended stays as it was."""
    failure = None if error is None else without_secrets(error.to_json())
    going_on = (*_last(job), attempts.c.finished_at.is_(None))
    connection.execute(update(attempts).where(*going_on).values(finished_at=now, failure=failure))


def _last(job: JobRecord) -> tuple[Any, ...]:
    return (attempts.c.job_id == job.id, attempts.c.number == job.attempt)
