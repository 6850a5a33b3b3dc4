"""Who may write a database of a video: one at a time, for as long as a lease is renewed.

Convention: ``fence`` grows by one with each new holder, so that a file knows the latest lock under which it was
written.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, update

from clipmill.jobs.caption_book.inserting import insertion
from clipmill.jobs.caption_book.store_clock import StoreClock, at
from clipmill.jobs.caption_book.tables import database_locks, processing_state
from clipmill.jobs.ledger.database import writing
from clipmill.jobs.ledger.moments import iso
from clipmill.media.captions.states import Status

LEASE_S = 120.0


class Database(StrEnum):
    """What is locked: a database of one video, which flows and human editors write."""

    LAYOUT = "layout"
    CAPTIONS = "captions"
    EXTENTS = "extents"


@dataclass(frozen=True)
class Lock:
    """A hold on one database; only who knows ``token`` may renew it or give it back."""

    video_id: str
    database: Database
    token: str
    fence: int


class Locks:
    """The locks of all videos."""

    def __init__(self, engine: Engine, clock: StoreClock) -> None:
        self._engine = engine
        self._clock = clock

    def acquire(self, video_id: str, database: Database, holder: str) -> Lock | None:
        """The lock, unless another's lease has not run out; one statement decides."""
        table, now = database_locks, self._clock
        named = and_(table.c.video_id == video_id, table.c.database_name == database)
        taken = {
            "token": secrets.token_hex(16),
            "holder": holder,
            "acquired_at": now(),
            "expires_at": now() + LEASE_S,
        }
        with writing(self._engine) as connection:
            before = connection.execute(select(table.c.holder, table.c.expires_at).where(named)).one_or_none()
            claim = insertion(connection, table).values(video_id=video_id, database_name=database, fence=1, **taken)
            over = claim.on_conflict_do_update(
                index_elements=[table.c.video_id, table.c.database_name],
                set_={**taken, "fence": table.c.fence + 1},
                where=table.c.expires_at <= now(),
            )
            row = connection.execute(over.returning(table.c.token, table.c.fence)).one_or_none()
            if row is not None and before is not None:
                _note_end(connection, video_id, before)
        return None if row is None else Lock(video_id, database, row.token, row.fence)

    def renew(self, lock: Lock) -> bool:
        """Hold it for another whole lease; false once the lease has run out or another holds it."""
        alive = database_locks.c.expires_at > self._clock()
        return self._changed(lock, alive, expires_at=self._clock() + LEASE_S)

    def release(self, lock: Lock) -> bool:
        """Give it back at once; the token of an earlier holder changes nothing."""
        return self._changed(lock, token=None, expires_at=0.0)

    def _changed(self, lock: Lock, *further: ColumnElement[bool], **values: Any) -> bool:
        table = database_locks.c
        own = and_(table.video_id == lock.video_id, table.database_name == lock.database, table.token == lock.token)
        with writing(self._engine) as connection:
            done = connection.execute(update(database_locks).where(own, *further).values(**values))
        return done.rowcount == 1


def _note_end(connection: Connection, video_id: str, before: Any) -> None:
    """Keep with its step until when a run held the lock that is another's now; steps of a whole video hold one throughout."""
    table, ended = processing_state.c, iso(at(before.expires_at))
    own = and_(table.video_id == video_id, table.item_id == "", table.run_token == before.holder)
    later = and_(table.status == Status.PROCESSING, table.updated_at < ended)
    connection.execute(update(processing_state).where(own, later).values(updated_at=ended))
