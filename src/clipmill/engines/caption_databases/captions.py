"""captions.db: the captions of a video as people and runs see them, row by row.

Convention: a caption is shown on the frames ``[start_frame, end_frame)``; no two rows overlap. A ``text`` of None is not
annotated yet, an empty one says that there is no text. Files of schema 2, whose ends were inclusive, are read as well.
"""

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from clipmill.engines.caption_databases.cells import share
from clipmill.engines.caption_databases.database import (
    Stamp,
    columns_of,
    edited_copy,
    metadata_of,
    new_database,
    open_database,
    raise_fence,
    require_rate,
    timestamp,
)
from clipmill.engines.caption_databases.schema import CAPTIONS
from clipmill.errors import CorruptArtifactError, InvalidParameterError, NotFoundError, SchemaMismatchError

_INCLUSIVE_START, _INCLUSIVE_END = "start_frame_index", "end_frame_index"
_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ','now')"


@dataclass(frozen=True, slots=True)
class CaptionRecord:
    """One caption, named as its columns are; times of None mean now."""

    id: str
    start_frame: int
    end_frame: int
    cropped_frames_version: int | None = None
    run_id: str | None = None
    caption_frame_extents_state: str = "predicted"
    caption_frame_extents_pending: int = 1
    extents_confidence: float | None = None
    caption_frame_extents_updated_at: str | None = None
    text: str | None = None
    text_pending: int = 1
    text_status: str | None = None
    text_notes: str | None = None
    text_updated_at: str | None = None
    image_needs_regen: int = 0
    caption_ocr: str | None = None
    caption_ocr_confidence: float | None = None
    caption_ocr_frame_count: int | None = None
    caption_ocr_engine: str | None = None
    caption_ocr_status: str = "queued"
    caption_ocr_error: str | None = None
    caption_ocr_processed_at: str | None = None
    created_at: str | None = None


_COLUMNS = tuple(column.name for column in fields(CaptionRecord))
_TIMES = frozenset({"caption_frame_extents_updated_at", "text_updated_at", "created_at"})
_SHARES = ("extents_confidence", "caption_ocr_confidence")
_SELECTION = f"SELECT {', '.join(_COLUMNS)} FROM captions"  # noqa: S608
_INSERTION = (
    f"INSERT INTO captions ({', '.join(_COLUMNS)}) VALUES "  # noqa: S608
    f"({', '.join(f'COALESCE(?, {_NOW})' if name in _TIMES else '?' for name in _COLUMNS)})"
)


@dataclass(frozen=True, slots=True)
class CaptionsContent:
    """Everything in a captions.db; ``frame_rate`` is frames a second."""

    rows: tuple[CaptionRecord, ...]
    frame_rate: float
    last_fence: int


