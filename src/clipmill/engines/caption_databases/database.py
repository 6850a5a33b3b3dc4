"""A database as a file: written whole, opened with suspicion, edited as a copy.

Convention: a finished file is compact, has no journal beside it and no page that was used before, so that equal
content gives equal bytes.
"""

import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from clipmill.engines.caption_databases.gzipped import decompressed
from clipmill.engines.caption_databases.schema import METADATA, Schema
from clipmill.errors import CorruptArtifactError, InvalidParameterError, LockLostError, SchemaMismatchError

USUAL_RATE = Fraction(10)

_MAGIC = b"SQLite format 3\x00"
_COORD_SPACE = "fraction-top-left"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the first table of a new file says: frames a second, when it was made, and under which lock."""

    frame_rate: Fraction = USUAL_RATE
    created_at: str = field(default_factory=lambda: timestamp(datetime.now(UTC)))
    last_fence: int = 0


def timestamp(moment: datetime) -> str:
    """A moment as the databases write it.

    >>> timestamp(datetime(2026, 1, 2, 3, 4, 5, 678900, UTC))
    '2026-01-02T03:04:05.678Z'
    """
    if moment.tzinfo is None:
        raise InvalidParameterError(
            f"time {moment.isoformat()}: expected one with its time zone. Say which one is meant."
        )
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def new_database(path: Path, schema: Schema, stamp: Stamp) -> Generator[sqlite3.Connection]:
    """Fill a new file in the block; it is at ``path`` once the block ends well, and not before."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        with closing(_connected(draft)) as connection:
            create(connection, schema, stamp)
            yield connection
            finish(connection, path)
    except sqlite3.IntegrityError as fault:
        raise InvalidParameterError(
            f"{path.name}: a value that the database refuses: {fault}. Send fractions 0..1 and ranges that begin "
            "before they end."
        ) from fault
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def open_database(path: Path, schema: Schema) -> Generator[sqlite3.Connection]:
    """Read a file, compressed or not, of this version of its form or an older one."""
    beside = path.with_name(f"{path.name}.unpacked")
    try:
        plain = decompressed(path, beside)
        with closing(_checked(plain, path.name)) as connection:
            _known(connection, schema, path.name)
            yield connection
    except sqlite3.DatabaseError as fault:
        raise _corrupt(path.name, str(fault)) from fault
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def edited_copy(path: Path, target: Path, schema: Schema) -> Generator[sqlite3.Connection]:
    """Change a copy in the block, in one transaction; ``target`` is there once the block ends well."""
    draft = target.with_name(f"{target.name}.draft")
    beside = target.with_name(f"{target.name}.unpacked")
    try:
        plain = decompressed(path, beside)
        # Read and checked before a byte of it is changed.
        with closing(_checked(plain, path.name)) as connection:
            _known(connection, schema, path.name)
        shutil.copyfile(plain, draft)
        with closing(_connected(draft)) as connection:
            yield connection
            finish(connection, target)
    finally:
        for left in (draft, beside):
            left.unlink(missing_ok=True)


def create(connection: sqlite3.Connection, schema: Schema, stamp: Stamp) -> None:
    """Make the tables of a form, and its line of metadata."""
    for statement in _statements(METADATA + schema.statements):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO database_metadata (id, schema_name, schema_version, coord_space, frame_rate, created_at, last_fence) "
        "VALUES (1, ?, ?, ?, ?, ?, ?)",
        (schema.name, schema.version, _COORD_SPACE, float(stamp.frame_rate), stamp.created_at, stamp.last_fence),
    )


def finish(connection: sqlite3.Connection, path: Path) -> None:
    """Commit, check, and write a compact copy to ``path``."""
    connection.commit()
    if fault := _integrity_fault(connection):
        raise _corrupt(path.name, fault)
    path.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(path),))


def metadata_of(connection: sqlite3.Connection) -> dict[str, Any]:
    """What a file says about itself, by column; empty where it says nothing."""
    cursor = connection.execute("SELECT * FROM database_metadata")
    row = cursor.fetchone()
    return {column[0]: cell for column, cell in zip(cursor.description, row, strict=True)} if row else {}


def require_rate(connection: sqlite3.Connection, rate: Fraction, name: str) -> None:
    """Refuse a file whose frames are of another length."""
    found = metadata_of(connection)["frame_rate"]
    if found != float(rate):
        raise SchemaMismatchError(
            f"{name}: counts frames at {found:g} a second, expected {float(rate):g}. "
            "Run with the rate of the file, or move the file away."
        )


def raise_fence(connection: sqlite3.Connection, fence: int | None, name: str) -> None:
    """Note under which lock a file is written; one that a later lock has written is left alone."""
    if fence is not None:
        risen = risen_fence(metadata_of(connection)["last_fence"], fence, name)
        connection.execute("UPDATE database_metadata SET last_fence = ?", (risen,))


def risen_fence(last: int, fence: int | None, name: str) -> int:
    """The fence of a file that replaces one written under lock ``last``; without a lock of its own it keeps that."""
    if fence is None:
        return last
    if last > fence:
        raise LockLostError(
            f"{name}: was written under lock {last}, later than {fence}, the lock of this run. Nothing was replaced; run it again."
        )
    return fence


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table; none where there is no such table."""
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    # The draft is thrown away if anything goes wrong, so it needs no journal; erased content must not linger in pages.
    for pragma in ("journal_mode = MEMORY", "synchronous = OFF", "secure_delete = ON", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _checked(path: Path, name: str) -> sqlite3.Connection:
    """A connection that can only read, to a file that is whole."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise _corrupt(name, "no SQLite file")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        fault = _integrity_fault(connection)
    except sqlite3.DatabaseError as error:
        fault = str(error)
    if fault:
        connection.close()
        raise _corrupt(name, fault)
    return connection


def _known(connection: sqlite3.Connection, schema: Schema, name: str) -> None:
    """Refuse a file of another kind, or of a version that only a newer clipmill knows."""
    if not columns_of(connection, "database_metadata"):
        raise _corrupt(name, "has no table database_metadata")
    metadata = metadata_of(connection)
    kind, version = metadata.get("schema_name", ""), metadata.get("schema_version", 0)
    if kind not in ("", schema.name):
        raise SchemaMismatchError(f"{name}: is a database of {kind!r}, expected {schema.name!r}. Name the right file.")
    if version > schema.version:
        raise SchemaMismatchError(
            f"{name}: schema {version} is newer than {schema.version}, the newest known here. Use a newer clipmill."
        )


def _integrity_fault(connection: sqlite3.Connection) -> str:
    told = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")]
    return "" if told == ["ok"] else "; ".join(told) or "no answer to integrity_check"


def _corrupt(name: str, fault: str) -> CorruptArtifactError:
    return CorruptArtifactError(f"{name}: {fault}. Restore the file, or delete it and run again.")


def _statements(script: str) -> Generator[str]:
    """The single statements of a script; a trigger is one, with the statements inside it."""
    lines = ""
    for line in script.splitlines():
        lines += f"{line}\n"
        if sqlite3.complete_statement(lines):
            yield lines.strip()
            lines = ""
