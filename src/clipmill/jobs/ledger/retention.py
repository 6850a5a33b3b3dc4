"""What is forgotten when it is old enough: a few rows at a time, so that nobody waits for it.

What a job used is never forgotten. A job stays as long as a message or callback about it is still to be sent, or a
retry of it is there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, select, tuple_

from clipmill.errors import InvalidRequestError
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.submissions import KEYS_KEPT, forget_keys
from clipmill.jobs.ledger.tables import NOT_LAST, attempts, callbacks, deliveries, events, jobs, labels, outbox

BATCH = 500


@dataclass(frozen=True)
class Retention:
    """For how long things are kept: ``events`` and ``jobs`` from the end of a job, ``messages`` from when they were written.

    Of the events the last one stays as long as its job.
    """

    events: timedelta = timedelta(days=7)
    jobs: timedelta = timedelta(days=30)
    messages: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if self.jobs < KEYS_KEPT:
            raise InvalidRequestError(
                f"jobs are kept for {self.jobs}: expected {KEYS_KEPT} or more, since an idempotency key is good for so long."
            )


def forget(connection: Connection, now: datetime, kept: Retention, limit: int = BATCH) -> int:
    """Remove up to ``limit`` things of each kind; how many went. Zero means that nothing old is left."""
    forget_keys(connection, now)
    told = _forget_events(connection, now - min(kept.events, kept.jobs), limit)
    sent = _forget_messages(connection, _old_messages(now - kept.messages, limit))
    return told + sent + _forget_jobs(connection, now - kept.jobs, limit)


def _forget_events(connection: Connection, before: datetime, limit: int) -> int:
    old = (
        select(events.c.job_id, events.c.seq)
        .join(jobs, jobs.c.id == events.c.job_id)
        .where(events.c.at <= before, NOT_LAST, jobs.c.finished_at <= before)
        .order_by(events.c.at)
        .limit(limit)
    )
    return connection.execute(delete(events).where(tuple_(events.c.job_id, events.c.seq).in_(old))).rowcount


def _old_messages(before: datetime, limit: int) -> Any:
    return (
        select(outbox.c.id)
        .where(outbox.c.created_at <= before, ~_waits(outbox.c.id))
        .order_by(outbox.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _forget_messages(connection: Connection, wanted: Any) -> int:
    ids = list(connection.execute(wanted).scalars())
    _remove(connection, deliveries, deliveries.c.message_id.in_(ids))
    _remove(connection, outbox, outbox.c.id.in_(ids))
    return len(ids)


def _forget_jobs(connection: Connection, before: datetime, limit: int) -> int:
    newer = jobs.alias("newer")
    message = exists().where(outbox.c.job_id == jobs.c.id, _waits(outbox.c.id))
    call = exists().where(callbacks.c.job_id == jobs.c.id, callbacks.c.state == DeliveryState.WAITING)
    told = exists().where(events.c.job_id == jobs.c.id, NOT_LAST)
    retried = exists().where(newer.c.retry_of == jobs.c.id)
    old = (
        select(jobs.c.id)
        .where(jobs.c.finished_at <= before, ~message, ~call, ~told, ~retried)
        .order_by(jobs.c.finished_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(old).scalars())
    if not ids:
        return 0
    _forget_messages(connection, select(outbox.c.id).where(outbox.c.job_id.in_(ids)))
    for table in (callbacks, labels, events, attempts):
        _remove(connection, table, table.c.job_id.in_(ids))
    _remove(connection, jobs, jobs.c.id.in_(ids))
    return len(ids)


def _waits(message_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a message is still to be sent somewhere."""
    return exists().where(deliveries.c.message_id == message_id, deliveries.c.state == DeliveryState.WAITING)


def _remove(connection: Connection, table: Table, which: ColumnElement[bool]) -> None:
    connection.execute(delete(table).where(which))
