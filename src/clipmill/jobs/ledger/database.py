"""The database below a ledger: SQLite in a file or PostgreSQL, opened so that both keep the same promises."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from clipmill.errors import InvalidRequestError, StorageUnavailableError
from clipmill.storage.redact import redact

_BUSY_S = 30
_READS = "clipmill_reads"
_EITHER: dict[str, Any] = {
    # A request may hold secrets: no statement is ever shown with its values.
    "hide_parameters": True,
    "json_serializer": partial(json.dumps, allow_nan=False),
}


def open_engine(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://user@host/name``; nothing is connected yet."""
    place = _place(url)
    if place.get_backend_name() == "postgresql":
        return create_engine(place, **_EITHER, pool_pre_ping=True, isolation_level="READ COMMITTED")
    _make_file(place)
    engine = create_engine(place, **_EITHER, connect_args={"timeout": _BUSY_S})
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """One transaction that changes something; on SQLite there is one at a time."""
    with _told(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """A transaction that only looks, and waits for nobody."""
    with _told(engine), engine.connect() as connection:
        yield connection.execution_options(**{_READS: True})


def one_at_a_time(connection: Connection, what: str) -> None:
    """Wait until no other transaction is at the same; it holds until this one ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})


def _place(url: str) -> URL:
    try:
        place = make_url("postgresql" + url.removeprefix("postgres") if url.startswith("postgres:") else url)
    except ArgumentError:
        raise _unknown(url) from None
    match place.drivername:
        case "sqlite" if place.database and place.database != ":memory:":
            return place
        case "postgresql" | "postgresql+psycopg":
            return place.set(drivername="postgresql+psycopg")
        case _:
            raise _unknown(url)


def _unknown(url: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"a ledger cannot be kept at {redact(url)!r:.200}. Use sqlite:///path/to/file or postgresql://user@host/name."
    )


def _make_file(place: URL) -> None:
    """The file is for its owner only: it holds the secrets of webhooks."""
    path = Path(str(place.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


def _settle(connection: Any, _record: Any) -> None:
    # SQLAlchemy says when a transaction begins; the driver must not.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    only_looks = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if only_looks else "BEGIN IMMEDIATE")


@contextmanager
def _told(engine: Engine) -> Generator[None]:
    try:
        yield
    except OperationalError as fault:
        place = engine.url.render_as_string(hide_password=True)
        raise StorageUnavailableError(
            f"the ledger at {redact(place)} does not answer: {redact(str(fault.orig))}. "
            "Check that the database runs and is not locked, then try again."
        ) from fault
