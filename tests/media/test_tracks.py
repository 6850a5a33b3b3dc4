from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, RATES, moments, pixels, seconds

from clipmill.media.geometry import Box, Fit, Size, clamp_box, place
from clipmill.media.time import selection_tolerance
from clipmill.media.timeline import SegmentEdits, canonical_timeline
from clipmill.media.tracks import Blend, BoxTrack, Track

key_lists = st.lists(st.tuples(seconds, pixels), min_size=1, max_size=12)
blends = st.sampled_from(Blend)
moving = st.sampled_from([Blend.SMOOTH, Blend.CATMULL_ROM])
short_moments = st.integers(0, 1000).map(lambda hundredths: Fraction(hundredths, 100))
lively_keys = st.lists(
    st.tuples(st.integers(0, 20).map(lambda halves: Fraction(halves, 2)), st.integers(-100, 100).map(float)),
    min_size=3,
    max_size=6,
    unique_by=lambda key: key[0],
)


def keys(*pairs):
    return [(Fraction(time), float(value)) for time, value in pairs]


def test_linear_follows_the_straight_line():
    assert Track(keys((0, 10), (4, 50))).at(Fraction(3)) == 40


def test_smooth_matches_the_shared_vector():
    assert Track(keys((0, 0), (1, 10), (3, 40)), Blend.SMOOTH).at(Fraction(2)) == pytest.approx(23.351449, abs=5e-7)


def test_catmull_rom_duplicates_the_end_keys():
    assert Track(keys((0, 0), (8, 80)), Blend.CATMULL_ROM).at(Fraction(2)) == 16.25


def test_catmull_rom_takes_the_outer_neighbours_and_ignores_their_spacing():
    wide = Track(keys((0, 0), (1, 10), (2, 50), (3, 40)), Blend.CATMULL_ROM)
    uneven = Track(keys((0, 0), (10, 10), (11, 50), (90, 40)), Blend.CATMULL_ROM)
    # By hand: half of 20 + 25 + 110/4 - 80/8.
    assert wide.at(Fraction(3, 2)) == uneven.at(Fraction(21, 2)) == 31.25


def test_catmull_rom_knows_no_keys_beyond_its_neighbours():
    near = Track(keys((1, 5), (2, 10), (3, 50), (4, 40)), Blend.CATMULL_ROM)
    far = Track(keys((0, 900), (1, 5), (2, 10), (3, 50), (4, 40), (5, -900)), Blend.CATMULL_ROM)
    assert near.at(Fraction(9, 4)) == far.at(Fraction(9, 4))


def test_catmull_rom_may_overshoot():
    assert Track(keys((0, 0), (1, 0), (2, 10), (3, 10)), Blend.CATMULL_ROM).at(Fraction(1, 4)) < 0


def test_smooth_with_two_keys_is_the_straight_line():
    track = Track(keys((0, 10), (4, 50)), Blend.SMOOTH)
    assert [track.at(Fraction(t)) for t in range(5)] == pytest.approx([10, 20, 30, 40, 50])


def test_smooth_flattens_at_a_turning_point():
    track = Track(keys((0, 0), (1, 10), (2, 0)), Blend.SMOOTH)
    assert track.at(Fraction(99, 100)) == pytest.approx(10, abs=0.01)


def test_smooth_limits_the_first_slope_to_three_times_the_first_rise():
    # d0 = 1, d1 = -99 over gaps of 1: (3*1 + 99)/2 = 51 becomes 3, the inner slope is 0.
    track = Track(keys((0, 0), (1, 1), (2, -98)), Blend.SMOOTH)
    # u = 1/2: 0.125*3*1 + 0.5*1
    assert track.at(Fraction(1, 2)) == pytest.approx(0.875)


@pytest.mark.parametrize("sign", [1, -1])
def test_smooth_keeps_a_first_slope_that_is_steep_but_not_too_steep(sign):
    # Rises of 1 and -1 over gaps of 1: (3*1 + 1)/2 = 2 is below 3 and stays, the inner slope is 0.
    track = Track(keys((0, 0), (1, sign), (2, 0)), Blend.SMOOTH)
    assert track.at(Fraction(1, 2)) == pytest.approx(sign * (0.5 + 0.125 * 2))


def test_smooth_starts_flat_where_the_first_slope_would_point_back():
    # d0 = 1, d1 = 10 over gaps of 1: (3*1 - 10)/2 is negative and becomes 0; inner slope 6/(3/1 + 3/10).
    track = Track(keys((0, 0), (1, 1), (2, 11)), Blend.SMOOTH)
    inner = 6 / 3.3
    assert track.at(Fraction(1, 2)) == pytest.approx(0.5 - 0.125 * inner)


