"""Files of every kind: compressed, damaged, newer, of equal content, and read back."""

import gzip
import math
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import pytest
from tests.engines.caption_databases import files

from clipmill.engines.caption_databases.captions import read_captions
from clipmill.engines.caption_databases.database import new_database, timestamp
from clipmill.engines.caption_databases.extents import read_extents
from clipmill.engines.caption_databases.gzipped import compress
from clipmill.engines.caption_databases.layout import BoxRow, LayoutConfigRow, LayoutContent, read_layout, write_layout
from clipmill.engines.caption_databases.raw_ocr import FrameStatus, OcrFrameRow, OcrLineRow, read_raw_ocr, write_raw_ocr
from clipmill.engines.caption_databases.schema import LAYOUT
from clipmill.errors import CorruptArtifactError, InvalidParameterError, SchemaMismatchError

MAKERS = {
    "raw_ocr": (files.raw_ocr, read_raw_ocr),
    "layout": (files.layout, read_layout),
    "extents": (files.extents, read_extents),
    "captions": (files.captions, read_captions),
}
every_kind = pytest.mark.parametrize("kind", MAKERS)


@every_kind
def test_either_form_of_a_file_is_read(kind: str, tmp_path: Path):
    make, read = MAKERS[kind]
    plain = make(tmp_path / "a.db")
    packed = tmp_path / "a.db.gz"
    compress(plain, packed)
    assert packed.read_bytes()[:2] == b"\x1f\x8b"
    assert read(packed) == read(plain)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "a.db.gz"]


@pytest.mark.parametrize("kind", ["raw_ocr", "layout", "extents"])
def test_equal_content_gives_equal_bytes_compressed_too(kind: str, tmp_path: Path):
    """Regression 14."""
    make, _ = MAKERS[kind]
    packed: list[bytes] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        compress(make(tmp_path / name / f"{name}.db"), tmp_path / f"{name}.gz")
        packed.append((tmp_path / f"{name}.gz").read_bytes())
    assert packed[0] == packed[1]
    assert struct.unpack("<I", packed[0][4:8]) == (0,)
    assert packed[0][3] == 0
    assert gzip.decompress(packed[0]).startswith(b"SQLite format 3\x00")


def test_what_was_there_and_went_leaves_no_bytes(tmp_path: Path):
    for name, detour in (("one", False), ("two", True)):
        with new_database(tmp_path / name, LAYOUT, files.STAMP) as connection:
            if detour:
                connection.executemany(
                    "INSERT INTO boxes (frame_index, box_index, text) VALUES (?, 0, 'gone')",
                    [(at,) for at in range(500)],
                )
                connection.execute("DELETE FROM boxes")
    one, two = (tmp_path / name for name in ("one", "two"))
    assert b"gone" not in two.read_bytes()
    # The header counts schema changes and writes of the file itself; there were as many.
    assert one.read_bytes() == two.read_bytes()


