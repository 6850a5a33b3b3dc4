"""The rows of jobs: read, held fast, and changed together with what watchers are told of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from clipmill.errors import ConflictError, NotFoundError
from clipmill.jobs.ledger.events import append
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.tables import jobs

Told = tuple[EventKind, dict[str, Any]]
"""An event to be: its kind and what it says."""


def read(connection: Connection, tenant: str, job_id: str, *, locked: bool = False) -> JobRecord:
    """A tenant's job; one of another tenant is not there. ``locked``: nobody else changes it in this transaction."""
    query = select(jobs).where(jobs.c.id == job_id, jobs.c.tenant == tenant)
    row = connection.execute(query.with_for_update() if locked else query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no job {job_id!r:.140}. Check the id, and whose key asks.")
    return JobRecord.of(row)


def held(connection: Connection, lease: Lease) -> JobRecord:
    """The job of a lease as it stands now, locked; `ConflictError` once somebody else has taken it over."""
    job = read(connection, lease.job.tenant, lease.job.id, locked=True)
    if job.lease_token != lease.token:
        raise ConflictError(
            f"job {job.id}: the lease of {lease.owner} with token {lease.token} is no longer valid, the token is now "
            f"{job.lease_token}. Stop, and publish nothing."
        )
    return job


def worked_on(connection: Connection, lease: Lease) -> JobRecord:
    """The job of a lease as it stands now, locked; `ConflictError` as well once it has come to its end."""
    job = held(connection, lease)
    if job.state.terminal:
        raise ConflictError(f"job {job.id} has come to its end, it is {job.state}. Nothing more can be told of it.")
    return job


def change(connection: Connection, job: JobRecord, now: datetime, told: Told | None, **values: Any) -> JobRecord:
    """Change a job that is locked, and tell its watchers."""
    if told is not None:
        values["last_seq"] = job.last_seq + 1
        append(connection, job.id, job.last_seq + 1, now, told)
    changed = update(jobs).where(jobs.c.id == job.id).values(**values).returning(*jobs.c)
    return JobRecord.of(connection.execute(changed).mappings().one())
