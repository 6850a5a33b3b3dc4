import gzip
import io
import shutil
import threading
from fractions import Fraction
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.contexts import FolderContext
from tests.engines.ocr.strips import ToldEngine, line
from tests.functions.truth import Truth
from tests.media_factory import VARIANTS, read_frame_number

from clipmill.engines.caption_databases.layout import BoxRow, LayoutConfigRow, LayoutContent, read_layout, write_layout
from clipmill.engines.caption_databases.raw_ocr import read_raw_ocr
from clipmill.engines.ocr.pages import Box, OcrFailure, OcrPage
from clipmill.errors import (
    CorruptArtifactError,
    DecodeFailedError,
    ForbiddenError,
    InvalidParameterError,
    LockLostError,
    NotFoundError,
    OcrFailedError,
    OcrUnavailableError,
    UnsupportedMediaError,
)
from clipmill.functions.extract_frames_and_ocr import extract_frames_and_ocr
from clipmill.media.captions.keys import VideoKeys, without_tenant

KEYS = VideoKeys("team", "match")
CAPTION = Box(0.3, 0.85, 0.7, 0.91)
LAYOUT, RAW = (without_tenant(key, "team") for key in (KEYS.layout, KEYS.raw_ocr))


WORDS = cycle(("Here we are", "Not so fast", "All is well", "Good night", "Who knows?"))


def captioned(images):
    return [OcrPage((line(next(WORDS), 0.875, CAPTION),)) for _ in images]


@pytest.fixture
def engine(monkeypatch):
    told = ToldEngine(captioned, batch_size=3)
    monkeypatch.setattr("clipmill.functions.extract_frames_and_ocr.chosen_engine", lambda *_: told)
    return told


def extracted(world, source, rate=2, **more):
    world.put(source, "raw/match.mp4")
    return extract_frames_and_ocr(
        {"video_key": "team/raw/match.mp4", "tenant_id": "team", "video_id": "match", "frame_rate": rate} | more, world
    )


def stored(world, key):
    return io.BytesIO((world.folder / without_tenant(key, "team")).read_bytes())


def unpacked(world, key, read, tmp_path):
    path = tmp_path / "unpacked.db"
    path.write_bytes(gzip.decompress(stored(world, key).read()))
    return read(path)


def number_on(world, frame):
    grey = np.asarray(Image.open(stored(world, KEYS.full_frame(frame))).convert("L"), float)
    return read_frame_number(grey)


@pytest.mark.parametrize("source", ["cfr_29_97", "vfr", "late_start"])
def test_each_frame_is_the_picture_on_screen_at_its_tenth_of_a_second(world, videos, engine, source):
    told = extracted(world, videos(source), rate="5/2")
    truth = Truth(VARIANTS[source])
    assert told.frame_count == len(engine.seen) == int(np.ceil(told.duration * 2.5))
    for frame in [4 * place for place in range(told.frame_count)]:
        shown = [n for n, pts in zip(truth.recipe.numbers, truth.pts, strict=True) if pts <= Fraction(frame, 10)]
        assert number_on(world, frame) == shown[-1]


def test_sparse_frames_are_those_of_sequential_reading(world, videos, engine):
    extracted(world, videos("long_gop"), rate="2/5")
    assert [number_on(world, frame) for frame in (0, 25)] == [0, 75]


def test_stills_and_thumbnails_have_the_displayed_shape(world, videos, engine):
    told = extracted(world, videos("rotated_90"), rate=1)
    assert (told.frame_width, told.frame_height) == (360, 640)
    assert engine.seen[0].shape == (640, 360, 3)
    assert Image.open(stored(world, KEYS.full_frame(0))).size == (360, 640)
    assert Image.open(stored(world, KEYS.thumbnail(0))).size == (320, 569)


def test_an_odd_frame_keeps_its_size(world, videos, engine):
    told = extracted(world, videos("odd_444"), rate=1)
    assert Image.open(stored(world, KEYS.full_frame(0))).size == (told.frame_width, told.frame_height) == (321, 181)


def test_the_result_tells_what_was_measured(world, videos, engine):
    told = extracted(world, videos("cfr_25"))
    assert (told.frame_count, told.duration, told.ocr_box_count, told.frames_with_text) == (4, 2.0, 4, 4)
    assert (told.video_codec, told.ocr_engine, told.failed_ocr_count) == ("h264", "told", 0)
    assert (told.full_frames_key, told.ocr_db_key, told.layout_db_key) == (KEYS.full_frames, KEYS.raw_ocr, KEYS.layout)
    assert told.layout.crop_region is not None
    assert told.bitrate == pytest.approx(8 * videos("cfr_25").stat().st_size / 2, abs=1)
    assert [warning.code for warning in told.warnings] == ["software_decode"]
    assert type(told).from_dict(told.to_dict()) == told


