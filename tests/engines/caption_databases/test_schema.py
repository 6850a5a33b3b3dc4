"""Each constraint of the tables, by trying to break it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.engines.caption_databases import files

from clipmill.engines.caption_databases.database import Stamp, new_database
from clipmill.engines.caption_databases.schema import CAPTIONS, EXTENTS, LAYOUT, RAW_OCR, Schema
from clipmill.errors import InvalidParameterError

OCR_LINE = "INSERT INTO full_frame_ocr (frame_index, box_index, text, confidence, bbox_left, bbox_top, bbox_right, bbox_bottom) VALUES "
BOX = "INSERT INTO boxes (frame_index, box_index, bbox_left, bbox_top, bbox_right, bbox_bottom) VALUES "
OCR_FRAME = "INSERT INTO ocr_frames (frame_index, timestamp_seconds, status, box_count, error) VALUES "
RUN = "INSERT INTO run_metadata VALUES "
CAPTION = "INSERT INTO captions (id, start_frame, end_frame) VALUES "
CONFIG = "INSERT INTO layout_config (id, crop_left, crop_right) VALUES "


def pair(index: int = 0, second: int = 1, label: str = "same", probability: float = 0.5) -> str:
    one = f"'{label}', {probability}" + ", 0.1" * 5
    return f"INSERT INTO pair_results VALUES ({index + 1}, {index}, {second}, {one}, {one}, NULL)"  # noqa: S608


GOOD: dict[str, tuple[Schema, tuple[str, ...]]] = {
    "raw-ocr": (
        RAW_OCR,
        (
            OCR_FRAME + "(0, 0.0, 'text', 1, NULL)",
            OCR_FRAME + "(1, 0.1, 'empty', 0, NULL)",
            OCR_FRAME + "(2, 0.2, 'failed', 0, 'x')",
            OCR_LINE + "(0, 0, 'a', 1, 0, 0, 1, 1)",
        ),
    ),
    "layout": (
        LAYOUT,
        (BOX + "(0, 0, 0, 0, 1, 1)", CONFIG + "(1, 0.1, 0.9)", "INSERT INTO preferences VALUES (1, 0)"),
    ),
    "extents": (
        EXTENTS,
        (
            RUN + "('r', 1, 2, 1, 10, '{}', 'm', '1', '', 't', 't', 0)",
            pair(),
            "INSERT INTO predicted_captions VALUES (1, 0, 1, 0.5)",
        ),
    ),
    "captions": (CAPTIONS, (CAPTION + "('a', 10, 20)", CAPTION + "('b', 20, 30)", CAPTION + "('c', 0, 10)")),
}

BROKEN = {
    "raw-ocr": (
        "INSERT INTO database_metadata (id) VALUES (2)",
        OCR_FRAME + "(-1, 0, 'empty', 0, NULL)",
        OCR_FRAME + "(5, 0, 'asleep', 0, NULL)",
        OCR_FRAME + "(5, 0, 'failed', 0, NULL)",
        OCR_FRAME + "(5, 0, 'empty', 0, 'x')",
        OCR_FRAME + "(5, 0, 'text', 0, NULL)",
        OCR_FRAME + "(5, 0, 'empty', 1, NULL)",
        OCR_LINE + "(9, 0, 'a', 1, 0, 0, 1, 1)",
        OCR_LINE + "(0, 0, 'twice', 1, 0, 0, 1, 1)",
        OCR_LINE + "(0, -1, 'a', 1, 0, 0, 1, 1)",
        OCR_LINE + "(0, 1, NULL, 1, 0, 0, 1, 1)",
        OCR_LINE + "(0, 1, 'a', 1.1, 0, 0, 1, 1)",
        OCR_LINE + "(0, 1, 'a', 1, -0.1, 0, 1, 1)",
        OCR_LINE + "(0, 1, 'a', 1, 0, -0.1, 1, 1)",
        OCR_LINE + "(0, 1, 'a', 1, 0, 0, 640, 1)",
        OCR_LINE + "(0, 1, 'a', 1, 0, 0, 1, 360)",
        OCR_LINE + "(0, 1, 'a', 1, 0.5, 0, 0.5, 1)",
        OCR_LINE + "(0, 1, 'a', 1, 0, 0.6, 1, 0.5)",
    ),
    "layout": (
        BOX + "(0, 0, 0, 0, 0.5, 0.5)",
        BOX + "(0, 1, 0, 0, 640, 1)",
        BOX + "(0, 1, 0, 0, 1, 360)",
        BOX + "(0, 1, 0.5, 0, 0.5, 1)",
        BOX + "(0, 1, -0.5, 0, 0.5, 1)",
        "UPDATE boxes SET confidence = 2",
        "UPDATE boxes SET label = 'maybe'",
        "UPDATE boxes SET predicted_label = 'maybe'",
        "UPDATE boxes SET predicted_confidence = -1",
        "UPDATE boxes SET stale = 2",
        CONFIG + "(2, 0.1, 0.9)",
        "UPDATE layout_config SET crop_left = 0.95",
        "UPDATE layout_config SET crop_bottom = 1080",
        "UPDATE layout_config SET crop_source = 'guess'",
        "UPDATE layout_config SET anchor_type = 'top'",
        "UPDATE layout_config SET anchor_position = 1.5",
        "UPDATE layout_config SET layout_score = 1.5",
        "INSERT INTO preferences VALUES (2, 0)",
        "UPDATE preferences SET layout_approved = 2",
    ),
    "extents": (
        RUN + "('q', 0, 2, 1, 10, '{}', 'm', '1', '', 't', 't', 0)",
        RUN + "('q', 1, 0, -1, 10, '{}', 'm', '1', '', 't', 't', 0)",
        RUN + "('q', 1, 3, 3, 10, '{}', 'm', '1', '', 't', 't', 0)",
        pair(1, 3),
        pair(-1, 0),
        pair(1, 2, "other"),
        pair(1, 2, "same", 1.01),
        "UPDATE pair_results SET forward_prob_different = 2",
        "UPDATE pair_results SET backward_prob_valid_empty = -1",
        "UPDATE pair_results SET backward_prob_empty_valid = NULL",
        "INSERT INTO predicted_captions VALUES (0, 0, 1, 0.5)",
        "INSERT INTO predicted_captions VALUES (2, -1, 1, 0.5)",
        "INSERT INTO predicted_captions VALUES (2, 3, 3, 0.5)",
        "INSERT INTO predicted_captions VALUES (2, 3, 4, 1.5)",
    ),
    "captions": (
        CAPTION + "('a', 40, 50)",
        CAPTION + "('d', 40, 40)",
        CAPTION + "('d', -1, 40)",
        CAPTION + "('d', 29, 31)",
        CAPTION + "('d', 12, 13)",
        CAPTION + "('d', 5, 35)",
        "UPDATE captions SET end_frame = 21 WHERE id = 'a'",
        "UPDATE captions SET start_frame = 9 WHERE id = 'a'",
        "UPDATE captions SET caption_frame_extents_state = 'lost'",
        "UPDATE captions SET caption_frame_extents_pending = 2",
        "UPDATE captions SET extents_confidence = 2",
        "UPDATE captions SET text_pending = 2",
        "UPDATE captions SET text_status = 'fine'",
        "UPDATE captions SET image_needs_regen = 2",
        "UPDATE captions SET caption_ocr_confidence = 2",
        "UPDATE captions SET caption_ocr_status = 'lost'",
        "UPDATE captions SET caption_ocr_status = 'error'",
        "UPDATE captions SET caption_ocr_error = 'x'",
    ),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each kind, made with statements that every constraint allows."""
    paths: dict[str, Path] = {}
    for name, (schema, statements) in GOOD.items():
        paths[name] = tmp_path_factory.mktemp("databases") / f"{name}.db"
        with new_database(paths[name], schema, Stamp()) as connection:
            for statement in statements:
                connection.execute(statement)
    return paths


