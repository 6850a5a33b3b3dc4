import gzip
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from tests.contexts import FolderContext
from tests.engines.caption_databases import files
from tests.functions.captions.readers import CLIENT, SERVER, TENANT, VIDEO

from clipmill.engines.caption_databases.captions import CaptionRecord, read_captions
from clipmill.engines.caption_databases.extents import ExtentsRun, write_extents
from clipmill.errors import (
    CorruptArtifactError,
    InvalidParameterError,
    LockLostError,
    NotCommittedError,
    SchemaMismatchError,
)
from clipmill.functions.publish_captions import publish_captions
from clipmill.media.captions.boundaries import PredictedCaption
from clipmill.media.captions.keys import VideoKeys
from clipmill.media.captions.levels import every_chunk
from clipmill.media.captions.manifest import EncoderFacts, Manifest, ManifestChunk, ModelFacts, SourceFacts
from clipmill.media.captions.region import CropRegion, PixelRect
from clipmill.media.geometry import Size

KEYS = VideoKeys(TENANT, VIDEO)
REGION = CropRegion(0.1, 0.8, 0.9, 0.9)
MODEL = ModelFacts("strokes", "1", "")
FRAMES = 100


def committed(
    world: FolderContext, spans: Sequence[tuple[int, int]], version: int = 1, rate: Fraction = Fraction(10)
) -> None:
    """A version with these captions, all of the confidence .9."""
    run = ExtentsRun(f"run-{version}", version, FRAMES, rate, REGION, MODEL, files.NOON, files.NOON)
    path = world.folder / SERVER / f"caption_frame_extents/v{version}.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    sure = (0.96, 0.01, 0.01, 0.01, 0.01)
    pairs = [sure] * (FRAMES - 1)
    write_extents(path, run, pairs, pairs, [PredictedCaption(start, end, 0.9) for start, end in spans])
    manifest = Manifest(
        place=KEYS.cropped_frames(version),
        created_at="2026-01-01T00:00:00.000Z",
        frame_count=FRAMES,
        frame_rate=rate,
        crop_region=REGION,
        pixel_rect=PixelRect(10, 80, 80, 10),
        frame_size=Size(100, 100),
        source=SourceFacts("team/raw.mp4", 1, "", 10.0),
        encoder=EncoderFacts(30),
        model=MODEL,
        run_id=run.run_id,
        chunks=tuple(ManifestChunk(one.level, one.number, one.frames, 1, "0" * 64) for one in every_chunk(FRAMES)),
    )
    target = world.folder / CLIENT / f"cropped_frames_v{version}/manifest.json"
    target.parent.mkdir(parents=True)
    target.write_text(manifest.to_text())


def stored(world: FolderContext, *records: CaptionRecord) -> Path:
    path = world.folder / CLIENT / "captions.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    return files.captions(path, *records)


def publish(world: FolderContext, version: int = 1, **more: object) -> dict[str, object]:
    asked = {"tenant_id": TENANT, "video_id": VIDEO, "version": version, "lock_token": "token"} | more
    told = publish_captions(asked, world).to_json()
    return {name: told[name] for name in ("inserted", "kept", "deleted", "protected")}


def rows(world: FolderContext) -> list[CaptionRecord]:
    return list(read_captions(world.folder / CLIENT / "captions.db").rows)


def spans(world: FolderContext) -> list[tuple[int, int]]:
    return [(row.start_frame, row.end_frame) for row in rows(world)]


def test_the_first_run_makes_the_file_and_every_prediction_a_row(world: FolderContext):
    committed(world, [(0, 10), (10, 20), (95, 100)])
    assert publish(world) == {"inserted": 3, "kept": 0, "deleted": 0, "protected": 0}
    assert spans(world) == [(0, 10), (10, 20), (95, 100)]
    row = rows(world)[0]
    told = (row.cropped_frames_version, row.run_id, row.extents_confidence, row.text, row.caption_ocr_status)
    assert told == (1, "run-1", 0.9, None, "queued")
    assert (row.caption_frame_extents_state, row.caption_frame_extents_pending, row.text_pending) == ("predicted", 1, 1)
    assert len({row.id for row in rows(world)}) == 3
    assert world.published == [f"{CLIENT}captions.db"]


@pytest.mark.parametrize(
    "touched",
    [
        {"caption_frame_extents_state": "confirmed"},
        {"caption_frame_extents_state": "gap"},
        {"caption_frame_extents_pending": 0},
        {"text_pending": 0, "text": ""},
    ],
    ids=str,
)
def test_rows_that_people_touched_stay_as_they_are_and_nothing_overlaps_them(
    touched: dict[str, object], world: FolderContext
):
    """Regression 35."""
    theirs = CaptionRecord("theirs", 20, 25, caption_ocr_status="ready", caption_ocr="Hi", text_notes="mine", **touched)
    stored(world, theirs, CaptionRecord("old", 50, 60))
    before = next(row for row in rows(world) if row.id == "theirs")
    committed(world, [(10, 40)], version=2)
    assert publish(world, 2) == {"inserted": 2, "kept": 0, "deleted": 1, "protected": 1}
    assert spans(world) == [(10, 20), (20, 25), (25, 40)]
    assert next(row for row in rows(world) if row.id == "theirs") == before