def test_every_key_lies_under_the_video_and_the_databases_come_last(world, videos, engine):
    extracted(world, videos("cfr_25"))
    assert all(KEYS.owns(f"team/{key}") for key in world.published)
    assert world.published[-2:] == [RAW, LAYOUT]
    assert len(world.published) == 10


def test_a_confidence_is_stored_as_the_engine_gave_it(world, videos, engine, tmp_path):
    extracted(world, videos("cfr_25"))
    rows = unpacked(world, KEYS.raw_ocr, read_raw_ocr, tmp_path)
    assert [(row.frame_index, row.lines[0].confidence) for row in rows] == [(k, 0.875) for k in (0, 5, 10, 15)]


def test_a_failed_frame_and_an_empty_one_are_told_apart(world, videos, engine, tmp_path):
    def answer(images):
        dark = OcrFailure("ocr_failed", "blurred")
        pages = captioned(images)
        return [dark] if len(images) == 1 and len(engine.calls) > 1 else [pages[0], dark, OcrPage()][: len(images)]

    engine.answer = answer
    told = extracted(world, videos("cfr_25"), rate="3/2")
    rows = unpacked(world, KEYS.raw_ocr, read_raw_ocr, tmp_path)
    assert [(row.status.value, row.attempts) for row in rows] == [("text", 1), ("failed", 2), ("empty", 1)]
    assert rows[1].error == "blurred"
    assert (told.frames_with_text, told.failed_ocr_count, told.frame_count) == (1, 1, 3)
    assert "ocr_partial" in [warning.code for warning in told.warnings]


def test_when_every_frame_fails_nothing_is_published(world, videos, engine):
    engine.answer = lambda images: [OcrFailure("ocr_failed", "blind")] * len(images)
    with pytest.raises(OcrFailedError, match="blind"):
        extracted(world, videos("cfr_25"))
    assert (world.published, world.retired, engine.closed) == ([], [], True)


def test_a_video_without_text_still_has_its_frames(world, videos, engine, tmp_path):
    engine.answer = lambda images: [OcrPage()] * len(images)
    told = extracted(world, videos("cfr_25"))
    assert (told.frame_count, told.ocr_box_count, told.layout.crop_region) == (4, 0, None)
    assert "no_text_found" in [warning.code for warning in told.warnings]
    config = unpacked(world, KEYS.layout, read_layout, tmp_path).config
    assert (config.crop_source, config.crop_left, config.crop_bottom) == ("default", 0.0, 1.0)


# What people did


def labelled(world, tmp_path, *boxes, **config):
    """Put a layout there that people worked on."""
    path = tmp_path / "old.db"
    write_layout(path, LayoutContent(boxes, LayoutConfigRow(**config), layout_approved=True, last_fence=7))
    target = world.folder / LAYOUT
    target.parent.mkdir(parents=True)
    shutil.copyfile(path, target)


def test_labels_survive_a_new_extraction_matched_or_stale(world, videos, engine, tmp_path):
    noon = "2026-01-02T12:00:00.000Z"
    near = BoxRow(5, 3, 0.31, 0.85, 0.7, 0.91, label="out", label_updated_at=noon)
    gone = BoxRow(100, 0, 0.1, 0.1, 0.2, 0.2, label="in", label_updated_at=noon)
    labelled(world, tmp_path, near, gone)
    extracted(world, videos("cfr_25"))
    content = unpacked(world, KEYS.layout, read_layout, tmp_path)
    kept = {(box.frame_index, box.box_index): (box.label, box.stale) for box in content.boxes if box.label}
    assert kept == {(5, 0): ("out", False), (100, 0): ("in", True)}
    assert (content.layout_approved, content.last_fence) == (True, 7)


def test_a_crop_and_a_selection_that_a_person_set_stay(world, videos, engine, tmp_path):
    crop = {"crop_left": 0.2, "crop_top": 0.7, "crop_right": 0.8, "crop_bottom": 0.95, "crop_source": "user"}
    own = crop | {"anchor_type": "left", "anchor_position": 0.2, "crop_region_version": 4, "selection_left": 0.25}
    labelled(world, tmp_path, **own)
    extracted(world, videos("cfr_25"))
    config = unpacked(world, KEYS.layout, read_layout, tmp_path).config
    assert {name: getattr(config, name) for name in own} == own
    assert (config.line_count, config.frame_width) == (1, 640)


