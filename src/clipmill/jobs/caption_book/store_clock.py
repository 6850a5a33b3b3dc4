"""What time it is by the database, so that machines whose clocks differ agree about leases.

Convention: seconds since 1970, UTC.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from clipmill.jobs.ledger.moments import iso

StoreClock = Callable[[], ColumnElement[float]]
"""An expression of SQL for the present moment."""

_START = datetime(1970, 1, 1, tzinfo=UTC)


class StoreNow(GenericFunction[float]):
    """The moment at which the database works on a statement."""

    type = Double()
    inherit_cache = True
    name = "clipmill_now"


@compiles(StoreNow, "sqlite")
def _sqlite(_now: Any, _compiler: Any, **_more: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(StoreNow, "postgresql")
def _postgresql(_now: Any, _compiler: Any, **_more: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


def now_of(connection: Connection, clock: StoreClock) -> datetime:
    """The present moment."""
    return at(connection.execute(select(clock())).scalar_one())


def at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)


def stamp(connection: Connection, clock: StoreClock) -> str:
    """The present moment as the tables keep it in text."""
    return iso(now_of(connection, clock))