class CaptionsTable:
    """The rows of a file that is being edited; what fails undoes the whole edit."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    def rows(self) -> list[CaptionRecord]:
        """All captions in the order of the video."""
        found = self._connection.execute(f"{_SELECTION} ORDER BY start_frame, end_frame, id")
        return [CaptionRecord(*cells) for cells in found]

    def insert(self, rows: Iterable[CaptionRecord]) -> None:
        """Add captions; one that overlaps another is refused."""
        self._run(_INSERTION, [_cells(row) for row in rows])

    def delete(self, ids: Iterable[str]) -> None:
        """Remove captions; those that are gone already are no fault."""
        self._run("DELETE FROM captions WHERE id = ?", [(each,) for each in ids])

    def change(self, caption_id: str, **cells: Any) -> None:
        """Set some columns of one caption."""
        if unknown := cells.keys() - set(_COLUMNS):
            raise InvalidParameterError(f"{self._name}: captions have no columns {', '.join(sorted(unknown))}.")
        settled = {name: share(value) if name in _SHARES else value for name, value in cells.items()}
        assignments = ", ".join(f"{name} = ?" for name in settled)
        statement = f"UPDATE captions SET {assignments} WHERE id = ?"  # noqa: S608
        if self._run(statement, [(*settled.values(), caption_id)]) != 1:
            raise NotFoundError(
                f"{self._name}: there is no caption {caption_id!r:.140}. It may have been deleted meanwhile."
            )

    def _run(self, statement: str, cells: Sequence[tuple[Any, ...]]) -> int:
        try:
            return self._connection.executemany(statement, cells).rowcount
        except sqlite3.IntegrityError as fault:
            raise InvalidParameterError(
                f"{self._name}: a row that the database refuses: {fault}. Send ranges that begin before they end "
                "and do not overlap."
            ) from fault


@contextmanager
def edited_captions(
    path: Path | None, target: Path, rate: Fraction, fence: int | None = None
) -> Generator[CaptionsTable]:
    """Edit the captions of a file in the block; ``target`` is there once the block ends well.

    Without a ``path`` the file is a new one. With a ``fence``, that of the lock under which it is written, a file
    written under a later lock is refused; without one the file keeps its own.
    """
    if path is None:
        with new_database(target, CAPTIONS, Stamp(rate, last_fence=fence or 0)) as connection:
            yield CaptionsTable(connection, target.name)
        return
    with _of_this_form(path, target) as current, edited_copy(current, target, CAPTIONS) as connection:
        require_rate(connection, rate, path.name)
        raise_fence(connection, fence, path.name)
        yield CaptionsTable(connection, path.name)


def read_captions(path: Path) -> CaptionsContent:
    """All captions of a file, compressed or not, in the order of the video."""
    with open_database(path, CAPTIONS) as connection:
        return _content(connection, path.name)


@contextmanager
def _of_this_form(path: Path, target: Path) -> Generator[Path]:
    """The file, or a migrated copy of it for as long as the block runs."""
    migrated = target.with_name(f"{target.name}.migrated")
    with open_database(path, CAPTIONS) as connection:
        metadata = metadata_of(connection)
        older = _content(connection, path.name) if metadata["schema_version"] < CAPTIONS.version else None
    if older is None:
        yield path
        return
    try:
        rate = Fraction(older.frame_rate).limit_denominator(10**6)
        stamp = Stamp(rate, metadata.get("created_at", timestamp(datetime.now(UTC))), older.last_fence)
        with new_database(migrated, CAPTIONS, stamp) as connection:
            CaptionsTable(connection, path.name).insert(older.rows)
            connection.execute(f"UPDATE database_metadata SET migrated_at = {_NOW}")  # noqa: S608
        yield migrated
    except InvalidParameterError as fault:
        raise SchemaMismatchError(f"{path.name}: cannot be migrated: {fault.message}") from fault
    finally:
        migrated.unlink(missing_ok=True)


def _content(connection: sqlite3.Connection, name: str) -> CaptionsContent:
    found = columns_of(connection, "captions")
    if not found:
        raise CorruptArtifactError(f"{name}: has no table captions. Restore the file, or delete it and run again.")
    known = [column for column in _COLUMNS if column in found]
    bounds = (_INCLUSIVE_START, f"{_INCLUSIVE_END} + 1") if _INCLUSIVE_START in found else ()
    names = [*known, *(column for column in ("start_frame", "end_frame") if bounds)]
    chosen = ", ".join([*known, *bounds])
    rows = connection.execute(f"SELECT {chosen} FROM captions").fetchall()  # noqa: S608
    metadata = metadata_of(connection)
    settled = [_row(dict(zip(names, cells, strict=True))) for cells in rows]
    in_order = sorted(settled, key=lambda row: (row.start_frame, row.end_frame, row.id))
    return CaptionsContent(tuple(in_order), metadata.get("frame_rate", 10.0), metadata.get("last_fence", 0))


def _row(cells: dict[str, Any]) -> CaptionRecord:
    """A row of either form; numbers that were ids become text, what an older form left open gets its default."""
    given = {name: value for name, value in cells.items() if value is not None}
    given["id"] = str(given.get("id", ""))
    return CaptionRecord(**given)


def _cells(row: CaptionRecord) -> tuple[Any, ...]:
    return astuple(replace(row, **{name: share(getattr(row, name)) for name in _SHARES}))
