"""Plain callbacks of single jobs: one row for each address, which holds what it is to be told next.

Newer progress takes the place of progress that was not told yet, and the end that of all of it, so that an address is
told in order and nothing behind the end. Progress is tried once, the end three times; a claim of a sender that died
runs out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from clipmill.jobs.callback_steps import Callback, Step, advanced, ending
from clipmill.jobs.events import Event
from clipmill.jobs.ledger.backoff import ATTEMPT_PAUSES_S, Chance, pause
from clipmill.jobs.ledger.database import reading, writing
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.moments import Clock
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.tables import callbacks

PROGRESS_EVERY = timedelta(seconds=1)
CALLED_FOR = timedelta(seconds=20)
"""How long a claim lasts; a call takes five seconds at most."""


@dataclass(frozen=True)
class Call:
    """One callback on its way; ``number`` tells it from those before and after it."""

    job_id: str
    address: str
    step: Step
    body: Mapping[str, Any]
    number: int
    tries: int

    @property
    def message_id(self) -> str:
        """The same in every try."""
        return f"{self.job_id}.{self.number}"


class Callbacks:
    """What a sender of callbacks needs of the ledger."""

    def __init__(self, engine: Engine, clock: Clock, draw: Chance) -> None:
        self._engine = engine
        self._clock = clock
        self._draw = draw

    def claim(self, limit: int = 10) -> list[Call]:
        """The callbacks that are due, at most one of a job; each is claimed by one sender at a time."""
        now = self._clock()
        due = (
            select(callbacks.c.job_id)
            .where(callbacks.c.state == DeliveryState.WAITING, callbacks.c.next_at <= now)
            .order_by(callbacks.c.next_at, callbacks.c.job_id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            if not connection.execute(due).first():
                return []
        with writing(self._engine) as connection:
            ids = list(connection.execute(due.with_for_update(skip_locked=True)).scalars())
            taken = {"tries": callbacks.c.tries + 1, "next_at": now + CALLED_FOR}
            claimed = update(callbacks).where(callbacks.c.job_id.in_(ids)).values(**taken).returning(*callbacks.c)
            rows = connection.execute(claimed).mappings().all()
        return [Call(**{name: row[name] for name in Call.__dataclass_fields__}) for row in rows]

    def settle(self, call: Call, *, arrived: bool) -> bool:
        """What became of a call; whether the next one for this address is due by now."""
        with writing(self._engine) as connection:
            row = _row(connection, call.job_id)
            if row["tries"] == call.tries:
                _change(connection, call.job_id, **self._then(row, call, arrived=arrived))
        return row["number"] != call.number and row["step"] is not Step.PROGRESS

    def _then(self, row: Mapping[Any, Any], call: Call, *, arrived: bool) -> dict[str, Any]:
        now = self._clock()
        calm = now if row["step"] is not Step.PROGRESS else now + PROGRESS_EVERY
        if row["number"] != call.number:
            return {"tries": 0, "next_at": calm}
        if arrived:
            return {"tries": 0, "next_at": calm, "state": DeliveryState.DELIVERED}
        wait = None if call.step is Step.PROGRESS else pause(ATTEMPT_PAUSES_S, call.tries, self._draw)
        if wait is None:
            return {"tries": 0, "next_at": calm, "state": DeliveryState.DEAD}
        return {"next_at": now + wait}


def begin(connection: Connection, now: datetime, job_id: str, address: str) -> None:
    """From now on the address is told of the job."""
    values = {"step": Step.PROGRESS, "body": None, "number": 0, "state": DeliveryState.DELIVERED, "tries": 0}
    connection.execute(insert(callbacks).values(job_id=job_id, address=address, next_at=now, **values))


def address_of(connection: Connection, job_id: str) -> str | None:
    """Where a job is told of; None for nowhere."""
    return connection.execute(select(callbacks.c.address).where(callbacks.c.job_id == job_id)).scalar()


def note_progress(connection: Connection, now: datetime, job: JobRecord, event: Event) -> bool:
    """The bar may have moved; whether that is to be told right now."""
    row = _row(connection, job.id) if event.seq == job.heard_seq else {}
    news = advanced(row["body"], event) if row and row["step"] is Step.PROGRESS else None
    if news is None:
        return False
    _note(connection, row, news, max(now, row["next_at"]))
    return row["next_at"] <= now


def note_end(connection: Connection, now: datetime, job: JobRecord) -> None:
    """The job has ended."""
    if row := _row(connection, job.id):
        _note(connection, row, ending(job.failure or job.result or {}), now)


def _note(connection: Connection, row: Mapping[Any, Any], news: Callback, due: datetime) -> None:
    """Let this be told next; a call under way comes to its end first."""
    under_way = row["state"] is DeliveryState.WAITING and row["tries"]
    when = {} if under_way else {"state": DeliveryState.WAITING, "next_at": due}
    _change(connection, row["job_id"], step=news.step, body=dict(news.body), number=row["number"] + 1, **when)


def _row(connection: Connection, job_id: str) -> Mapping[Any, Any]:
    query = select(callbacks).where(callbacks.c.job_id == job_id).with_for_update()
    return connection.execute(query).mappings().one_or_none() or {}


def _change(connection: Connection, job_id: str, **values: Any) -> None:
    connection.execute(update(callbacks).where(callbacks.c.job_id == job_id).values(**values))
