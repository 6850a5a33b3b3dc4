"""The record of captioned videos in a database, the ledger's own or one of its own."""

from datetime import datetime
from typing import Self

from sqlalchemy import Engine

from clipmill.jobs.caption_book.locks import Locks
from clipmill.jobs.caption_book.steps import StepKey, StepStates
from clipmill.jobs.caption_book.store_clock import StoreClock, StoreNow, now_of
from clipmill.jobs.caption_book.sweeping import sweep
from clipmill.jobs.caption_book.versions import Versions
from clipmill.jobs.caption_book.videos import Videos
from clipmill.jobs.ledger.database import open_engine, reading
from clipmill.jobs.ledger.schema import upgrade


class CaptionBook:
    """Videos, the state of their steps, their locks and versions. Time is that of the database."""

    def __init__(self, engine: Engine, clock: StoreClock = StoreNow) -> None:
        self.videos = Videos(engine, clock)
        self.steps = StepStates(engine, clock)
        self.locks = Locks(engine, clock)
        self.versions = Versions(engine, clock)
        self._engine = engine
        self._clock = clock

    @classmethod
    def open(cls, url: str) -> Self:
        """The book at ``sqlite:///path`` or ``postgresql://user@host/name``, made or upgraded if need be."""
        engine = open_engine(url)
        upgrade(engine)
        return cls(engine)

    def close(self) -> None:
        self._engine.dispose()

    def now(self) -> datetime:
        """What time it is by the database."""
        with reading(self._engine) as connection:
            return now_of(connection, self._clock)

    def sweep(self) -> list[StepKey]:
        """Give up the steps whose workers are lost, so that they can be restarted; which ones."""
        return sweep(self._engine, self._clock, self.steps)
