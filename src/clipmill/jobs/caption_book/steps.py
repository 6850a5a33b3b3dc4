"""How far the steps of a video are: queued, claimed by one run, ended by that run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, update

from clipmill.errors import NotFoundError
from clipmill.jobs.caption_book.inserting import insertion
from clipmill.jobs.caption_book.locks import Database
from clipmill.jobs.caption_book.store_clock import StoreClock, now_of, stamp
from clipmill.jobs.caption_book.tables import processing_state, videos
from clipmill.jobs.ledger.database import reading, writing
from clipmill.jobs.ledger.moments import iso
from clipmill.media.captions.states import Status, StepState, may_restart_itself


class Step(StrEnum):
    INITIAL = "initial"
    EXTENTS = "extents"
    CAPTION_OCR = "caption_ocr"


LOCKED: Mapping[Step, Database] = {Step.INITIAL: Database.LAYOUT, Step.EXTENTS: Database.CAPTIONS}
"""The database that a step holds locked from its beginning to its end."""


@dataclass(frozen=True, order=True)
class StepKey:
    """A step of a video; ``item_id`` is the caption that is read."""

    video_id: str
    step: Step
    item_id: str = ""


@dataclass(frozen=True)
class StepRow:
    """A step as it stands."""

    key: StepKey
    state: StepState
    queued_at: datetime
    updated_at: datetime
    priority: int

    @classmethod
    def of(cls, row: Any) -> "StepRow":
        return cls(
            StepKey(row.video_id, Step(row.step), row.item_id),
            StepState(Status(row.status), row.error, row.run_token, row.attempts),
            datetime.fromisoformat(row.queued_at),
            datetime.fromisoformat(row.updated_at),
            row.priority,
        )


class StepStates:
    """The steps of all videos; every move is one that `StepState` allows."""

    def __init__(self, engine: Engine, clock: StoreClock) -> None:
        self._engine = engine
        self._clock = clock

    def get(self, key: StepKey) -> StepRow | None:
        """A step as it stands; None if it was never queued."""
        with reading(self._engine) as connection:
            return _row(connection, key)

    def queue(self, key: StepKey, *, by_person: bool = False) -> StepRow:
        """Have a step done, or done again; one that waits stays as it is, one in work is refused."""
        with writing(self._engine) as connection:
            row = self._entered(connection, key)
            if row.state.status is Status.QUEUED:
                return row
            return self._queued_again(connection, row, by_person=by_person)

    def queue_for_run(self, key: StepKey, *, by_person: bool = False) -> None:
        """Queue a step for a run that was called directly; one in work is left to the run that does it."""
        with writing(self._engine) as connection:
            row = self._entered(connection, key)
            if row.state.status in {Status.READY, Status.ERROR}:
                self._queued_again(connection, row, by_person=by_person)

    def claim(self, key: StepKey, run_token: str) -> bool:
        """Take a queued step, so that nobody else does; one statement decides."""
        with writing(self._engine) as connection:
            claimed = {
                "status": Status.PROCESSING,
                "run_token": run_token,
                "attempts": processing_state.c.attempts + 1,
                "updated_at": stamp(connection, self._clock),
            }
            queued = and_(_named(key), processing_state.c.status == Status.QUEUED)
            return connection.execute(update(processing_state).where(queued).values(**claimed)).rowcount == 1

    def finish(self, key: StepKey, run_token: str) -> None:
        """Everything is stored; `LockLostError` if the step is another run's by now."""
        self._end(key, run_token, Status.READY, lambda state: state.ready(run_token))

    def fail(self, key: StepKey, run_token: str, error: str) -> None:
        """Write down why it ended; `LockLostError` if the step is another run's by now."""
        self._end(key, run_token, Status.ERROR, lambda state: state.failed(run_token, error))

    def give_up(self, row: StepRow) -> bool:
        """Mark a step whose worker is lost, unless it has moved since it was looked at."""
        with writing(self._engine) as connection:
            current = _row(connection, row.key, locked=True)
            if current is None or current.state != row.state:
                return False
            self._store(connection, replace(current, state=current.state.lost()))
        return True

    def restart_failed(self) -> list[StepKey]:
        """Queue again what failed, as long as automatic restarts are left."""
        failed = select(processing_state).where(processing_state.c.status == Status.ERROR)
        with writing(self._engine) as connection:
            rows = map(StepRow.of, connection.execute(failed.with_for_update()).all())
            again = [row for row in rows if may_restart_itself(row.state)]
            for row in again:
                self._queued_again(connection, row, by_person=False)
        return [row.key for row in again]

    def waiting(self) -> list[tuple[StepRow, str]]:
        """All queued steps of videos that are there, each with the tenant of its video."""
        query = (
            select(processing_state, videos.c.tenant_id)
            .join(videos, videos.c.video_id == processing_state.c.video_id)
            .where(processing_state.c.status == Status.QUEUED, videos.c.deleted_at.is_(None))
        )
        with reading(self._engine) as connection:
            return [(StepRow.of(row), row.tenant_id) for row in connection.execute(query)]

    def in_work(self) -> list[StepRow]:
        """All steps that a run has claimed."""
        query = select(processing_state).where(processing_state.c.status == Status.PROCESSING)
        with reading(self._engine) as connection:
            return [StepRow.of(row) for row in connection.execute(query)]

    def note_priorities(self, priorities: Mapping[StepKey, int]) -> None:
        """Write down how urgent steps are."""
        with writing(self._engine) as connection:
            for key, value in priorities.items():
                connection.execute(update(processing_state).where(_named(key)).values(priority=value))

    def _entered(self, connection: Connection, key: StepKey) -> StepRow:
        now = stamp(connection, self._clock)
        values = {"video_id": key.video_id, "step": key.step, "item_id": key.item_id}
        fresh = insertion(connection, processing_state).values(
            **values, status=Status.QUEUED, queued_at=now, updated_at=now
        )
        connection.execute(fresh.on_conflict_do_nothing())
        return _there(connection, key)

    def _queued_again(self, connection: Connection, row: StepRow, *, by_person: bool) -> StepRow:
        state = row.state.queued_again(by_person=by_person)
        return self._store(connection, replace(row, state=state, queued_at=now_of(connection, self._clock)))

    def _end(self, key: StepKey, run_token: str, end: Status, moved: Callable[[StepState], StepState]) -> None:
        with writing(self._engine) as connection:
            row = _there(connection, key)
            # A write that is repeated, because its answer was lost, has been done already.
            if (row.state.status, row.state.run_token) != (end, run_token):
                self._store(connection, replace(row, state=moved(row.state)))

    def _store(self, connection: Connection, row: StepRow) -> StepRow:
        state, now = row.state, now_of(connection, self._clock)
        values = {"status": state.status, "error": state.error, "run_token": state.run_token}
        moments = {"attempts": state.attempts, "queued_at": iso(row.queued_at), "updated_at": iso(now)}
        connection.execute(update(processing_state).where(_named(row.key)).values(**values, **moments))
        return replace(row, updated_at=now)


def _row(connection: Connection, key: StepKey, *, locked: bool = False) -> StepRow | None:
    query = select(processing_state).where(_named(key))
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    return None if row is None else StepRow.of(row)


def _there(connection: Connection, key: StepKey) -> StepRow:
    row = _row(connection, key, locked=True)
    if row is None:
        raise NotFoundError(f"step {key.step} of video {key.video_id!r:.140} was never queued. Queue it first.")
    return row


def _named(key: StepKey) -> ColumnElement[bool]:
    table = processing_state.c
    return and_(table.video_id == key.video_id, table.step == key.step, table.item_id == key.item_id)
