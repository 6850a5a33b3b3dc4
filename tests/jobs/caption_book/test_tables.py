import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from tests.jobs.caption_book.worlds import World
from tests.ledgers import new_ledger

STATED = """
CREATE TABLE videos (video_id TEXT PRIMARY KEY NOT NULL, tenant_id TEXT NOT NULL, storage_key TEXT NOT NULL, size_bytes INTEGER, duration_seconds REAL, width INTEGER, height INTEGER,
  frame_count INTEGER, cropped_frame_count INTEGER, current_cropped_frames_version INTEGER, created_at TEXT NOT NULL, deleted_at TEXT);
CREATE TABLE processing_state (video_id TEXT NOT NULL, step TEXT NOT NULL, item_id TEXT NOT NULL DEFAULT '', status TEXT NOT NULL, error TEXT, run_token TEXT,
  attempts INTEGER NOT NULL DEFAULT 0, queued_at TEXT NOT NULL, updated_at TEXT NOT NULL, priority INTEGER NOT NULL DEFAULT 50, PRIMARY KEY (video_id, step, item_id));
CREATE TABLE database_locks (video_id TEXT NOT NULL, database_name TEXT NOT NULL, token TEXT, holder TEXT, fence INTEGER NOT NULL DEFAULT 0, acquired_at REAL,
  expires_at REAL NOT NULL DEFAULT 0, PRIMARY KEY (video_id, database_name));
CREATE TABLE cropped_frames_versions (video_id TEXT NOT NULL, version INTEGER NOT NULL, status TEXT NOT NULL, storage_prefix TEXT NOT NULL, crop_region TEXT NOT NULL,
  frame_rate REAL NOT NULL DEFAULT 10, frame_count INTEGER, chunk_count INTEGER, total_bytes INTEGER, manifest_sha256 TEXT, created_at TEXT NOT NULL, activated_at TEXT, PRIMARY KEY (video_id, version));
"""
TABLES = ("videos", "processing_state", "database_locks", "cropped_frames_versions")


def columns(path: str | Path, script: str = "") -> dict[str, list[tuple[object, ...]]]:
    """Name, type, NOT NULL, default and place in the key of every column."""
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
        told = {table: connection.execute(f"PRAGMA table_info({table})").fetchall() for table in TABLES}
    connection.close()
    return told


def test_the_columns_are_those_of_the_metadata_store(tmp_path: Path):
    new_ledger(tmp_path / "book.db")
    assert columns(tmp_path / "book.db") == columns(":memory:", STATED)


STEP = "INSERT INTO processing_state (video_id, step, status, error, queued_at, updated_at, priority) VALUES "
VERSION = (
    "INSERT INTO cropped_frames_versions (video_id, version, status, storage_prefix, crop_region, created_at) VALUES "
)


@pytest.mark.parametrize(
    "statement",
    [
        STEP + "('v', 'upload', 'queued', NULL, 'q', 'u', 50)",
        STEP + "('v', 'initial', 'lost', NULL, 'q', 'u', 50)",
        STEP + "('v', 'initial', 'error', NULL, 'q', 'u', 50)",
        STEP + "('v', 'initial', 'ready', 'why', 'q', 'u', 50)",
        STEP + "('v', 'initial', 'queued', NULL, 'q', 'u', 101)",
        "INSERT INTO database_locks (video_id, database_name) VALUES ('v', 'raw-ocr')",
        VERSION + "('v', 0, 'failed', 'p', '{}', 'now')",
        VERSION + "('v', 1, 'gone', 'p', '{}', 'now')",
        VERSION + "('v', 1, 'active', 'p', '{}', 'now'), ('v', 2, 'active', 'p', '{}', 'now')",
    ],
)
def test_the_database_refuses_a_row_that_breaks_a_rule(there: World, statement: str):
    with pytest.raises(IntegrityError):
        there.run(statement)