def test_smooth_mirrors_the_last_slope():
    forward = Track(keys((0, 3), (1, 10), (3, 40), (4, 38)), Blend.SMOOTH)
    backward = Track(keys((4, 3), (3, 10), (1, 40), (0, 38)), Blend.SMOOTH)
    times = [Fraction(n, 10) for n in range(41)]
    assert [forward.at(t) for t in times] == pytest.approx([backward.at(4 - t) for t in times])


def test_hold_keeps_the_last_key_and_reaches_the_next_within_the_tolerance():
    track = Track(keys((0, 1), (2, 5)), Blend.HOLD, tolerance=selection_tolerance(Fraction(25)))
    assert track.at(Fraction("1.998")) == 1
    assert track.at(Fraction("1.999")) == 5
    assert track.at(Fraction(-1)) == 1


def test_the_tolerance_changes_nothing_but_hold():
    exact, tolerant = (Track(keys((0, 0), (1, 10)), tolerance=Fraction(e)) for e in (0, Fraction(1, 10)))
    assert exact.at(Fraction(1, 2)) == tolerant.at(Fraction(1, 2))


@pytest.mark.parametrize("blend", Blend)
def test_one_keyframe_is_constant(blend):
    track = Track(keys((5, 7)), blend)
    assert [track.at(Fraction(t)) for t in (-1, 5, 100)] == [7, 7, 7]


@pytest.mark.parametrize("blend", Blend)
def test_a_track_without_keys_takes_the_default(blend):
    assert Track([], blend, default=0.85).at(Fraction(3)) == 0.85
    assert Track([], blend).at(Fraction(3)) == 0.0


def test_unsorted_keys_are_sorted():
    assert Track(keys((4, 50), (0, 10))).at(Fraction(3)) == 40


def test_at_equal_times_the_later_in_the_input_wins():
    assert Track(keys((1, 10), (0, 0), (1, 30))).keys == ((0, 0), (1, 30))
    assert Track(keys((1, 30), (0, 0), (1, 10))).keys == ((0, 0), (1, 10))


def test_keys_closer_than_a_microsecond_are_one_and_the_later_in_the_input_wins():
    near = Fraction("1.0000009")
    assert Track([(Fraction(1), 10.0), (near, 20.0)]).keys == ((near, 20),)
    assert Track([(near, 20.0), (Fraction(1), 10.0)]).keys == ((1, 10),)
    assert len(Track([(Fraction(1), 10.0), (Fraction("1.000001"), 20.0)]).keys) == 2


@pytest.mark.parametrize("blend", Blend)
def test_after_the_last_key_its_value_is_held_to_the_end(blend):
    track = Track(keys((0, 0), (2, 7)), blend)
    assert track.at(Fraction(2)) == track.at(Fraction(9)) == 7


def test_keyframes_outside_the_trim_shape_its_edges():
    track = Track(keys((0, 0), (10, 100)))
    trimmed = canonical_timeline(SegmentEdits(trim_start=Fraction(4), trim_end=Fraction(6)), Fraction(10))
    assert track.at(trimmed.source_at(Fraction(0))) == 40
    assert track.at(trimmed.source_at(trimmed.duration)) == 60


@pytest.mark.parametrize("blend", Blend)
def test_a_trimmed_clip_takes_the_same_path_as_the_untrimmed_one_at_the_same_source_times(blend):
    track = Track(keys((0, 0), (3, 40), (5, 10), (9, 90)), blend)
    whole = canonical_timeline(None, Fraction(10))
    trimmed = canonical_timeline(SegmentEdits(trim_start=Fraction(2), trim_end=Fraction(8)), Fraction(10))
    for k in range(180):
        t = Fraction(k, 30)
        assert track.at(trimmed.source_at(t)) == track.at(whole.source_at(t + 2))


def test_a_path_slows_down_with_the_speed():
    track = Track(keys((0, 0), (10, 100)))
    slow = canonical_timeline(SegmentEdits(segments=((Fraction(0), Fraction(10), Fraction(1, 2)),)), Fraction(10))
    assert [track.at(slow.source_at(Fraction(t))) for t in (0, 1, 2)] == [0, 5, 10]


def test_a_slow_pan_of_a_tenth_of_a_pixel_per_frame_moves_in_every_frame():
    frame, output = Size(1920, 1080), Size(1080, 1920)
    pan = BoxTrack.from_keyframes(
        [(Fraction(0), Box(100, 0, 607.5, 1080)), (Fraction(10), Box(130, 0, 607.5, 1080))],
        default=Box(0, 0, 607.5, 1080),
    )
    lefts = [place(clamp_box(pan.at(Fraction(k, 30)), frame), Fit.STRETCH, output).box.x for k in range(300)]
    steps = [right - left for left, right in pairwise(lefts)]
    assert steps == pytest.approx([0.1] * 299)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("blend", Blend)
