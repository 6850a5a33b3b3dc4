from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, RATES, moments, rates

from clipmill.errors import CorruptMediaError
from clipmill.media.selection import OnScreen, frames_on_screen, motion_fraction, on_screen
from clipmill.media.time import frame_count, round_half_up, selection_tolerance
from clipmill.media.timeline import SegmentEdits, canonical_timeline

MS = Fraction(1, 1000)
clocks = st.lists(st.integers(0, 5000), min_size=1, max_size=30, unique=True).map(
    lambda ticks: [n * MS for n in sorted(ticks)]
)


def shown(pts, times, tolerance=MS):
    return [found.frame for found in frames_on_screen(times, range(len(pts)), pts.__getitem__, tolerance)]


def brute_force(pts, t, tolerance):
    return max((position for position, time in enumerate(pts) if time <= t + tolerance), default=0)


def test_25_frames_per_second_shown_at_30():
    pts = [Fraction(n, 25) for n in range(7)]
    times = [Fraction(k, 30) for k in range(8)]
    assert shown(pts, times) == [on_screen(pts, t, MS) for t in times] == [0, 0, 1, 2, 3, 4, 5, 5]


def test_before_the_first_frame_it_is_the_first_and_after_the_last_the_last():
    pts = [Fraction(1), Fraction(2)]
    assert [on_screen(pts, Fraction(t), MS) for t in (-1, 0, 1, 2, 9)] == [0, 0, 0, 1, 1]
    assert shown(pts, [Fraction(t) for t in (-1, 0, 1, 2, 9)]) == [0, 0, 0, 1, 1]


def test_a_time_short_of_a_frame_by_the_tolerance_means_that_frame():
    pts = [Fraction(0), Fraction(1, 25)]
    assert on_screen(pts, Fraction(1, 25) - MS, MS) == 1
    assert on_screen(pts, Fraction(1, 25) - MS * Fraction(11, 10), MS) == 0


@pytest.mark.parametrize("rate", RATES)
def test_a_millisecond_stamped_source_at_its_own_rate_shows_every_frame_exactly_once(rate):
    pts = [round_half_up(n / rate * 1000) * MS for n in range(600)]
    times = [k / rate for k in range(600)]
    assert shown(pts, times, selection_tolerance(rate)) == list(range(600))


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(50), Fraction(60), Fraction(30000, 1001)])
def test_every_source_rate_keeps_its_duration_and_speed_at_30_out(rate):
    duration = Fraction(10)
    pts = [n / rate for n in range(frame_count(duration, rate))]
    times = [Fraction(k, 30) for k in range(frame_count(duration, Fraction(30)))]
    for t, frame in zip(times, shown(pts, times, selection_tolerance(rate)), strict=True):
        assert -1 / rate < pts[frame] - t <= selection_tolerance(rate)


def test_a_variable_rate_source_is_shown_by_its_timestamps():
    pts = [Fraction(n, 1000) for n in (0, 33, 50, 183, 200, 217, 450)]
    times = [Fraction(k, 30) for k in range(15)]
    assert shown(pts, times) == [brute_force(pts, t, MS) for t in times]


@LAW
@given(clocks, moments)
def test_selection_equals_brute_force(pts, t):
    assert on_screen(pts, t, MS) == brute_force(pts, t, MS)


@LAW
@given(clocks, st.lists(moments, max_size=30).map(sorted), rates)
def test_the_stream_shows_the_same_frames_as_the_search(pts, times, rate):
    tolerance = selection_tolerance(rate)
    found = list(frames_on_screen(times, range(len(pts)), pts.__getitem__, tolerance))
    assert [entry.frame for entry in found] == [on_screen(pts, t, tolerance) for t in times]
    assert all(entry.following == (entry.frame + 1 if entry.frame + 1 < len(pts) else None) for entry in found)


def test_the_stream_reads_only_one_frame_ahead():
    read = []

    def decoder():
        for n in range(1000):
            read.append(n)
            yield n

    stream = frames_on_screen([Fraction(0), Fraction(3)], decoder(), Fraction, MS)
    assert next(stream) == OnScreen(0, 1)
    assert read == [0, 1]
    assert next(stream) == OnScreen(3, 4)
    assert read == [0, 1, 2, 3, 4]


def test_a_source_that_gives_no_frame_is_corrupt():
    with pytest.raises(CorruptMediaError, match="no frame"):
        list(frames_on_screen([Fraction(0)], [], Fraction, MS))


def test_times_that_run_backwards_are_a_mistake_of_ours():
    with pytest.raises(ValueError, match="must not decrease"):
        list(frames_on_screen([Fraction(2), Fraction(1)], range(9), Fraction, MS))


def test_slow_motion_repeats_frames_by_time():
    pts = [Fraction(n, 30) for n in range(30)]
    slow = canonical_timeline(SegmentEdits(segments=((Fraction(0), Fraction(1), Fraction(1, 4)),)), Fraction(1))
    times = [slow.source_at(Fraction(k, 30)) for k in range(frame_count(slow.duration, Fraction(30)))]
    assert shown(pts, times) == [k // 4 for k in range(120)]


def test_the_motion_fraction_tells_how_far_a_moment_lies_between_two_frames():
    assert motion_fraction(Fraction(1, 100), Fraction(0), Fraction(1, 25)) == 0.25


@pytest.mark.parametrize(
    ("part", "fraction"), [("0.0009", 0.0), ("0.001", 0.001), ("0.999", 0.999), ("0.9991", 1.0), ("-0.02", 0.0)]
)
def test_a_moment_next_to_a_frame_is_that_frame(part, fraction):
    assert motion_fraction(Fraction(part), Fraction(0), Fraction(1)) == fraction


def test_the_motion_fraction_counts_from_the_frame_shown():
    assert motion_fraction(Fraction(13), Fraction(10), Fraction(20)) == 0.3


def test_the_stream_and_the_search_agree_on_a_time_short_by_exactly_the_tolerance():
    pts = [Fraction(0), Fraction(1, 25)]
    assert shown(pts, [Fraction(1, 25) - MS]) == [1]