@every_kind
@pytest.mark.parametrize("harm", ["empty", "text", "cut", "page", "gzip"])
def test_a_damaged_file_is_refused(kind: str, harm: str, tmp_path: Path):
    make, read = MAKERS[kind]
    path = make(tmp_path / "a.db")
    data = path.read_bytes()
    harmed = {
        "empty": b"",
        "text": b"no database",
        "cut": data[: len(data) // 2],
        "page": data[:4096] + bytes(4096) + data[8192:],
        "gzip": gzip.compress(data)[:-20],
    }
    path.write_bytes(harmed[harm])
    with pytest.raises(CorruptArtifactError, match=r"a\.db"):
        read(path)
    assert [left.name for left in tmp_path.iterdir()] == ["a.db"]


@every_kind
def test_a_newer_schema_and_another_kind_of_file_are_refused(kind: str, tmp_path: Path):
    make, read = MAKERS[kind]
    path = make(tmp_path / "a.db")
    files.change(path, "UPDATE database_metadata SET schema_version = schema_version + 1")
    with pytest.raises(SchemaMismatchError, match="newer"):
        read(path)
    files.change(path, "UPDATE database_metadata SET schema_version = 1, schema_name = 'recipes'")
    with pytest.raises(SchemaMismatchError, match="recipes"):
        read(path)


def test_a_failed_frame_and_an_empty_one_are_told_apart(tmp_path: Path):
    """Regression 61."""
    frames = read_raw_ocr(files.raw_ocr(tmp_path / "a.db"))
    assert [frame.status for frame in frames] == [FrameStatus.TEXT, FrameStatus.EMPTY, FrameStatus.FAILED]
    assert [(frame.frame_index, frame.time, len(frame.lines), frame.attempts) for frame in frames] == [
        (0, 0, 2, 1),
        (100, 10, 0, 1),
        (200, 20, 0, 2),
    ]
    assert (frames[2].error_code, frames[2].error) == ("ocr_failed", "went away")
    assert frames[0].lines[1].words == [{"text": "Hello", "confidence": 0.5}]


@pytest.mark.parametrize(("given", "stored"), [(1 + 1e-7, 1.0), (1.2, 1.0), (-1e-9, 0.0), (0.25, 0.25)])
def test_a_confidence_is_pressed_into_its_range(given: float, stored: float, tmp_path: Path):
    """Regressions 31 and 58."""
    line = OcrLineRow("a", given, 0.0, 0.0, 1.0, 1.0)
    write_raw_ocr(tmp_path / "a.db", [OcrFrameRow(0, Fraction(0), lines=[line])])
    assert files.rows(tmp_path / "a.db", "SELECT confidence FROM full_frame_ocr") == [(stored,)]


@pytest.mark.parametrize("right", [1.001, 640.0, math.nan])
def test_a_coordinate_outside_of_the_frame_is_refused(right: float, tmp_path: Path):
    line = OcrLineRow("a", 1.0, 0.0, 0.0, right, 1.0)
    with pytest.raises(InvalidParameterError):
        write_raw_ocr(tmp_path / "a.db", [OcrFrameRow(0, Fraction(0), lines=[line])])
    assert not list(tmp_path.iterdir())


def test_rounding_over_an_edge_is_taken_back(tmp_path: Path):
    write_layout(tmp_path / "a.db", LayoutContent([BoxRow(0, 0, -1e-7, 0.0, 1 + 1e-7, 1.0)]))
    (box,) = read_layout(tmp_path / "a.db").boxes
    assert (box.bbox_left, box.bbox_right) == (0.0, 1.0)


def test_a_layout_is_read_as_it_was_written(tmp_path: Path):
    config = LayoutConfigRow(1280, 720, 0.1, 0.8, 0.9, 0.95, 3, "user", anchor_type="center", anchor_position=0.5)
    boxes = [
        BoxRow(
            0, 0, 0.1, 0.8, 0.9, 0.9, "Hello", 0.5, "in", "2026-01-01T00:00:00.000Z", "out", 0.9, "ticker", stale=True
        ),
        BoxRow(0, 1, 0.1, 0.8, 0.9, 0.9),
    ]
    content = LayoutContent(boxes, config, layout_approved=True, last_fence=7)
    write_layout(tmp_path / "a.db", content, files.STAMP)
    assert read_layout(tmp_path / "a.db") == replace(content, config=replace(config, updated_at=files.STAMP.created_at))


def test_an_older_layout_is_refused_once_it_holds_labels(tmp_path: Path):
    path = files.layout(tmp_path / "a.db")
    files.change(path, "UPDATE database_metadata SET schema_version = 1")
    before = path.read_bytes()
    with pytest.raises(SchemaMismatchError, match="labels"):
        read_layout(path)
    assert path.read_bytes() == before
    files.change(path, "UPDATE boxes SET label = NULL")
    assert read_layout(path) == LayoutContent()


def test_extents_are_read_as_they_were_written(tmp_path: Path):
    told = read_extents(files.extents(tmp_path / "a.db", version=3, captions=2))
    assert (told.version, told.frame_count, told.frame_rate, len(told.forward)) == (3, 4, 10.0, 3)
    assert [(one.start_frame, one.end_frame, one.confidence) for one in told.captions] == [(0, 1, 0.96), (1, 2, 0.96)]
    assert told.forward[0] == told.backward[2] == (0.96, 0.01, 0.01, 0.01, 0.01)
    assert files.rows(
        tmp_path / "a.db", "SELECT id, frame1_index, frame2_index, forward_predicted_label FROM pair_results"
    )[2] == (3, 2, 3, "same")


def test_a_run_of_no_version_makes_no_file(tmp_path: Path):
    with pytest.raises(InvalidParameterError):
        files.extents(tmp_path / "a.db", version=0)
    assert not list(tmp_path.iterdir())


def test_a_time_is_told_in_utc_and_a_naive_one_is_refused():
    there = datetime(2026, 1, 1, 1, 30, 0, 999_999, timezone(timedelta(hours=2)))
    assert timestamp(there) == "2025-12-31T23:30:00.999Z"
    with pytest.raises(InvalidParameterError):
        timestamp(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))
