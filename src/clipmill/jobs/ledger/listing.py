"""A tenant's jobs, newest first, a page at a time."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, func, literal, select, tuple_

from clipmill.errors import InvalidRequestError
from clipmill.jobs.ledger.moments import Moment, from_start, since_start
from clipmill.jobs.ledger.record import JobLine
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.tables import jobs

MOST_ON_A_PAGE = 200
_LINE = [jobs.c[field.name] for field in fields(JobLine)]

Counts = Mapping[State, int]


@dataclass(frozen=True)
class Wanted:
    """Which jobs, and where to go on: ``cursor`` is that of the page before."""

    state: State | None = None
    function: str | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True)
class Page:
    """Some jobs, and the cursor of the next page; None on the last one."""

    jobs: Sequence[JobLine]
    cursor: str | None


def page(connection: Connection, tenant: str, wanted: Wanted) -> Page:
    """The next jobs of a tenant; jobs that were sent since the first page do not shift the others."""
    if not 1 <= wanted.limit <= MOST_ON_A_PAGE:
        raise InvalidRequestError(f"limit: expected 1 to {MOST_ON_A_PAGE}, got {wanted.limit}")
    place = tuple_(jobs.c.created_at, jobs.c.id)
    query = select(*_LINE).where(jobs.c.tenant == tenant).order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    if wanted.state is not None:
        query = query.where(jobs.c.state == wanted.state)
    if wanted.function is not None:
        query = query.where(jobs.c.function == wanted.function)
    if wanted.cursor is not None:
        created_at, job_id = _place(wanted.cursor)
        query = query.where(place < tuple_(literal(created_at, Moment), literal(job_id)))
    found = [JobLine.of(row) for row in connection.execute(query.limit(wanted.limit + 1)).mappings()]
    shown = found[: wanted.limit]
    return Page(shown, _cursor(shown[-1]) if len(found) > wanted.limit else None)


def counts(connection: Connection, tenant: str) -> Counts:
    """How many jobs of a tenant are in each state."""
    query = select(jobs.c.state, func.count().label("jobs")).where(jobs.c.tenant == tenant).group_by(jobs.c.state)
    return dict.fromkeys(State, 0) | {row.state: row.jobs for row in connection.execute(query)}


def _cursor(job: JobLine) -> str:
    return base64.urlsafe_b64encode(f"{since_start(job.created_at)} {job.id}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        created, _, job_id = text.partition(" ")
        return from_start(int(created)), job_id.replace("\0", "")
    except (ValueError, OverflowError, binascii.Error):
        raise InvalidRequestError(f"cursor {cursor!r:.100} is none of ours. Begin without one.") from None
