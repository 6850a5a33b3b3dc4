"""raw-ocr.db: every line that was read on every full frame, and how reading each frame went."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

from clipmill.engines.caption_databases.cells import as_json, coordinate, from_json, share
from clipmill.engines.caption_databases.database import Stamp, new_database, open_database
from clipmill.engines.caption_databases.schema import RAW_OCR

_FRAME = "INSERT INTO ocr_frames VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LINE = (
    "INSERT INTO full_frame_ocr (frame_index, box_index, text, confidence, bbox_left, bbox_top, bbox_right, bbox_bottom, "
    "polygon_json, words_json, chars_json, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LINES = (
    "SELECT text, confidence, bbox_left, bbox_top, bbox_right, bbox_bottom, polygon_json, words_json, chars_json "
    "FROM full_frame_ocr WHERE frame_index = ? ORDER BY box_index"
)


class FrameStatus(StrEnum):
    """How reading a frame went; a frame that failed is never one without text."""

    TEXT = "text"
    EMPTY = "empty"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class OcrLineRow:
    """One line; its polygon, words and characters are plain JSON values, None where the engine gives none."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float
    polygon: Any = None
    words: Any = None
    chars: Any = None


@dataclass(frozen=True, slots=True)
class OcrFrameRow:
    """One full frame; ``attempts`` is 2 where it was tried alone, ``error`` is told of a failed frame only."""

    frame_index: int
    time: Fraction
    engine: str = ""
    engine_version: str = ""
    attempts: int = 1
    lines: Sequence[OcrLineRow] = ()
    error_code: str | None = None
    error: str | None = None

    @property
    def status(self) -> FrameStatus:
        if self.error is not None:
            return FrameStatus.FAILED
        return FrameStatus.TEXT if self.lines else FrameStatus.EMPTY


def write_raw_ocr(path: Path, frames: Iterable[OcrFrameRow], stamp: Stamp | None = None) -> None:
    """Write what was read; frames may come one by one."""
    settled = stamp or Stamp()
    with new_database(path, RAW_OCR, settled) as connection:
        for frame in frames:
            connection.execute(_FRAME, _frame_cells(frame))
            connection.executemany(_LINE, (_line_cells(frame, at, settled) for at in range(len(frame.lines))))


def read_raw_ocr(path: Path) -> list[OcrFrameRow]:
    """Every frame with its lines, in order."""
    with open_database(path, RAW_OCR) as connection:
        found = connection.execute("SELECT * FROM ocr_frames ORDER BY frame_index").fetchall()
        return [_frame_row(cells, connection) for cells in found]


def _frame_cells(frame: OcrFrameRow) -> tuple[Any, ...]:
    return (
        frame.frame_index,
        float(frame.time),
        frame.status.value,
        frame.attempts,
        len(frame.lines),
        frame.engine,
        frame.engine_version,
        frame.error_code,
        frame.error,
    )


def _line_cells(frame: OcrFrameRow, at: int, stamp: Stamp) -> tuple[Any, ...]:
    line = frame.lines[at]
    sides = map(coordinate, (line.left, line.top, line.right, line.bottom))
    nested = map(as_json, (line.polygon, line.words, line.chars))
    return (frame.frame_index, at, line.text, share(line.confidence), *sides, *nested, stamp.created_at)


def _frame_row(cells: Sequence[Any], connection: sqlite3.Connection) -> OcrFrameRow:
    index, seconds, _, attempts, _, engine, engine_version, error_code, error = cells
    lines = [
        OcrLineRow(*plain, *map(from_json, nested))
        for *plain, polygon, words, chars in connection.execute(_LINES, (index,))
        for nested in [(polygon, words, chars)]
    ]
    time = Fraction(seconds).limit_denominator(10**6)
    return OcrFrameRow(index, time, engine, engine_version, attempts, lines, error_code, error)
