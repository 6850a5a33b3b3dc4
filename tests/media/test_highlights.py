from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.media.choices import Effect, HighlightShape
from clipmill.media.geometry import Size
from clipmill.media.highlights import Highlights, Region
from clipmill.media.spots import Ellipse, Look
from clipmill.media.time import selection_tolerance
from clipmill.media.tracks import Blend, Track

FRAME = Size(1920, 1080)
GROUND = Look(shape=HighlightShape.GROUND)
NOTHING = Look(effect=Effect.ORIGINAL, stroke_width=0)


def at(text):
    return Fraction(text)


def track(*values, blend=Blend.LINEAR):
    return Track([(Fraction(time), float(value)) for time, value in values], blend)


def region(start="0", end="5", **changed) -> Region:
    """A white player in the middle of the frame."""
    plain = {
        "x": track((0, 900)),
        "y": track((0, 500)),
        "radius_x": track((0, 60)),
        "radius_y": track((0, 110)),
        "stroke_opacity": track((0, 0.85)),
        "fill_opacity": track((0, 0.05)),
        "colour": track((0, 0xFFFFFF), blend=Blend.HOLD),
    }
    return Region(changed.pop("index", 0), at(start), at(end), **(plain | changed))


def highlights(*regions, look=None, tolerance="0"):
    return Highlights(regions, look or Look(), FRAME, at(tolerance))


def test_the_exit_fade_is_the_square_of_the_time_left():
    assert region().strength(at("4.875")) == 0.25


def test_there_is_no_entrance_fade():
    assert region().strength(at("0")) == 1


def test_a_fade_takes_no_more_than_half_of_a_region():
    short = region("0", "1", exit_fade=at("10"))
    assert [short.strength(at(t)) for t in ("0.5", "0.75")] == [1, 0.25]


def test_without_a_fade_the_strength_is_the_opacity_to_the_end():
    assert region(exit_fade=at("0"), opacity=0.6).strength(at("4.9999")) == 0.6


@LAW
@given(st.fractions(0, 5), st.fractions(0, 10))
def test_strength_never_leaves_its_range(t, fade):
    assert 0 <= region(exit_fade=fade, opacity=1.5).strength(t) <= 1


def test_the_ground_disc_lies_under_the_feet():
    assert Ellipse(100, 50, 13, 26).on_the_ground() == Ellipse(100, 70, 20, 7.8)


def test_a_stroke_grows_with_the_frame():
    size = Size(3840, 2160)
    assert (Look().stroke_px(size), Look().outline_px(size)) == (4, 6)


def test_a_stroke_is_never_narrower_than_two_pixels():
    assert Look(stroke_width=0.1).stroke_px(Size(320, 180)) == 2


def test_stroke_width_zero_is_neither_stroke_nor_outline():
    assert (Look(stroke_width=0).stroke_px(FRAME), Look(stroke_width=0).outline_px(FRAME)) == (0, 0)


def test_the_blur_grows_with_the_frame():
    assert Look(blur_sigma=8).sigma_px(Size(3840, 2160)) == 16


def test_the_soft_edge_is_a_part_of_the_smaller_radius_and_at_least_a_pixel():
    ellipse = Ellipse(0, 0, 50, 80)
    assert [Look(feather=part).feather_px(ellipse) for part in (0.1, 0)] == [5, 1]


def test_the_last_keyframe_holds_to_the_region_end():
    """Regression 12."""
    moving = region(x=track((0, 100), (2, 900)))
    assert highlights(moving).spots(at("4.5"))[0].ellipse.x == 900


def test_one_keyframe_is_the_whole_region():
    """Regression 13."""
    lit = highlights(region("1", "4", x=track((1, 400))))
    assert [lit.active(at(t)) for t in ("1", "2.5", "3.9")] == [True] * 3


def test_keyframes_outside_the_bounds_draw_nothing():
    """Regression 15."""
    wide = highlights(region("1", "2", x=track((0, 100), (5, 900))))
    assert [wide.active(at(t)) for t in ("0.5", "1.5", "2.5")] == [False, True, False]


def test_a_position_of_several_hundred_is_pixels():
    """Regression 16."""
    assert highlights(region(x=track((0, 700)))).spots(at("1"))[0].ellipse.x == 700


