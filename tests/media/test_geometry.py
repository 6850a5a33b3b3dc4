import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, pixels

from clipmill.errors import InvalidRequestError
from clipmill.media.geometry import (
    Box,
    Fit,
    Placement,
    Size,
    canvas_to_source,
    clamp_box,
    effective_fit,
    largest_box,
    largest_rotated_box,
    place,
    ratio_mismatch,
    rotated_box_leaves_source,
    rotation_in_force,
)

WIDE = Size(1920, 1080)
TALL = Size(1080, 1920)

even_sides = st.integers(8, 2000).map(lambda half: 2 * half)
outputs = st.builds(Size, even_sides, even_sides)
frames = st.builds(Size, st.integers(2, 4000), st.integers(2, 4000))
sides = st.floats(0.01, 6000)
boxes = st.builds(Box, pixels, pixels, sides, sides)
angles = st.floats(-45, 45)


def test_without_keyframes_the_box_is_the_largest_centred_one():
    assert largest_box(WIDE, TALL.ratio) == Box(656.25, 0, 607.5, 1080)


def test_a_frame_too_tall_for_the_ratio_keeps_its_width():
    assert largest_box(Size(1080, 1920), WIDE.ratio) == Box(0, 656.25, 1080, 607.5)


@LAW
@given(frames, outputs)
def test_the_largest_box_has_the_ratio_touches_the_frame_and_stays_inside(frame, output):
    box = largest_box(frame, output.ratio)
    assert ratio_mismatch(box, output.ratio) < 1e-9
    assert box.width <= frame.width
    assert box.height <= frame.height
    assert box.width == frame.width or box.height == frame.height


@LAW
@given(frames, outputs, angles)
def test_the_largest_rotated_box_shows_no_border_and_a_larger_one_would(frame, output, degrees):
    box = largest_rotated_box(frame, output.ratio, degrees)
    assert ratio_mismatch(box, output.ratio) < 1e-9
    assert not rotated_box_leaves_source(box, frame, degrees)
    larger = Box(box.x - 0.01 * box.width, box.y - 0.01 * box.height, 1.02 * box.width, 1.02 * box.height)
    assert rotated_box_leaves_source(larger, frame, degrees)


def test_a_box_near_the_right_edge_is_shifted_into_the_frame():
    assert clamp_box(Box(1900, 10, 100, 50), WIDE) == Box(1820, 10, 100, 50)


def test_a_box_wholly_outside_is_shifted_into_the_frame():
    assert clamp_box(Box(-5000, 4000, 100, 50), WIDE) == Box(0, 1030, 100, 50)


def test_a_box_larger_than_the_frame_is_shrunk_to_it():
    assert clamp_box(Box(-10, 20, 3000, 500), WIDE) == Box(0, 20, 1920, 500)


def test_a_side_below_two_pixels_grows_around_its_centre():
    assert clamp_box(Box(100, 200, 1, 0.5), WIDE) == Box(99.5, 199.25, 2, 2)


def test_float_crop_coordinates_keep_their_fraction():
    box = Box(300.25, 10.125, 540.75, 960.5)
    assert clamp_box(box, WIDE) == box


@LAW
@given(boxes, frames)
def test_a_clamped_box_lies_inside_the_frame(box, frame):
    clamped = clamp_box(box, frame)
    assert clamped.x >= 0
    assert clamped.y >= 0
    assert clamped.width >= 2
    assert clamped.height >= 2
    assert clamped.x + clamped.width <= frame.width + 1e-9
    assert clamped.y + clamped.height <= frame.height + 1e-9


@LAW
@given(boxes, frames)
def test_clamping_twice_changes_nothing(box, frame):
    once = clamp_box(box, frame)
    assert clamp_box(once, frame) == once


@pytest.mark.parametrize("box", [Box(0, 0, 400, 200), Box(0, 0, 100, 200)])
def test_a_mismatch_is_the_same_above_and_below_the_ratio(box):
    assert ratio_mismatch(box, Fraction(1)) == 1.0


def test_boxes_that_all_nearly_match_are_stretched():
    assert effective_fit([Box(0, 0, 540, 960), Box(5, 5, 545, 960)], Fit.COVER, TALL) is Fit.STRETCH


def test_one_box_off_by_one_per_cent_brings_the_asked_fit_back_for_all():
    assert effective_fit([Box(0, 0, 540, 960), Box(5, 5, 545.4, 960)], Fit.CONTAIN, TALL) is Fit.CONTAIN


def test_without_keyframes_the_box_already_has_the_ratio():
    assert effective_fit([], Fit.CONTAIN, TALL) is Fit.STRETCH


def test_cover_shrinks_the_long_side_around_the_centre():
    assert place(Box(0, 0, 400, 400), Fit.COVER, TALL) == Placement(Box(87.5, 0, 225, 400), TALL, 0, 0)


def test_cover_shrinks_a_tall_box_in_height():
    assert place(Box(10, 20, 320, 400), Fit.COVER, WIDE).box == Box(10, 130, 320, 180)


def test_contain_shows_the_whole_box_centred():
    assert place(Box(0, 0, 400, 400), Fit.CONTAIN, TALL) == Placement(Box(0, 0, 400, 400), Size(1080, 1080), 0, 420)


def test_contain_rounds_the_picture_to_even_sides_half_up():
    # 812.7 lines, half of them 406.35; then 811 lines, half of them 405.5.
    assert place(Box(0, 0, 400, 301), Fit.CONTAIN, TALL).picture == Size(1080, 812)
    assert place(Box(0, 0, 1080, 811), Fit.CONTAIN, TALL).picture == Size(1080, 812)