def test_a_confirmed_row_that_equals_the_prediction_is_all_there_is(world: FolderContext):
    stored(world, CaptionRecord("theirs", 10, 40, caption_frame_extents_state="confirmed"))
    committed(world, [(10, 40)])
    assert publish(world) == {"inserted": 0, "kept": 0, "deleted": 0, "protected": 1}


def test_a_caption_found_again_keeps_its_row_and_is_read_again_in_a_new_version(world: FolderContext):
    read = {"caption_ocr": "Hi", "caption_ocr_status": "ready", "caption_ocr_confidence": 0.5}
    stored(
        world,
        CaptionRecord("same", 10, 20, cropped_frames_version=2, **read),
        CaptionRecord("older", 30, 40, cropped_frames_version=1, **read),
        CaptionRecord("failed", 50, 60, cropped_frames_version=1, caption_ocr_status="error", caption_ocr_error="x"),
    )
    committed(world, [(10, 20), (30, 40), (50, 60)], version=2)
    assert publish(world, 2) == {"inserted": 0, "kept": 3, "deleted": 0, "protected": 0}
    found = {row.id: (row.cropped_frames_version, row.image_needs_regen, row.caption_ocr_status) for row in rows(world)}
    assert found == {"same": (2, 0, "ready"), "older": (2, 1, "queued"), "failed": (2, 1, "queued")}


def test_publishing_twice_changes_nothing(world: FolderContext):
    committed(world, [(10, 20), (20, 30)])
    publish(world)
    before = rows(world)
    assert publish(world) == {"inserted": 0, "kept": 2, "deleted": 0, "protected": 0}
    assert rows(world) == before


def test_a_compressed_file_is_taken_over_and_goes(world: FolderContext):
    """Regression 15."""
    plain = stored(world, CaptionRecord("theirs", 10, 40, text="Hi", text_pending=0))
    (world.folder / CLIENT / "captions.db.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    committed(world, [(50, 60)])
    publish(world)
    assert [row.text for row in rows(world)] == ["Hi", None]
    assert world.retired == [f"{CLIENT}captions.db.gz"]
    kept = {path.name for path in (world.folder / CLIENT).iterdir() if path.is_file()}
    assert kept == {"captions.db"}


def test_a_version_without_a_manifest_is_not_committed(world: FolderContext):
    committed(world, [(10, 20)])
    (world.folder / CLIENT / "cropped_frames_v1/manifest.json").unlink()
    with pytest.raises(NotCommittedError, match="version 1"):
        publish(world)
    assert world.published == []


def test_extents_of_another_version_and_none_at_all_are_corrupt(world: FolderContext):
    committed(world, [(10, 20)])
    committed(world, [(10, 20)], version=2)
    first, second = (world.folder / SERVER / f"caption_frame_extents/v{number}.db" for number in (1, 2))
    first.replace(second)
    for version in (1, 2):
        with pytest.raises(CorruptArtifactError):
            publish(world, version)


def test_captions_of_another_rate_are_left_alone(world: FolderContext):
    stored(world)
    before = (world.folder / CLIENT / "captions.db").read_bytes()
    committed(world, [(10, 20)], rate=Fraction(25))
    with pytest.raises(SchemaMismatchError):
        publish(world)
    assert (world.folder / CLIENT / "captions.db").read_bytes() == before
    assert world.published == []


def test_the_fence_of_the_lock_is_stored_and_a_later_one_is_not_overwritten(world: FolderContext):
    """Regression 43."""
    committed(world, [(10, 20)])
    publish(world, fence=4)
    publish(world)
    with pytest.raises(LockLostError):
        publish(world, fence=3)
    assert read_captions(world.folder / CLIENT / "captions.db").last_fence == 4


@pytest.mark.parametrize("wrong", [{"version": 0}, {"fence": -1}, {"tenant_id": "a/b"}, {"video_id": ".."}], ids=str)
def test_a_wrong_parameter_is_refused_before_anything_is_read(wrong: dict[str, object], world: FolderContext):
    with pytest.raises(InvalidParameterError):
        publish(world, **wrong)


def test_a_plan_counts_and_writes_nothing(world: FolderContext):
    stored(world, CaptionRecord("old", 50, 60))
    committed(world, [(10, 20)])
    asked = {"tenant_id": TENANT, "video_id": VIDEO, "version": 1, "lock_token": "token"}
    told = publish_captions.plan(publish_captions.parse(asked), world)
    assert told == {"inserted": 1, "kept": 0, "deleted": 1, "protected": 0}
    assert spans(world) == [(50, 60)]