def test_radii_that_overshoot_stay_a_pixel_and_opacities_stay_in_range():
    lively = track((0, 30), (1, 30), (2, 2), (3, 2), blend=Blend.CATMULL_ROM)
    spot = highlights(region(radius_x=lively, stroke_opacity=track((0, -3)), fill_opacity=track((0, 4)))).spots(
        at("2.5")
    )[0]
    assert lively.at(at("2.5")) < 1
    assert (spot.ellipse.radius_x, spot.stroke_opacity) == (1, 0)


def test_ground_spots_are_always_filled_and_body_spots_when_asked():
    fills = [
        highlights(region(), look=look).spots(at("1"))[0].fill_opacity
        for look in (Look(), Look(fill_enabled=True), GROUND)
    ]
    assert fills == [0, 0.05, 0.05]


def test_colours_are_held_and_written_as_hex():
    painted = region(colour=track((0, 0x00FF7F), (2, 0x0000FF), blend=Blend.HOLD))
    assert [highlights(painted).spots(at(t))[0].colour for t in ("1.9", "2")] == ["#00FF7F", "#0000FF"]


def test_the_bounds_absorb_rounded_times():
    tolerance = selection_tolerance(Fraction(30))
    near = Highlights((region("1", "2"),), Look(), FRAME, tolerance)
    assert [near.active(t) for t in (1 - tolerance, 1 - 2 * tolerance, 2 - 2 * tolerance, 2 - tolerance)] == [
        True,
        False,
        True,
        False,
    ]


def test_spots_come_in_order_of_start_then_of_input():
    places = [("2", 300), ("0", 200), ("2", 100)]
    regions = [region(start, x=track((0, x)), index=index) for index, (start, x) in enumerate(places)]
    assert [spot.ellipse.x for spot in highlights(*regions).spots(at("3"))] == [200, 300, 100]


@LAW
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=8), st.integers(-1, 60))
def test_the_spots_of_a_moment_are_those_of_the_regions_around_it(windows, halves):
    t = Fraction(halves, 2)
    regions = [
        region(str(start), str(start + length), x=track((0, 100 + index)), index=index)
        for index, (start, length) in enumerate(windows)
    ]
    around = sorted((r for r in regions if r.start <= t < r.end), key=lambda r: (r.start, r.index))
    assert [spot.ellipse.x for spot in highlights(*regions).spots(t)] == [100 + r.index for r in around]


@pytest.mark.parametrize("x", [-64, 1984])
def test_an_ellipse_outside_the_frame_with_its_stroke_is_skipped(x):
    assert highlights(region(x=track((0, x)))).spots(at("1")) == ()


@pytest.mark.parametrize("x", [-61, 1981])
def test_an_ellipse_whose_stroke_reaches_into_the_frame_is_drawn(x):
    assert len(highlights(region(x=track((0, x)))).spots(at("1"))) == 1


@pytest.mark.parametrize("look", [NOTHING, Look(dim_strength=0, stroke_width=0)])
def test_a_look_that_changes_nothing_is_never_active(look):
    lit = highlights(region(), look=look)
    assert (lit.active(at("1")), lit.spans()) == (False, [])


@pytest.mark.parametrize("effect", [Effect.BLUR, Effect.SPOTLIGHT, Effect.DARK_OVERLAY, Effect.BRIGHTNESS_BOOST])
def test_an_effect_alone_is_drawn(effect):
    assert highlights(region(), look=replace(NOTHING, effect=effect)).active(at("1"))


def test_spans_are_merged_and_exact():
    spans = highlights(region("3", "5"), region("0", "1"), region("1", "2"), tolerance="1/1000").spans()
    e = Fraction(1, 1000)
    assert spans == [(-e, 2 - e), (3 - e, 5 - e)]


def test_a_transparent_region_has_no_span():
    assert highlights(region(opacity=0.0)).spans() == []


def test_regions_that_meet_no_frame_are_named_by_their_place_in_the_request():
    times = [Fraction(number, 30) for number in range(300)]
    aside = region(x=track((0, -500)), index=4)
    late = region("20", "30", index=7)
    passing = region(x=track((0, -500), (5, 300)), index=8)
    assert highlights(late, passing, aside).outside(times) == (4, 7)


def test_a_region_between_two_frames_meets_none():
    assert highlights(region("0.1", "0.2")).outside([Fraction(0), Fraction(1, 4), Fraction(1, 2)]) == (0,)
