import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipmill.engines.pair_models.persistence import AROUND, LONG, REACH, SHORT, LastingStrokes, lasting
from clipmill.engines.pair_models.planes import PLANES, STILL, planes_of

FRAMES = 24
GONE = STILL + 4


def lit(frames, at=lambda _frame: 8):
    """Strokes of a video that shows one bright bar of 4 pixels in some frames."""
    strokes = np.zeros((FRAMES, 4, 64, 2), np.uint8)
    for frame in frames:
        strokes[frame, :, at(frame) : at(frame) + 4, 0] = 200
    return strokes


def shown(strokes):
    """The frames that show the bar, of all but the first and last REACH."""
    return [frame + REACH for frame in np.flatnonzero(strokes.max(axis=(1, 2, 3)))]


@pytest.mark.parametrize(("sort", "least"), [("short", SHORT), ("long", LONG)])
def test_what_stays_long_enough_is_left_with_its_sharp_ends_and_what_does_not_is_gone(sort, least):
    assert shown(getattr(lasting(lit(range(9, 9 + least))), sort)) == list(range(9, 9 + least))
    assert shown(getattr(lasting(lit(range(9, 9 + least - 1))), sort)) == []


def test_what_moves_by_its_own_width_does_not_last():
    moving = lasting(lit(range(FRAMES), at=lambda frame: 2 * frame))
    assert [shown(part) for part in (moving.short, moving.long, moving.around)] == [[], [], []]


def test_the_strongest_strokes_around_tell_of_a_caption_some_frames_before_it_comes():
    assert shown(lasting(lit(range(12, FRAMES))).around) == list(range(12 - AROUND, FRAMES - REACH))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(0, 9999))
def test_a_video_that_runs_backwards_has_the_same_lasting_strokes_in_reverse(count, seed):
    strokes = np.random.default_rng(seed).integers(0, 256, (count + 2 * REACH, 4, 8, 2), np.uint8)
    ahead, back = lasting(strokes), lasting(strokes[::-1])
    for name in LastingStrokes.__slots__:
        np.testing.assert_array_equal(getattr(back, name), getattr(ahead, name)[::-1])
        assert getattr(ahead, name).shape == (count, 4, 8, 2)


def barred(lefts):
    """Strips with a bright bar whose left edge is told for each, or none."""
    strips = np.full((len(lefts), 32, 64, 3), 90, np.uint8)
    for strip, left in zip(strips, lefts, strict=True):
        if left is not None:
            strip[8:24, left : left + 4] = 220
    return strips


def test_strokes_that_do_not_last_are_wiped_from_the_strip_and_stand_on_their_own_planes():
    empty, passing = planes_of(barred([None] * 6)), planes_of(barred([8, 16, 24, 32, 40, 48]))
    np.testing.assert_array_equal(passing[:, :GONE], empty[:, :GONE])
    assert all(passing[:, GONE].max(axis=(1, 2)) > 100)


def test_strokes_that_stay_are_left_on_every_plane_and_none_is_wiped():
    planes = planes_of(barred([16] * 6))
    assert planes.shape == (6, PLANES, 8, 16)
    for start in (0, STILL + 2):
        assert all(planes[:, start].max(axis=(1, 2)) > 100)
    assert not planes[:, GONE:].any()


def test_two_strips_alone_are_both_read_as_if_they_stood():
    planes = planes_of(barred([None, 16]))
    assert planes[1, 0].max() > 100 > planes[0, 0].max()
    assert not planes[:, GONE:].any()
