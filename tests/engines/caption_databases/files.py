"""Databases with something in them, and ways to look into them from outside."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from clipmill.engines.caption_databases.captions import CaptionRecord, edited_captions
from clipmill.engines.caption_databases.database import Stamp
from clipmill.engines.caption_databases.extents import ExtentsRun, write_extents
from clipmill.engines.caption_databases.layout import BoxRow, LayoutContent, write_layout
from clipmill.engines.caption_databases.raw_ocr import OcrFrameRow, OcrLineRow, write_raw_ocr
from clipmill.media.captions.boundaries import PredictedCaption
from clipmill.media.captions.manifest import ModelFacts
from clipmill.media.captions.region import CropRegion

STAMP = Stamp(Fraction(10), "2026-01-02T03:04:05.678Z")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RATE = Fraction(10)


def rows(path: Path, query: str, *cells: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, cells).fetchall()


def change(path: Path, *statements: str) -> None:
    """Change a file behind our back, as another program would."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def raw_ocr(path: Path, *, text: str = "Hello") -> Path:
    line = OcrLineRow(text, 0.75, 0.1, 0.8, 0.9, 0.9, polygon=[[0.1, 0.8]], words=[{"text": text, "confidence": 0.5}])
    frames = [
        OcrFrameRow(0, Fraction(0), "rapidocr", "3.8", lines=[line, line]),
        OcrFrameRow(100, Fraction(10), "rapidocr", "3.8"),
        OcrFrameRow(200, Fraction(20), "rapidocr", "3.8", attempts=2, error_code="ocr_failed", error="went away"),
    ]
    write_raw_ocr(path, frames, STAMP)
    return path


def layout(path: Path) -> Path:
    boxes = [BoxRow(0, 0, 0.1, 0.8, 0.9, 0.9, "Hello", 0.75, label="in"), BoxRow(0, 1, 0.0, 0.0, 0.1, 0.1, stale=True)]
    write_layout(path, LayoutContent(boxes), STAMP)
    return path


def extents(path: Path, *, version: int = 1, captions: int = 1) -> Path:
    run = ExtentsRun(
        "run-1", version, 4, RATE, CropRegion(0.1, 0.8, 0.9, 0.9), ModelFacts("strokes", "1", "0" * 64), NOON, NOON
    )
    sure = (0.96, 0.01, 0.01, 0.01, 0.01)
    found = [PredictedCaption(at, at + 1, 0.96) for at in range(captions)]
    write_extents(path, run, [sure] * 3, [sure] * 3, found)
    return path


def captions(path: Path, *records: CaptionRecord) -> Path:
    with edited_captions(None, path, RATE) as table:
        table.insert(records or [CaptionRecord("a", 10, 20), CaptionRecord("b", 20, 30, text="Hello")])
    return path
