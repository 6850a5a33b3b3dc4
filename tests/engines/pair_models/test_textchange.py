import cv2
import numpy as np
import pytest
from tests.engines.pair_models.bands import CONTEXT, band, bands, lettered

from clipmill.engines.pair_models import both_ways, pair_model, sequence_of
from clipmill.engines.pair_models.textchange import TextChange
from clipmill.errors import ModelMissingError
from clipmill.media.captions.boundaries import derive_captions
from clipmill.media.captions.pairs import LABELS, Label


@pytest.fixture(scope="module")
def model():
    return pair_model("textchange", 2)


def label(row):
    return LABELS[int(np.argmax(row))]


def test_each_pair_gets_five_probabilities_with_sum_1_in_both_directions(model):
    rows = both_ways(model, bands("", "Good morning", "Good morning", "And now this"), CONTEXT)
    for one in rows:
        assert one.shape == (3, 5)
        np.testing.assert_allclose(one.sum(axis=1), 1, atol=1e-5)


def test_a_caption_that_comes_stays_changes_and_goes_is_told_by_its_labels(model):
    texts = ["", *["Good morning"] * 3, *["What is that?"] * 3, ""]
    forward, backward = both_ways(model, bands(*texts), CONTEXT)
    came, stays, changed, went = Label.EMPTY_VALID, Label.SAME, Label.DIFFERENT, Label.VALID_EMPTY
    assert [label(row) for row in forward] == [came, stays, stays, changed, stays, stays, went]
    assert [label(row) for row in backward] == [went, stays, stays, changed, stays, stays, came]


def test_a_caption_over_another_background_is_the_same(model):
    first, second = band("Good morning", seed=1)[None], band("Good morning", seed=2)[None]
    assert label(model.predict(first, second, CONTEXT)[0]) is Label.SAME


def test_equal_pictures_are_the_same_or_both_empty(model):
    rows, _ = both_ways(model, bands("Good morning", "Good morning"), CONTEXT)
    assert label(rows[0]) is Label.SAME
    rows, _ = both_ways(model, bands("", ""), CONTEXT)
    assert label(rows[0]) is Label.EMPTY_EMPTY


@pytest.mark.parametrize("threads", [1, 2])
def test_batch_sizes_1_2_3_16_17_64_give_identical_pair_rows(threads):
    model = TextChange(threads)
    frames = np.stack(
        [band(f"Line {k // 7}" if k % 9 else "", seed=k // 3, width=320, height=64, left=40) for k in range(66)]
    )
    whole = both_ways(model, frames, CONTEXT)
    assert [rows.shape for rows in whole] == [(65, 5), (65, 5)]
    for size in (1, 2, 3, 16, 17, 64):
        sequence = sequence_of(model, CONTEXT)
        parts = [sequence.read(frames[start : start + size]) for start in range(0, 66, size)] + [sequence.finish()]
        for way in range(2):
            np.testing.assert_array_equal(np.concatenate([part[way] for part in parts]), whole[way])


def test_pairs_asked_for_alone_are_videos_of_two_frames(model):
    frames = bands("", "Good morning", "What is that?")
    rows = model.predict(frames[:-1], frames[1:], CONTEXT)
    assert [label(row) for row in rows] == [Label.EMPTY_VALID, Label.DIFFERENT]
    for pair, row in enumerate(rows):
        forward, backward = both_ways(model, frames[pair : pair + 2], CONTEXT)
        np.testing.assert_array_equal(forward[0], row)
        np.testing.assert_array_equal(backward, model.predict(frames[[pair + 1]], frames[[pair]], CONTEXT))


def captions(model, frames):
    return [(one.start_frame, one.end_frame) for one in derive_captions(*both_ways(model, frames, CONTEXT))]


def passing(frame):
    """A board beside the pitch that the camera passes."""
    picture, left = band(seed=3), 600 - 14 * frame
    cv2.rectangle(picture, (left - 12, 14), (left + 400, 58), (70, 20, 10), -1)
    place, grey = (left, 46), (235, 235, 235)
    cv2.putText(picture, "BOARDS BESIDE THE PITCH", place, cv2.FONT_HERSHEY_SIMPLEX, 0.9, grey, 2, cv2.LINE_AA)
    return picture


def test_writing_that_passes_through_the_band_is_no_caption(model):
    assert captions(model, np.stack([passing(frame) for frame in range(20)])) == []


def test_a_caption_over_writing_that_passes_is_one_caption(model):
    pictures = [passing(frame) for frame in range(20)]
    pictures[8:16] = [lettered(picture, "Good morning") for picture in pictures[8:16]]
    assert captions(model, np.stack(pictures)) == [(8, 16)]


def test_a_text_change_only_at_the_far_edge_of_a_very_wide_crop_is_detected(model):
    texts = ["we sat by the river"] * 3 + ["we sat by the tower"] * 3
    frames = np.stack([band(text, width=2400, height=100, left=1720, scale=1.8) for text in texts])
    forward, backward = both_ways(model, frames, CONTEXT)
    assert [(one.start_frame, one.end_frame) for one in derive_captions(forward, backward)] == [(0, 3), (3, 6)]


def test_one_frame_has_no_pairs(model):
    assert [rows.shape for rows in both_ways(model, bands("alone"), CONTEXT)] == [(0, 5), (0, 5)]


def test_absent_weights_are_named(tmp_path):
    with pytest.raises(ModelMissingError, match="gone"):
        TextChange(1, tmp_path / "gone.onnx")


def test_weights_with_one_byte_changed_are_refused(tmp_path):
    from importlib.resources import files

    data = bytearray((files("clipmill.engines.pair_models") / "weights" / "textchange.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    altered = tmp_path / "altered.onnx"
    altered.write_bytes(data)
    with pytest.raises(ModelMissingError, match="expected SHA-256"):
        TextChange(1, altered)


def test_pictures_that_are_equal_are_read_once(monkeypatch):
    model, read = TextChange(1), []
    run = model._session.run
    spy = type("Spy", (), {"run": lambda _, names, given: read.append(len(given["planes"])) or run(names, given)})()
    monkeypatch.setattr(model, "_session", spy)
    rows, _ = both_ways(model, bands("", "word", "word", "word", ""), CONTEXT)
    assert read == [2]
    assert [label(row) for row in rows] == [Label.EMPTY_VALID, Label.SAME, Label.SAME, Label.VALID_EMPTY]