def test_keys_given_by_frame_are_reached_at_their_real_time(rate, blend):
    track = Track([(frame / rate, float(frame)) for frame in (0, 7, 31, 100)], blend)
    assert [track.at(frame / rate) for frame in (0, 7, 31, 100)] == [0, 7, 31, 100]


def test_each_side_of_a_box_is_its_own_track():
    track = BoxTrack(
        Track(keys((0, 0), (4, 40))), Track([], default=5), Track(keys((2, 100))), Track(keys((0, 1), (2, 3)))
    )
    assert track.at(Fraction(1)) == Box(10, 5, 100, 2)


def test_a_box_track_without_keyframes_is_its_default():
    default = Box(656.25, 0, 607.5, 1080)
    assert BoxTrack.from_keyframes([], Blend.SMOOTH, default=default).at(Fraction(3)) == default


def test_a_held_box_changes_at_its_key_or_within_the_tolerance_given():
    first, second = Box(0, 0, 10, 10), Box(5, 5, 20, 20)
    given_keys, near = [(Fraction(0), first), (Fraction(1), second)], Fraction("0.9995")
    assert BoxTrack.from_keyframes(given_keys, Blend.HOLD, default=first).at(near) == first
    assert (
        BoxTrack.from_keyframes(given_keys, Blend.HOLD, default=first, tolerance=Fraction(1, 1000)).at(near) == second
    )


def test_the_keyframes_of_a_box_track_are_those_in_force():
    first, second, winner = Box(0, 0, 10, 10), Box(5, 5, 20, 20), Box(6, 6, 20, 20)
    track = BoxTrack.from_keyframes([(Fraction(1), second), (Fraction(0), first), (Fraction(1), winner)], default=first)
    assert track.keyframes == ((0, first), (1, winner))


@LAW
@given(key_lists, blends)
def test_a_track_passes_through_its_keys(pairs, blend):
    track = Track(pairs, blend)
    assert [(time, track.at(time)) for time, _ in track.keys] == list(track.keys)


@LAW
@given(key_lists, blends)
def test_building_a_track_from_its_own_keys_changes_nothing(pairs, blend):
    track = Track(pairs, blend)
    assert Track(track.keys, blend).keys == track.keys


@LAW
@given(key_lists, st.sampled_from([Blend.LINEAR, Blend.SMOOTH, Blend.HOLD]), moments)
def test_a_value_stays_within_its_neighbouring_keys(pairs, blend, t):
    track = Track(pairs, blend)
    before = [value for time, value in track.keys if time <= t][-1:]
    after = [value for time, value in track.keys if time > t][:1]
    low, high = min(before + after), max(before + after)
    assert low - 1e-9 <= track.at(t) <= high + 1e-9


@LAW
@given(key_lists, moments)
def test_smooth_never_leaves_its_neighbours_by_even_a_rounding_step(pairs, t):
    track = Track(pairs, Blend.SMOOTH)
    around = [value for time, value in track.keys if time <= t][-1:] + [
        value for time, value in track.keys if time > t
    ][:1]
    assert min(around) <= track.at(t) <= max(around)


@LAW
@given(pixels, st.lists(seconds, min_size=1, max_size=8), blends, moments)
def test_equal_keys_are_a_constant(value, times, blend, t):
    assert Track([(time, value) for time in times], blend).at(t) == pytest.approx(value)


@LAW
@given(key_lists, st.sampled_from([Blend.LINEAR, Blend.SMOOTH, Blend.CATMULL_ROM]), st.integers(0, 11))
def test_a_path_has_no_jump_at_a_key(pairs, blend, position):
    track = Track(pairs, blend)
    time, value = track.keys[min(position, len(track.keys) - 1)]
    near = Fraction(1, 10**9)
    assert track.at(time - near) == pytest.approx(value, abs=0.1)
    assert track.at(time + near) == pytest.approx(value, abs=0.1)


@LAW
@given(lively_keys, moving, short_moments, st.sampled_from([-1, Fraction(1, 1000), 1000]))
def test_a_path_in_other_units_or_upside_down_is_the_same_path(pairs, blend, t, scale):
    scaled = [(time, value * float(scale)) for time, value in pairs]
    expected = Track(pairs, blend).at(t) * float(scale)
    assert Track(scaled, blend).at(t) == pytest.approx(expected, rel=1e-6, abs=1e-6 * abs(float(scale)))


@LAW
@given(lively_keys, moving, short_moments, st.sampled_from([Fraction(1, 1000), Fraction(1, 7), Fraction(900)]))
def test_a_path_on_a_slower_or_faster_clock_is_the_same_path(pairs, blend, t, scale):
    scaled = [(time * scale, value) for time, value in pairs]
    assert Track(scaled, blend).at(t * scale) == pytest.approx(Track(pairs, blend).at(t), rel=1e-6, abs=1e-6)
