import cv2
import numpy as np
import pytest
from tests.engines.pair_models.bands import CONTEXT, band, bands, lettered

from clipmill.engines.pair_models import both_ways, pair_model, second_looks, sequence_of
from clipmill.engines.pair_models.letters import letters_alike
from clipmill.engines.pair_models.motion import passing_strokes
from clipmill.engines.pair_models.planes import lasting_in, reading_of
from clipmill.engines.pair_models.second_looks import looked_at_again
from clipmill.engines.pair_models.stripes import mostly_stripes, striped_strokes
from clipmill.engines.pair_models.strips import strips_of
from clipmill.media.captions.boundaries import derive_captions

SUNG = (20, 150, 40)


@pytest.fixture(scope="module")
def model():
    return pair_model("textchange", 2)


def captions(model, frames):
    return [(one.start_frame, one.end_frame) for one in derive_captions(*both_ways(model, frames, CONTEXT))]


def striped(count, period=12):
    """Bands with upright stripes in their middle."""
    down, across = np.mgrid[:80, :640].astype(np.float32)
    lit = (across + 0.3 * down) % period < period / 2
    picture = np.where((lit & (across > 200) & (across < 480))[..., None], 230, band(seed=3))
    picture[(~lit & (across > 200) & (across < 480))] = 40
    return np.stack([picture.astype(np.uint8)] * count)


def running(count, speed=22):
    """Bands through which letters run that fill most of them."""
    pictures = [band(seed=3) for _ in range(count)]
    for number, picture in enumerate(pictures):
        place, words = (20 - speed * number, 68), "THE FELT FLEET FELL TEN FEET BELOW THE HILL"
        cv2.putText(picture, words, place, cv2.FONT_HERSHEY_DUPLEX, 1.4, (240, 240, 240), 3, cv2.LINE_AA)
    return np.stack(pictures)


def sung(number, words=("Every", "summer", "we", "come")):
    """A line of which one word has another colour."""
    picture, left = band(seed=2), 90
    for place, word in enumerate(words):
        for colour, thick in (((0, 0, 0), 7), (SUNG if place == number else (255, 255, 255), 2)):
            cv2.putText(picture, word, (left, 52), cv2.FONT_HERSHEY_SIMPLEX, 1.1, colour, thick, cv2.LINE_AA)
        left += cv2.getTextSize(word + " ", cv2.FONT_HERSHEY_SIMPLEX, 1.1, 2)[0][0]
    return picture


@pytest.mark.parametrize(("first", "second"), [(2, 1), (1, 2), (2, 2)])
def test_captions_of_two_frames_that_touch_are_two(model, first, second):
    frames = bands(*[""] * 6, *["Good morning"] * first, *["What is that?"] * second, *[""] * 6, seed=5)
    assert captions(model, frames) == [(6, 6 + first), (6 + first, 6 + first + second)]


def test_sharp_stripes_are_no_caption(model):
    assert captions(model, striped(8)) == []


def test_large_writing_that_runs_through_the_band_is_no_caption(model):
    assert captions(model, running(12)) == []


def test_a_line_whose_words_change_their_colour_one_after_another_is_one_caption(model):
    assert captions(model, np.stack([sung(frame // 3) for frame in range(12)])) == [(0, 12)]


@pytest.mark.parametrize("frames", [
    bands("", "", "", *["Good morning"] * 2, *["What is that?"] * 2, "", "", "", seed=5),
    striped(6), running(8), np.stack([sung(frame // 2) for frame in range(8)]),
])  # fmt: skip
def test_without_a_second_look_each_of_these_goes_wrong(model, monkeypatch, frames):
    mended = captions(model, frames)
    monkeypatch.setattr(second_looks, "LOOKS", ())
    assert captions(model, frames) != mended


def doubted(row, *pictures):
    """The row of the pair in the middle of six strips once it was looked at again, by a network that is not asked."""
    held = [reading_of(strip) for strip in strips(*pictures)]
    rows = np.array([row]), np.array([row])
    forward, _ = looked_at_again(rows, held, 2, lasting_in(held, range(2, 4)), lambda _: pytest.fail("asked"))
    return forward[0].tolist()


def test_between_captions_so_faint_that_none_is_seen_the_letters_tell_whether_one_follows_another():
    row, turned = [0.06, 0.04, 0.88, 0.01, 0.01], [0.04, 0.06, 0.88, 0.01, 0.01]
    one, other, elsewhere = ruled("Good morning", 3), ruled("What is that?", 3), ruled("Good morning", 11)
    assert doubted(row, one, one, one, other, other, other) == turned
    assert doubted(row, *[one] * 6) == row
    assert doubted(row, one, one, one, elsewhere, elsewhere, elsewhere) == row


def ruled(text, left):
    """A small line before a scene full of strokes."""
    picture = band(text, seed=1, scale=0.6)
    picture[:, left::16] = (250, 250, 250)
    picture[:, left + 1 :: 16] = (250, 250, 250)
    return lettered(picture, text, scale=0.6)


def strips(*pictures):
    return strips_of(np.stack(pictures))


def test_a_word_in_another_colour_has_the_same_letters_and_another_word_has_not():
    line = sung(0)
    recoloured, reworded = (
        letters_alike(*strips(line, other)) for other in (sung(1), sung(0, ("Every", "winter", "we", "come")))
    )
    assert recoloured is not None
    assert reworded is not None
    assert recoloured > 0.6
    assert reworded < 0.1
    assert letters_alike(*strips(line, line)) is None


def test_stripes_run_one_way_and_letters_do_not():
    for pictures, wanted in ((striped(1), True), (bands("Good morning"), False)):
        reading = reading_of(strips(*pictures)[0])
        assert mostly_stripes(reading.luma, reading.strokes) is wanted
        left = reading.strokes - striped_strokes(reading.luma, reading.strokes)
        assert bool(left.sum() < 0.2 * reading.strokes.sum()) is wanted


def readings(*pictures):
    return [reading_of(strip).strokes for strip in strips(*pictures)]


def test_strokes_that_pass_are_those_that_come_from_one_side_and_go_to_the_other():
    strokes = readings(*running(4))
    passing = passing_strokes(strokes, 1)
    assert passing is not None
    left = np.stack(strokes[1:3]) - np.minimum(np.stack(strokes[1:3]), passing)
    assert left[:, :, 40:-40].sum() < 0.2 * np.stack(strokes[1:3])[:, :, 40:-40].sum()


def test_a_caption_that_stands_or_jumps_once_does_not_pass():
    first, second = band("EHEHEHEHEHEH", seed=1), band("EHEHEHEHEHEH", seed=1, left=150)
    assert passing_strokes(readings(first, first, first, first), 1) is None
    assert passing_strokes(readings(first, first, second, second), 1) is None


def test_however_frames_are_parted_the_second_looks_are_the_same(model):
    brief = bands("", *["Good morning"] * 2, "What is that?", "", seed=5)
    frames = np.concatenate([brief, running(6), striped(4), np.stack([sung(0), sung(1)])])
    whole = both_ways(model, frames, CONTEXT)
    for size in (1, 5):
        sequence = sequence_of(model, CONTEXT)
        parts = [sequence.read(frames[start : start + size]) for start in range(0, len(frames), size)]
        for way, rows in enumerate(zip(*parts, sequence.finish(), strict=True)):
            np.testing.assert_array_equal(np.concatenate(rows), whole[way])