def test_a_layout_that_was_written_under_a_later_lock_stays(world, videos, engine, tmp_path):
    labelled(world, tmp_path)
    with pytest.raises(LockLostError, match="lock 7"):
        extracted(world, videos("cfr_25"), fence=6)
    assert (world.published, engine.calls) == ([], [])
    extracted(world, videos("cfr_25"), fence=8)
    assert unpacked(world, KEYS.layout, read_layout, tmp_path).last_fence == 8


def test_progress_goes_on_while_a_batch_is_read_for_the_next_frames_are_decoded(world, videos, engine):
    moved, told = threading.Event(), []

    def report(done, total, _stage):
        told.append((done, total))
        if done == 3:
            moved.set()

    def answer(images):
        assert moved.wait(30), "nothing is done meanwhile"
        return [OcrPage()] * len(images)

    world.report, engine.answer, engine.batch_size = report, answer, 2
    extracted(world, videos("cfr_25"))
    assert told[-1] == (8, 8)


@pytest.mark.parametrize("content", [b"\x1f\x8bnonsense", b"no database"])
def test_a_layout_that_cannot_be_read_is_an_error_and_stays(world, videos, engine, content):
    path = world.folder / LAYOUT
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(CorruptArtifactError, match="layout"):
        extracted(world, videos("cfr_25"))
    assert (path.read_bytes(), world.published, engine.calls) == (content, [], [])


def test_frames_of_an_earlier_denser_run_go(world, videos, engine):
    extracted(world, videos("cfr_25"), rate=4)
    extracted(world, videos("cfr_25"), rate=1)
    left = [key for key in world.names("client/videos/match") if key.endswith(".jpg")]
    expected = [KEYS.full_frame(0), KEYS.full_frame(10), KEYS.thumbnail(0), KEYS.thumbnail(10)]
    assert left == sorted(without_tenant(key, "team") for key in expected)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux lists open files")
def test_many_frames_keep_no_files_open(world, videos, engine):
    counts = []

    def counting(images):
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
        return captioned(images)

    engine.answer = counting
    assert extracted(world, videos("cfr_25"), rate=10).frame_count == 20
    assert max(counts) == counts[0]


def test_equal_extractions_store_equal_frames(world, videos, engine):
    extracted(world, videos("cfr_25"), rate=1)
    before = stored(world, KEYS.full_frame(10)).read()
    extracted(world, videos("cfr_25"), rate=1)
    assert stored(world, KEYS.full_frame(10)).read() == before


# Refusals


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"rate": 0}, InvalidParameterError),
        ({"rate": 10.5}, InvalidParameterError),
        ({"video_id": "a/b"}, InvalidParameterError),
        ({"video_key": "other/raw/match.mp4"}, ForbiddenError),
        ({"hwaccel": "gpu"}, InvalidParameterError),
        ({"hwaccel": "cuda"}, DecodeFailedError),
        ({"video_key": "team/raw/absent.mp4"}, NotFoundError),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_published(world, videos, engine, more, fault):
    with pytest.raises(fault):
        extracted(world, videos("cfr_25"), **more)
    assert (world.published, engine.calls) == ([], [])


def test_an_engine_that_cannot_start_fails_before_the_video_is_touched(world, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(FolderContext, "open", lambda *_: pytest.fail("the video was opened"))
    with pytest.raises(OcrUnavailableError, match="tesseract"):
        extracted(world, world.folder, ocr_engine="tesseract")


def test_what_is_no_video_is_unsupported(world, engine, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<html></html>")
    with pytest.raises(UnsupportedMediaError):
        extracted(world, page)


def test_the_plan_names_the_frames(world, videos, engine):
    world.put(videos("cfr_25"), "raw/match.mp4")
    request = {"video_key": "team/raw/match.mp4", "tenant_id": "team", "video_id": "match", "frame_rate": 2}
    told = extract_frames_and_ocr.plan(extract_frames_and_ocr.parse(request), world)
    assert (told["frame_indices"], told["frame_width"], told["layout_db_key"]) == ([0, 5, 10, 15], 640, KEYS.layout)
    assert (world.published, engine.calls) == ([], [])
