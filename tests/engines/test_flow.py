from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.drawing import clip_plan, copied, draw, flat, frame_of, lossless_video, picture_of
from tests.engines.flow_scenes import (
    HEIGHT,
    LETTERS,
    SIZE,
    WIDTH,
    disc,
    lettering,
    levels,
    over,
    panned,
    passing_disc,
    texture,
    titled_pan,
    turning,
    view,
)
from tests.engines.reference import psnr

from clipmill.engines.decode import Picture
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.flow import in_between
from clipmill.engines.flow.in_between import InBetween
from clipmill.engines.flow.window import Window
from clipmill.engines.layout import planes_of
from clipmill.engines.planes import Orientation
from clipmill.engines.resample import samples
from clipmill.media.choices import Motion
from clipmill.media.geometry import Box, Placement, Size
from clipmill.media.timeline import Piece, Timeline

EVERYTHING = Placement(Box(0.0, 0.0, float(WIDTH), float(HEIGHT)), Size(*SIZE), 0, 0)
GREY = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)


def pictured(planes, name="yuv420p", at=0) -> Picture:
    return Picture(frame_of(planes, name), Fraction(at))


def between(left, right, part, name="yuv420p") -> tuple[np.ndarray, ...]:
    """The planes at a part of the way between two pictures given as planes."""
    drawn = InBetween().picture(pictured(left, name), pictured(right, name, 1), Fraction(part), EVERYTHING)
    return copied(drawn.frame)


def luma_between(left, right, part) -> np.ndarray:
    return between((left, GREY, GREY), (right, GREY, GREY), part)[0]


def blended(left, right, part) -> np.ndarray:
    return left + (right.astype(float) - left) * part


def slowed(path, motion=Motion.FLOW, **more):
    """The first two tenths of a second, four times as slow."""
    timeline = Timeline((Piece(Fraction(0), Fraction(1, 5), Fraction(1, 4)),))
    return draw(path, SIZE, timeline=timeline, motion=motion, **more)


@pytest.fixture(scope="module")
def pan(tmp_path_factory):
    """Three pictures of a pan, ten a second, colours moving along."""
    path = tmp_path_factory.mktemp("flow") / "pan.mp4"
    pictures = [panned(number) for number in range(3)]
    return lossless_video(path, [(luma, luma[::2, ::2], 255 - luma[::2, ::2]) for luma in pictures])


# Where things stand


@pytest.mark.parametrize(("scene", "better_db"), [(panned, 15), (turning, 10), (passing_disc, 5), (titled_pan, 7)])
def test_a_picture_between_two_is_nearer_to_the_truth_than_their_mix(scene, better_db):
    left, right = scene(0), scene(1)
    for part in (Fraction(1, 4), Fraction(1, 2), Fraction(7, 8)):
        truth, drawn = scene(float(part)), luma_between(left, right, part)
        assert psnr(drawn, truth) >= psnr(blended(left, right, float(part)), truth) + better_db


def test_what_a_passing_disc_hides_and_uncovers_is_not_seen_through_it():
    left, right = passing_disc(0), passing_disc(1)
    drawn, truth = luma_between(left, right, Fraction(1, 2)), passing_disc(0.5)
    around = (disc(100, 70) + disc(105, 71) + disc(110, 72)) > 0
    assert psnr(drawn[around], truth[around]) >= psnr(blended(left, right, 0.5)[around], truth[around]) + 4


def test_letters_stand_still_over_a_moving_picture():
    drawn = luma_between(titled_pan(0), titled_pan(1), Fraction(1, 2))
    inner = lettering() == 1
    assert inner[LETTERS].sum() > 300
    assert np.percentile(np.abs(drawn[inner].astype(int) - 235), [98, 100]) == pytest.approx([0, 0], abs=12)


def test_what_stands_still_stays_as_it_is():
    still = levels(view())
    assert np.array_equal(luma_between(still, still, Fraction(1, 3)), still)


def test_colours_move_with_what_they_belong_to():
    def scene(t):
        cover = disc(100 + 12 * t, 70)
        ground = levels(over(view(), cover, view(-12 * t, 0, 5) / 2 + 120))
        # Chroma of 4:2:0 sits on the left of its two columns and in the middle of its two rows.
        small = (cover[::2, ::2] + cover[1::2, ::2]) / 2
        return ground, levels(over(GREY, small, 60)), levels(over(GREY, small, 200))

    drawn = between(scene(0), scene(1), Fraction(1, 4))
    for plane, left, right, truth in zip(drawn, scene(0), scene(1), scene(0.25), strict=True):
        assert psnr(plane, truth) >= psnr(blended(left, right, 0.25), truth) + 6


def test_ten_bits_are_kept():
    left, right, truth = (texture(1)[100:236, 100 + x : 340 + x] * 4 + 3 for x in (0, 8, 4))
    wide = np.full(GREY.shape, 512, np.uint16)
    planes = [(np.rint(luma).astype(np.uint16), wide, wide) for luma in (left, right)]
    drawn = between(*planes, Fraction(1, 2), "yuv420p10le")[0]
    assert drawn.dtype == np.uint16
    assert psnr(drawn, np.rint(truth), 1023) >= 50
    assert len(set((drawn % 4).ravel().tolist())) == 4


@settings(max_examples=6, deadline=None)
@given(part=st.integers(1, 15), x=st.integers(-9, 9), y=st.integers(-5, 5))
def test_the_way_back_shows_the_same_pictures(part, x, y):
    left, right = levels(view()), levels(view(x, y))
    there = luma_between(left, right, Fraction(part, 16)).astype(int)
    back = luma_between(right, left, Fraction(16 - part, 16)).astype(int)
    assert np.abs(there - back).mean() < 0.5


