import numpy as np
import pytest
from tests.engines.ocr.strips import ToldEngine, line, saying
from tests.functions.captioned import PLACE, CountingContext, own, store_version

from clipmill.engines.ocr.pages import Box, OcrPage
from clipmill.errors import (
    CorruptArtifactError,
    InvalidParameterError,
    NotCommittedError,
    OcrFailedError,
    OcrUnavailableError,
)
from clipmill.functions.generate_caption_ocr import generate_caption_ocr
from clipmill.functions.generate_caption_ocr_batch import generate_caption_ocr_batch

FRAMES = 70


def brightness(frame: int) -> int:
    return 2 * frame + 40


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    world = CountingContext(tmp_path_factory.mktemp("captions"))
    store_version(world, FRAMES, brightness)
    return world


@pytest.fixture
def world(version):
    version.fetched.clear()
    return version


@pytest.fixture
def engine(monkeypatch):
    told = ToldEngine(lambda images: [saying("hello there") for _ in images])
    for module in ("generate_caption_ocr", "generate_caption_ocr_batch"):
        monkeypatch.setattr(f"clipmill.functions.{module}.chosen_engine", lambda *_: told)
    return told


def one(world, start, end, **more):
    return generate_caption_ocr({"chunks_prefix": PLACE.prefix, "start_frame": start, "end_frame": end} | more, world)


def many(world, *ranges, **more):
    captions = [
        {"caption_id": f"c{at}", "start_frame": start, "end_frame": end} for at, (start, end) in enumerate(ranges)
    ]
    return generate_caption_ocr_batch({"chunks_prefix": PLACE.prefix, "captions": captions} | more, world)


def chunks_fetched(world):
    return {key.rpartition("cropped_frames_v1/")[2]: count for key, count in world.fetched.items() if "chunk_" in key}


def test_a_caption_is_read_on_the_median_of_all_its_frames(world, engine):
    told = one(world, 10, 21)
    assert (told.ocr_text, told.frame_count, told.level, told.median_frame_index) == ("hello there", 11, 1, 15)
    (picture,) = engine.seen
    assert picture.shape == (32, 64, 3)
    assert np.abs(picture.astype(int) - brightness(15)).max() <= 4
    assert engine.closed


def test_the_last_frame_of_a_caption_is_part_of_its_median(world, engine):
    one(world, 10, 12)
    one(world, 10, 13)
    two, three = (float(picture.mean()) for picture in engine.seen)
    assert two == pytest.approx((brightness(10) + brightness(11)) / 2, abs=2.5)
    assert three - two == pytest.approx(1, abs=1.5)


def test_a_caption_of_one_frame_works(world, engine):
    assert one(world, FRAMES - 1, FRAMES).frame_count == 1
    assert float(engine.seen[0].mean()) == pytest.approx(brightness(FRAMES - 1), abs=3)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (7, 5), (-1, 5), (0, FRAMES + 1)])
def test_a_range_that_is_none_is_refused_and_only_the_manifest_is_read(world, engine, start, end):
    with pytest.raises(InvalidParameterError, match=rf"{start} and {end}"):
        one(world, start, end)
    assert dict(world.fetched) == {own(PLACE.manifest): 1}


def test_a_caption_across_a_chunk_border_needs_both_chunks_once(world, engine):
    told = one(world, 30, 34)
    assert told.frame_count == 4
    assert chunks_fetched(world) == {"modulo_1/chunk_0000.webm": 1, "modulo_1/chunk_0001.webm": 1}


def test_above_max_frames_a_coarser_level_stands_in_and_that_is_told(world, engine):
    told = one(world, 0, FRAMES, max_frames=18)
    assert (told.frame_count, told.level) == (18, 4)
    assert [warning.code for warning in told.warnings] == ["frames_left_out"]
    assert chunks_fetched(world) == {"modulo_4/chunk_0000.webm": 1}


def test_the_engine_s_own_confidence_and_lines_are_told(world, engine):
    rows = OcrPage((line("below", 0.8, Box(0.1, 0.6, 0.5, 0.9)), line("AB", 0.5, Box(0.1, 0.1, 0.5, 0.4))))
    engine.answer = lambda _: [rows]
    told = one(world, 0, 3)
    assert told.ocr_text == "AB\nbelow"
    assert told.confidence == pytest.approx((2 * 0.5 + 5 * 0.8) / 7)
    assert [read["text"] for read in told.lines] == ["AB", "below"]


def test_a_caption_without_text_is_an_empty_text(world, engine):
    engine.answer = lambda images: [OcrPage()] * len(images)
    told = one(world, 0, 3)
    assert (told.ocr_text, told.confidence) == ("", 0.0)


