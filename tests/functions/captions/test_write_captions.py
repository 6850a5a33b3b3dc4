import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tests.contexts import FolderContext

from clipmill.engines.caption_databases.captions import CaptionRecord, edited_captions, read_captions
from clipmill.functions.write_captions import plan, write_captions
from clipmill.media.captions.keys import VideoKeys, without_tenant

KEYS = VideoKeys("team", "match")
STORED = without_tenant(KEYS.captions, "team")
ROWS = (CaptionRecord("a", 0, 10), CaptionRecord("b", 10, 20), CaptionRecord("c", 30, 40))


@pytest.fixture
def world(tmp_path: Path) -> FolderContext:
    world = FolderContext(tmp_path)
    target = world.new_file("captions.db")
    with edited_captions(None, target, Fraction(10)) as table:
        table.insert(ROWS)
    world.publish(target, STORED)
    world.published.clear()
    return world


def reading(row: CaptionRecord, **more):
    given = {"caption_id": row.id, "start_frame": row.start_frame, "end_frame": row.end_frame}
    return given | {"text": f"text of {row.id}", "confidence": 0.9, "frame_count": 10, "engine": "told"} | more


def written(world: FolderContext, *readings, **more):
    request = {"tenant_id": "team", "video_id": "match", "lock_token": "t", "readings": list(readings)} | more
    return write_captions(request, world)


def rows(world: FolderContext) -> dict[str, CaptionRecord]:
    return {row.id: row for row in read_captions(world.folder / STORED).rows}


def test_a_text_goes_to_its_row_and_out_into_every_form(world: FolderContext):
    told = written(world, reading(ROWS[0]), formats=["srt", "json"])
    assert (told.captions, told.written, told.failed) == (3, 1, 0)
    row = rows(world)["a"]
    assert (row.caption_ocr, row.caption_ocr_status, row.caption_ocr_confidence) == ("text of a", "ready", 0.9)
    assert row.text is None
    assert set(told.outputs) == {"srt", "json"}
    assert (
        "00:00:00,000 --> 00:00:01,000\ntext of a"
        in (world.folder / without_tenant(told.outputs["srt"], "team")).read_text()
    )
    listed = json.loads((world.folder / without_tenant(told.outputs["json"], "team")).read_text())["captions"]
    assert [caption["text"] for caption in listed] == ["text of a", None, None]


def test_a_caption_that_is_gone_gets_no_row_and_one_whose_range_changed_gets_no_text(world: FolderContext):
    told = written(world, reading(CaptionRecord("gone", 50, 60)), reading(replace(ROWS[1], end_frame=19)))
    assert (told.missing, told.changed, told.written) == (["gone"], ["b"], 0)
    assert set(rows(world)) == {"a", "b", "c"}
    assert (rows(world)["b"].caption_ocr, rows(world)["b"].image_needs_regen) == (None, 1)


def test_ocr_error_then_success_leaves_the_row_ready_without_the_error(world: FolderContext):
    assert written(world, reading(ROWS[2], error="ocr_failed: no")).failed == 1
    assert (rows(world)["c"].caption_ocr_status, rows(world)["c"].caption_ocr_error) == ("error", "ocr_failed: no")
    written(world, reading(ROWS[2]))
    assert (rows(world)["c"].caption_ocr_status, rows(world)["c"].caption_ocr_error) == ("ready", None)


def test_a_video_without_captions_gets_an_empty_database_and_empty_files(tmp_path: Path):
    told = written(world := FolderContext(tmp_path), formats=["srt"])
    assert told.captions == 0
    assert rows(world) == {}
    assert (tmp_path / without_tenant(told.outputs["srt"], "team")).read_text() == ""


def test_a_layout_that_cannot_be_read_leaves_the_subtitles_unplaced_and_is_told(world: FolderContext):
    path = world.folder / without_tenant(KEYS.layout, "team")
    path.write_bytes(b"no database")
    told = written(world, reading(ROWS[0]), formats=["ass"])
    assert [warning.code for warning in told.warnings] == ["layout_unreadable"]
    assert "text of a" in (world.folder / without_tenant(told.outputs["ass"], "team")).read_text()


def test_the_plan_writes_nothing(world: FolderContext):
    asked = write_captions.parse({"tenant_id": "team", "video_id": "match", "lock_token": "t", "formats": ["vtt"]})
    assert plan(asked, world) == {"captions": 3, "readings": 0, "outputs": {"vtt": KEYS.export("vtt")}}
    assert world.published == []
