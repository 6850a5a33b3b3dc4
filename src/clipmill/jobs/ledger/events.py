"""What was told of a job, numbered from 1 without gaps, so that a watcher can come back and miss nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.tables import events
from clipmill.jobs.outcome import without_secrets


@dataclass(frozen=True)
class LedgerEvent:
    """One event of a job; ``seq`` is what a watcher names to go on behind it."""

    job_id: str
    seq: int
    at: datetime
    kind: EventKind
    data: Mapping[str, Any]


def append(connection: Connection, job_id: str, seq: int, now: datetime, told: tuple[EventKind, Any]) -> None:
    """Write down the next event, without secrets."""
    kind, data = told
    values = {"job_id": job_id, "seq": seq, "at": now, "kind": kind, "data": without_secrets(data)}
    connection.execute(insert(events).values(**values))


def replay(connection: Connection, job_id: str, after: int, limit: int) -> list[LedgerEvent]:
    """The events behind number ``after``, oldest first."""
    query = select(events).where(events.c.job_id == job_id, events.c.seq > after).order_by(events.c.seq).limit(limit)
    return [LedgerEvent(**row) for row in connection.execute(query).mappings()]