@pytest.mark.parametrize(("name", "statement"), [(name, each) for name, all_ in BROKEN.items() for each in all_])
def test_the_database_refuses(name: str, statement: str, filled: dict[str, Path]):
    with closing(sqlite3.connect(filled[name])) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)


@pytest.mark.parametrize("name", GOOD)
def test_a_new_file_says_what_it_is(name: str, filled: dict[str, Path]):
    schema, _ = GOOD[name]
    query = "SELECT id, schema_name, schema_version, coord_space, frame_rate, migrated_at, last_fence, created_at FROM database_metadata"
    ((*told, created),) = files.rows(filled[name], query)
    assert told == [1, name, schema.version, "fraction-top-left", 10.0, None, 0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)
    assert files.rows(filled[name], "PRAGMA integrity_check") == [("ok",)]
    assert [path.name for path in filled[name].parent.iterdir()] == [filled[name].name]


def test_the_versions_are_those_of_the_contract():
    assert [schema.version for schema in (RAW_OCR, LAYOUT, EXTENTS, CAPTIONS)] == [2, 2, 2, 3]


def test_readers_of_inclusive_ends_have_a_view(filled: dict[str, Path]):
    found = files.rows(
        filled["captions"], "SELECT start_frame_index, end_frame_index FROM captions_inclusive WHERE id = 'a'"
    )
    assert found == [(10, 19)]


def test_a_pixel_value_is_refused_and_no_file_is_left(tmp_path: Path):
    """Regression 19."""
    target = tmp_path / "a.db"
    with pytest.raises(InvalidParameterError, match="refuses"), new_database(target, LAYOUT, Stamp()) as connection:
        connection.execute(BOX + "(0, 0, 100, 200, 300, 400)")
    assert not list(tmp_path.iterdir())