# Where nothing can be told


def test_across_a_cut_the_first_picture_stays():
    left, right = levels(view(seed=1)), levels(view(300, 80, seed=9))
    # Alike in brightness, so that only their content tells the cut.
    assert np.abs(left.astype(int) - right).mean() < 0.25 * 255
    drawn = luma_between(left, right, Fraction(1, 2))
    assert np.array_equal(drawn, left)


def test_plain_pictures_of_two_brightnesses_are_mixed():
    left, right = flat(40, SIZE, 60, 200), flat(90, SIZE, 80, 160)
    assert [int(plane.max()) for plane in between(left, right, Fraction(1, 2))] == [65, 70, 180]
    assert [int(plane.min()) for plane in between(left, right, Fraction(1, 2))] == [65, 70, 180]


def test_noise_on_a_plain_wall_is_no_cut():
    noise = np.random.default_rng(4)
    left, right = (levels(120 + 2 * noise.standard_normal((HEIGHT, WIDTH))) for _ in range(2))
    drawn = luma_between(left, right, Fraction(1, 2))
    assert not np.array_equal(drawn, left)
    assert abs(float(drawn.mean()) - 120) < 1


# Every kind of picture


@pytest.mark.parametrize("size", [(6, 4), (130, 62)], ids=str)
@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "gray", "nv12", "rgb24", "yuva420p"])
def test_between_a_picture_and_itself_stands_that_picture(name, size):
    ramp = np.random.default_rng(2).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    frame = frame_of((ramp[..., 0], ramp[::2, ::2, 1], ramp[::2, ::2, 2])).reformat(format=name)
    placement = Placement(Box(0.0, 0.0, float(size[0]), float(size[1])), Size(*size), 0, 0)
    left, right = Picture(frame, Fraction(0)), Picture(frame, Fraction(1))
    drawn = InBetween().picture(left, right, Fraction(1, 2), placement).frame
    assert (drawn.width, drawn.height, drawn.colorspace, drawn.color_range) == (*size, frame.colorspace, 1)
    shown, own = planes_of(drawn).frame, planes_of(frame).frame
    for index in range(len(own.planes)):
        assert np.array_equal(samples(shown, index), samples(own, index))


# In a clip


def test_at_the_moments_of_the_source_its_own_pictures_stand(pan):
    drawn, repeated = slowed(pan), slowed(pan, Motion.DUPLICATE)
    assert len(drawn.frames) == 8
    for number in range(8):
        for plane, own in zip(drawn.frames[number], repeated.frames[number], strict=True):
            assert np.array_equal(plane, own) == (number % 4 == 0)


def test_a_part_of_a_slowed_clip_is_drawn_as_within_the_whole(pan):
    whole, again, part = slowed(pan), slowed(pan), slowed(pan, frames=(6, 8))
    for number, frame in enumerate(whole.frames):
        assert all(np.array_equal(*planes) for planes in zip(frame, again.frames[number], strict=True))
        if number >= 6:
            assert all(np.array_equal(*planes) for planes in zip(frame, part.frames[number - 6], strict=True))


@pytest.mark.parametrize("box", [(0, 0, 76.5, 136), (91.3, 20.7, 60.2, 107)], ids=str)
def test_a_crop_shows_the_same_as_the_whole_picture_does_there(pan, box, monkeypatch):
    cropped = _cropped(pan, box)
    monkeypatch.setattr(Window, "around", classmethod(lambda cls, *_: cls()))
    for frame, whole in zip(cropped, _cropped(pan, box), strict=True):
        assert all(np.array_equal(*planes) for planes in zip(frame, whole, strict=True))


def _cropped(path, box):
    timeline = Timeline((Piece(Fraction(0), Fraction(1, 10), Fraction(1, 4)),))
    return draw(path, (90, 160), (0, box), timeline=timeline, motion=Motion.FLOW).frames


def test_no_more_is_drawn_than_a_crop_reads():
    placement = Placement(Box(80.0, 30.0, 45.0, 80.0), Size(90, 160), 0, 0)
    upright = Orientation(Size(*SIZE), Size(*SIZE), 0, mirrored=False)
    turned = Orientation(Size(*SIZE), Size(HEIGHT, WIDTH), 1, mirrored=False)
    assert Window.around(placement, upright).on((HEIGHT, WIDTH)) == (slice(14, 126), slice(64, 141))
    assert Window.around(placement, turned).on((HEIGHT, WIDTH)) == (slice(0, 72), slice(14, 126))


def test_the_motion_of_two_pictures_is_found_once(pan, monkeypatch):
    searches = []
    search = in_between.courses_between
    monkeypatch.setattr(in_between, "courses_between", lambda *pair: searches.append(1) or search(*pair))
    slowed(pan)
    assert len(searches) == 2


def test_what_was_painted_stands_in_the_right_place_between_two_pictures(pan):
    video, times = picture_of(pan), []
    plan = clip_plan(
        video, SIZE, timeline=Timeline((Piece(Fraction(0), Fraction(1, 10), Fraction(1, 2)),)), motion=Motion.FLOW
    )

    def paint(frame, t, _orientation):
        times.append(t)
        return frame

    list(ClipDrawer(plan, pan, video, 1, paint).frames())
    assert times == [0, Fraction(1, 20)]
