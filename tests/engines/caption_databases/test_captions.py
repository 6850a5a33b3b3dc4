import gzip
import sqlite3
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest
from tests.engines.caption_databases import files
from tests.engines.caption_databases.files import RATE

from clipmill.engines.caption_databases.captions import CaptionRecord, edited_captions, read_captions
from clipmill.errors import InvalidParameterError, LockLostError, NotFoundError, SchemaMismatchError


def older(path: Path, *captions: tuple[int, int, int, str | None]) -> Path:
    """A file of schema 2: numbers for ids, inclusive ends, no fence."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE database_metadata (id INTEGER PRIMARY KEY, schema_version INTEGER, created_at TEXT)"
        )
        connection.execute("INSERT INTO database_metadata VALUES (1, 2, '2025-01-01T00:00:00.000Z')")
        connection.execute(
            "CREATE TABLE captions (id INTEGER PRIMARY KEY, start_frame_index INTEGER, end_frame_index INTEGER, "
            "caption_frame_extents_state TEXT, text TEXT, text_pending INTEGER)"
        )
        connection.executemany("INSERT INTO captions VALUES (?, ?, ?, 'confirmed', ?, 0)", captions)
        connection.commit()
    return path


def spans(path: Path) -> list[tuple[str, int, int]]:
    return [(row.id, row.start_frame, row.end_frame) for row in read_captions(path).rows]


def test_rows_are_inserted_changed_and_deleted_in_one_edit(tmp_path: Path):
    path = files.captions(tmp_path / "a.db")
    with edited_captions(path, tmp_path / "b.db", RATE) as table:
        table.delete(["a", "never was"])
        table.change("b", text="Good bye", caption_ocr_confidence=1.0000001)
        table.insert([CaptionRecord("c", 5, 15)])
    assert spans(tmp_path / "b.db") == [("c", 5, 15), ("b", 20, 30)]
    (_, changed) = read_captions(tmp_path / "b.db").rows
    assert (changed.text, changed.caption_ocr_confidence, changed.caption_ocr_status) == ("Good bye", 1.0, "queued")
    assert spans(path) == [("a", 10, 20), ("b", 20, 30)]


def test_an_edit_that_fails_leaves_no_file(tmp_path: Path):
    path = files.captions(tmp_path / "a.db")
    with pytest.raises(InvalidParameterError, match="overlap"), edited_captions(path, tmp_path / "b.db", RATE) as table:
        table.insert([CaptionRecord("c", 0, 5), CaptionRecord("d", 25, 40)])
    assert [left.name for left in tmp_path.iterdir()] == ["a.db"]


def test_a_caption_that_is_gone_is_not_found(tmp_path: Path):
    path = files.captions(tmp_path / "a.db")
    with pytest.raises(NotFoundError, match="deleted"), edited_captions(path, tmp_path / "b.db", RATE) as table:
        table.change("z", text="too late")


def test_no_text_yet_and_no_text_at_all_are_told_apart(tmp_path: Path):
    path = files.captions(tmp_path / "a.db", CaptionRecord("a", 0, 1), CaptionRecord("b", 1, 2, text=""))
    assert [row.text for row in read_captions(path).rows] == [None, ""]


def test_captions_that_an_older_writer_compressed_are_edited_and_the_edit_is_seen(tmp_path: Path):
    """Regression 15."""
    plain = files.captions(tmp_path / "a.db")
    packed = tmp_path / "captions.db.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    with edited_captions(packed, tmp_path / "captions.db", RATE) as table:
        table.change("a", text="seen")
    query = "SELECT text FROM captions WHERE id = 'a'"
    assert files.rows(tmp_path / "captions.db", query) == [("seen",)]


def test_inclusive_ends_of_schema_2_become_exclusive_ones(tmp_path: Path):
    path = older(tmp_path / "a.db", (7, 0, 9, "first"), (8, 10, 10, None))
    assert spans(path) == [("7", 0, 10), ("8", 10, 11)]
    with edited_captions(path, tmp_path / "b.db", RATE, fence=3) as table:
        table.insert([CaptionRecord("c", 11, 12)])
    assert spans(tmp_path / "b.db") == [("7", 0, 10), ("8", 10, 11), ("c", 11, 12)]
    query = "SELECT schema_name, schema_version, created_at, migrated_at IS NOT NULL, last_fence FROM database_metadata"
    assert files.rows(tmp_path / "b.db", query) == [("captions", 3, "2025-01-01T00:00:00.000Z", 1, 3)]
    kept = files.rows(
        tmp_path / "b.db", "SELECT text, caption_frame_extents_state, text_pending FROM captions WHERE id = '7'"
    )
    assert kept == [("first", "confirmed", 0)]
    assert sorted(left.name for left in tmp_path.iterdir()) == ["a.db", "b.db"]


def test_what_cannot_be_migrated_is_left_alone(tmp_path: Path):
    path = older(tmp_path / "a.db", (7, 0, 9, None), (8, 5, 10, None))
    before = path.read_bytes()
    with pytest.raises(SchemaMismatchError, match="migrated"), edited_captions(path, tmp_path / "b.db", RATE):
        pass
    assert path.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == ["a.db"]


def test_captions_of_another_frame_rate_are_refused(tmp_path: Path):
    path = files.captions(tmp_path / "a.db")
    with (
        pytest.raises(SchemaMismatchError, match="at 10 a second"),
        edited_captions(path, tmp_path / "b.db", Fraction(25)),
    ):
        pass
    assert [left.name for left in tmp_path.iterdir()] == ["a.db"]


def test_a_file_written_under_a_later_lock_is_not_replaced(tmp_path: Path):
    """Regression 43."""
    path = files.captions(tmp_path / "a.db")
    with edited_captions(path, tmp_path / "b.db", RATE, fence=5):
        pass
    with pytest.raises(LockLostError), edited_captions(tmp_path / "b.db", tmp_path / "c.db", RATE, fence=4):
        pass
    assert not (tmp_path / "c.db").exists()
    for fence, stored in ((5, 5), (6, 6), (None, 5)):
        with edited_captions(tmp_path / "b.db", tmp_path / "c.db", RATE, fence):
            pass
        assert read_captions(tmp_path / "c.db").last_fence == stored