def test_text_that_the_engine_cannot_read_is_told(world, engine):
    engine.answer = lambda images: [OcrPage((), unread=1)] * len(images)
    assert [warning.code for warning in one(world, 0, 3).warnings] == ["unreadable_text"]


def test_an_engine_that_fails_twice_fails_the_call(world, engine):
    def fail(_):
        raise RuntimeError("no luck")

    engine.answer = fail
    with pytest.raises(OcrFailedError, match="no luck"):
        one(world, 0, 3)
    assert engine.calls == [1, 1]


def test_a_version_without_manifest_is_not_there(world, engine):
    with pytest.raises(NotCommittedError, match="version 2"):
        one(world, 0, 3, chunks_prefix="team/client/videos/match/cropped_frames_v2")


@pytest.mark.parametrize("prefix", ["team/client/videos/match/", "team/../x/cropped_frames_v1/", "cropped_frames_v1/"])
def test_a_prefix_of_something_else_is_refused_before_any_read(world, engine, prefix):
    with pytest.raises(InvalidParameterError):
        one(world, 0, 3, chunks_prefix=prefix)
    assert not world.fetched


def test_an_engine_that_cannot_start_fails_before_any_read(world, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(OcrUnavailableError, match="tesseract"):
        one(world, 0, 3, ocr_engine="tesseract")
    assert not world.fetched


def test_a_damaged_chunk_is_refused_by_its_digest(tmp_path, engine):
    world = CountingContext(tmp_path)
    store_version(world, 3, brightness)
    path = tmp_path / own(PLACE.chunk(1, 0))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(CorruptArtifactError, match="SHA-256"):
        one(world, 0, 3)
    assert engine.calls == []


def test_the_plan_names_frames_and_chunks_without_reading_them(world, engine):
    request = generate_caption_ocr.parse({"chunks_prefix": PLACE.prefix, "start_frame": 30, "end_frame": 34})
    told = generate_caption_ocr.plan(request, world)
    assert (told["level"], told["frame_count"]) == (1, 4)
    assert told["chunks"] == [PLACE.chunk(1, 0), PLACE.chunk(1, 1)]
    assert chunks_fetched(world) == {}


# Batches


def test_captions_that_share_chunks_fetch_each_chunk_once(world, engine):
    told = many(world, (0, 40), (20, 50), (33, 34), (60, FRAMES))
    assert [item.result.frame_count for item in told.items] == [40, 30, 1, 10]
    assert chunks_fetched(world) == dict.fromkeys([f"modulo_1/chunk_000{number}.webm" for number in range(3)], 1)


def test_a_batch_keeps_its_order_whatever_the_order_of_the_chunks(world, engine):
    engine.answer = lambda images: [saying(str(round(float(image.mean()) / 10))) for image in images]
    told = many(world, (60, 61), (0, 1), (30, 31))
    assert [item.caption_id for item in told.items] == ["c0", "c1", "c2"]
    assert [item.result.ocr_text for item in told.items] == ["16", "4", "10"]


def test_one_bad_caption_in_fifty_leaves_forty_nine_results(world, engine):
    ranges = [(at, at + 1) for at in range(50)]
    ranges[17] = (3, FRAMES + 9)
    told = many(world, *ranges)
    assert [item.caption_id for item in told.items if item.error] == ["c17"]
    assert told.items[17].error.code == "invalid_parameter"
    assert sum(item.result is not None for item in told.items) == 49


def test_a_caption_that_the_engine_fails_on_leaves_the_others(world, engine):
    def answer(images):
        if any(image.mean() > 100 for image in images):
            raise RuntimeError("too bright")
        return [saying("dim") for _ in images]

    engine.answer = answer
    told = many(world, (60, 61), (0, 1))
    assert (told.items[0].error.code, told.items[1].result.ocr_text) == ("ocr_failed", "dim")


@pytest.mark.parametrize("captions", [[], [("a", 0, 1), ("a", 2, 3)]])
def test_an_empty_batch_and_an_id_twice_are_refused(world, engine, captions):
    asked = [{"caption_id": name, "start_frame": start, "end_frame": end} for name, start, end in captions]
    with pytest.raises(InvalidParameterError, match="captions"):
        generate_caption_ocr_batch({"chunks_prefix": PLACE.prefix, "captions": asked}, world)
    assert not world.fetched


def test_captions_go_to_the_engine_many_at_a_time(world, engine):
    engine.batch_size = 4
    many(world, *((at, at + 1) for at in range(10)))
    assert engine.calls == [4, 4, 2]


def test_decoded_chunks_leave_the_scratch_space(world, engine):
    many(world, (0, 40), (33, FRAMES))
    assert not [name for name in world.left_behind if name.endswith(".rgb")]
    assert world.published == []