def test_a_picture_never_begins_between_two_chroma_samples():
    # 1920 - 1078 leaves 421 lines on each side, which rounds down to 420.
    assert place(Box(0, 0, 1080, 1078), Fit.CONTAIN, TALL).top == 420


def test_a_very_flat_box_keeps_two_lines():
    assert place(Box(0, 0, 4000, 2), Fit.CONTAIN, TALL).picture == Size(1080, 2)


def test_stretch_brings_the_box_to_the_full_output():
    assert place(Box(1, 2, 30, 40), Fit.STRETCH, TALL) == Placement(Box(1, 2, 30, 40), TALL, 0, 0)


@LAW
@given(boxes, outputs)
def test_cover_samples_a_part_of_the_box_at_the_ratio_of_the_output(box, output):
    placed = place(box, Fit.COVER, output)
    assert placed.picture == output
    assert ratio_mismatch(placed.box, output.ratio) < 1e-9
    assert placed.box.width <= box.width
    assert placed.box.height <= box.height
    assert placed.box.x + placed.box.width / 2 == pytest.approx(box.x + box.width / 2, abs=1e-6)
    assert placed.box.y + placed.box.height / 2 == pytest.approx(box.y + box.height / 2, abs=1e-6)


@LAW
@given(boxes, outputs)
def test_contain_follows_its_formula_and_lies_evenly_on_the_output(box, output):
    placed = place(box, Fit.CONTAIN, output)
    scale = min(output.width / box.width, output.height / box.height)
    assert placed.picture.width == pytest.approx(min(output.width, max(2, box.width * scale)), abs=1 + 1e-6)
    assert placed.picture.height == pytest.approx(min(output.height, max(2, box.height * scale)), abs=1 + 1e-6)
    for outer, inner, margin in (
        (output.width, placed.picture.width, placed.left),
        (output.height, placed.picture.height, placed.top),
    ):
        assert inner % 2 == 0
        assert margin % 2 == 0
        assert 0 <= (outer - inner) / 2 - margin < 2


def test_stale_boxes_of_another_ratio_give_the_requested_size_and_an_undistorted_picture():
    stale = [Box(0, 0, 540, 960), Box(100, 0, 540, 960)]
    square = Size(1080, 1080)
    placed = place(stale[1], effective_fit(stale, Fit.COVER, square), square)
    assert placed.picture == square
    assert placed.box.width == placed.box.height


@pytest.mark.parametrize("degrees", [0, 1e-17, -1e-9, 9.9e-7])
def test_a_rotation_too_small_to_see_is_none(degrees):
    assert rotation_in_force(degrees) == 0.0
    assert math.copysign(1, rotation_in_force(degrees)) == 1


@pytest.mark.parametrize("degrees", [1e-6, -45, 45, 12.5])
def test_a_rotation_up_to_45_degrees_is_taken(degrees):
    assert rotation_in_force(degrees) == degrees


@pytest.mark.parametrize("degrees", [46, -45.001, math.nan, math.inf])
def test_a_rotation_beyond_45_degrees_is_rejected(degrees):
    with pytest.raises(InvalidRequestError, match=r"^rotation: .* -45 to 45") as caught:
        rotation_in_force(degrees)
    assert caught.value.details == {"field": "rotation"}


def test_a_positive_rotation_turns_counter_clockwise_as_seen():
    x, y = canvas_to_source(*_canvas_point(1920, 540, WIDE, 30), WIDE, 30)
    assert (x, y) == pytest.approx((1920, 540))
    assert _canvas_point(1920, 540, WIDE, 30)[1] < 540


@LAW
@given(pixels, pixels, frames, angles)
def test_a_canvas_point_leads_back_to_its_source_point(x, y, frame, degrees):
    assert canvas_to_source(*_canvas_point(x, y, frame, degrees), frame, degrees) == pytest.approx((x, y), abs=1e-6)


def _canvas_point(x: float, y: float, frame: Size, degrees: float) -> tuple[float, float]:
    """The canvas position of a source point, as the specification writes it."""
    a, dx, dy = math.radians(degrees), x - frame.width / 2, y - frame.height / 2
    return (
        frame.width / 2 + dx * math.cos(a) + dy * math.sin(a),
        frame.height / 2 - dx * math.sin(a) + dy * math.cos(a),
    )


def test_a_corner_box_shows_the_border_once_the_frame_is_rotated():
    corner = Box(0, 0, 200, 200)
    assert not rotated_box_leaves_source(corner, WIDE, 0.0)
    assert rotated_box_leaves_source(corner, WIDE, 5.0)
    assert not rotated_box_leaves_source(Box(860, 440, 200, 200), WIDE, 45.0)


@pytest.mark.parametrize("shift", [-0.1, 0.1])
@pytest.mark.parametrize("degrees", [-5.0, 5.0])
def test_a_tenth_of_a_pixel_of_border_is_seen(degrees, shift):
    box = largest_rotated_box(WIDE, WIDE.ratio, degrees)
    assert rotated_box_leaves_source(Box(box.x, box.y + shift, box.width, box.height), WIDE, degrees)


def test_a_keyframe_clip_outside_the_ratio_by_less_than_one_per_cent_is_not_shrunk_by_cover():
    box = Box(10, 10, 544, 960)
    assert place(box, effective_fit([box], Fit.COVER, TALL), TALL).box == box
