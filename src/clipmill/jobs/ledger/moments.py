"""Times as the ledger keeps them.

Convention: in the database a time is whole microseconds since the start of 1970, UTC, so that both databases compare
and subtract alike; in values it is an aware `datetime`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.types import TypeDecorator

_START = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT = timedelta(microseconds=1)

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    return datetime.now(UTC)


def microseconds(span: timedelta) -> int:
    return span // _UNIT


def since_start(at: datetime) -> int:
    """The number that the database keeps.

    >>> since_start(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    return microseconds(at - _START)


def from_start(number: int) -> datetime:
    """The time that the database kept as this number."""
    return _START + number * _UNIT


def iso(at: datetime) -> str:
    """As events and payloads write it, to the millisecond.

    >>> iso(datetime(1970, 1, 2, tzinfo=UTC))
    '1970-01-02T00:00:00.000Z'
    """
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Moment(TypeDecorator[datetime]):
    """A column that holds a time."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        del dialect
        return None if value is None else since_start(value)

    def process_result_value(self, value: Any | None, dialect: Any) -> datetime | None:
        del dialect
        return None if value is None else from_start(value)
