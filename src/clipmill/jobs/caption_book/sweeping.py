"""Finds steps whose worker died: its lease has been over for a while, or its reading takes longer than it may."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from clipmill.jobs.caption_book.steps import LOCKED, Step, StepKey, StepRow, StepStates
from clipmill.jobs.caption_book.store_clock import StoreClock, at, now_of
from clipmill.jobs.caption_book.tables import database_locks
from clipmill.jobs.ledger.database import reading
from clipmill.media.captions.states import lost_reading, lost_with_lease

READING_TIMEOUT = timedelta(seconds=300)


def sweep(engine: Engine, clock: StoreClock, steps: StepStates) -> list[StepKey]:
    """Give up every step that was left by its worker; which ones."""
    with reading(engine) as connection:
        now = now_of(connection, clock)
        locks = {(row.video_id, row.database_name): row for row in connection.execute(select(database_locks))}
    lost = [row for row in steps.in_work() if _left(row, locks, now)]
    return [row.key for row in lost if steps.give_up(row)]


def _left(row: StepRow, locks: dict[tuple[str, str], Any], now: datetime) -> bool:
    if row.key.step is Step.CAPTION_OCR:
        return lost_reading(row.updated_at, now, READING_TIMEOUT)
    lock = locks.get((row.key.video_id, LOCKED[row.key.step]))
    return lost_with_lease(_lease_end(row, lock), now)


def _lease_end(row: StepRow, lock: Any) -> datetime:
    """Until when the run of a step holds its lock; whoever takes it over writes that down with the step."""
    if lock is None or lock.holder != row.state.run_token:
        return row.updated_at
    return max(row.updated_at, at(lock.expires_at))
