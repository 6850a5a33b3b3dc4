from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.sampling import (
    DurationClues,
    cropped_rate,
    exact_rate,
    frame_time,
    full_frame_indices,
    full_rate,
    sample_count,
    settle_duration,
)
from clipmill.media.time import TimeIndex

FRAME = Fraction(1, 25)
durations = st.fractions(Fraction(1, 1000), 400, max_denominator=90_000)
full_rates = st.fractions(Fraction(1, 100), 10, max_denominator=1001)


def unasked() -> Fraction:
    raise AssertionError("the packets were asked though the headers agree")


@pytest.mark.parametrize(("duration", "rate", "indices"), [
    (Fraction(35), "0.1", [0, 100, 200, 300]),
    (Fraction(30), 0.1, [0, 100, 200]),
    (Fraction(3001, 100), 0.1, [0, 100, 200, 300]),
    (Fraction(2), 3, [0, 3, 6, 10, 13, 16]),
    (Fraction(1), 10, list(range(10))),
    (Fraction(7, 2), "2/3", [0, 15, 30]),
    (Fraction(1, 24), 0.5, [0]),
])  # fmt: skip
def test_full_frames_are_named_by_their_tenth_of_a_second(duration, rate, indices):
    assert full_frame_indices(duration, full_rate(rate)) == indices


@LAW
@given(durations, full_rates)
def test_no_frame_lies_at_or_behind_the_end_and_no_index_comes_twice(duration, rate):
    indices = full_frame_indices(duration, rate)
    assert len(indices) == len(set(indices)) == sample_count(duration, rate)
    assert all(frame_time(index) < duration for index in indices)
    assert len(indices) / rate >= duration


@pytest.mark.parametrize(("frames", "rate", "count"), [
    (240, Fraction(24000, 1001), 101), (300, Fraction(30000, 1001), 101), (250, Fraction(25), 100), (1, Fraction(60), 1),
])  # fmt: skip
def test_broadcast_rates_are_counted_exactly(frames, rate, count):
    assert sample_count(frames / rate, Fraction(10)) == count


def test_pictures_of_a_film_are_those_on_screen_at_the_tenth_of_a_second():
    shown = TimeIndex(frame * Fraction(1001, 24000) for frame in range(48))
    assert [shown.last_at(frame_time(k)) for k in range(0, 20, 3)] == [0, 7, 14, 21, 28, 35, 43]


def test_pictures_of_a_variable_rate_are_held_until_the_next_one():
    shown = TimeIndex([Fraction(0), Fraction(3, 10), Fraction(301, 1000), Fraction(1)])
    assert [shown.last_at(frame_time(k)) for k in (0, 2, 3, 4, 9, 10, 30)] == [0, 0, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(("said", "meant"), [
    (0.1, Fraction(1, 10)), ("30000/1001", Fraction(30000, 1001)), (29.97, Fraction(2997, 100)), ("12.5", Fraction(25, 2)), (10, Fraction(10)),
    (1e-05, Fraction(1, 100_000)),
])  # fmt: skip
def test_a_rate_is_read_by_its_shortest_decimal_text(said, meant):
    assert exact_rate(said) == meant


@pytest.mark.parametrize("rate", [0, -1, 10.001, "1/0", "ten", None, True, float("nan"), float("inf"), "0/7"])
def test_a_rate_of_full_frames_outside_its_bounds_is_refused(rate):
    with pytest.raises(InvalidParameterError, match="frame_rate"):
        full_rate(rate)


def test_a_rate_of_cropped_frames_lies_between_1_and_60():
    assert [cropped_rate(rate) for rate in (1, "60/1")] == [1, 60]
    for rate in (0.999, "60001/1000"):
        with pytest.raises(InvalidParameterError, match="1 to 60"):
            cropped_rate(rate)


def test_the_streams_own_duration_stands_when_the_container_agrees():
    clues = DurationClues(Fraction(10), Fraction(115, 10), Fraction(1, 2), FRAME)
    settled = settle_duration(clues, unasked)
    assert (settled.duration, settled.mismatch) == (10, False)


def test_without_it_the_container_counts_from_where_the_video_starts():
    assert settle_duration(DurationClues(None, Fraction(12), Fraction(1, 2), FRAME), unasked).duration == Fraction(
        23, 2
    )


def test_without_a_container_the_stream_stands_alone():
    assert settle_duration(DurationClues(Fraction(9), None, Fraction(0), FRAME), unasked).duration == 9


def test_headers_that_disagree_by_more_than_a_second_are_settled_by_the_packets():
    clues = DurationClues(Fraction(10), Fraction(20), Fraction(0), FRAME)
    audio_was_longer = settle_duration(clues, lambda: Fraction(1001, 100))
    header_was_wrong = settle_duration(clues, lambda: Fraction(20))
    assert (audio_was_longer.duration, audio_was_longer.mismatch) == (Fraction(1001, 100), False)
    assert (header_was_wrong.duration, header_was_wrong.mismatch) == (20, True)


def test_without_headers_the_packets_are_asked_and_nothing_is_wrong():
    settled = settle_duration(DurationClues(None, None, Fraction(0), FRAME), lambda: Fraction(5))
    assert (settled.duration, settled.mismatch) == (5, False)


def test_a_video_lasts_a_frame_at_least():
    assert settle_duration(DurationClues(Fraction(0), None, Fraction(0), FRAME), unasked).duration == FRAME
    assert settle_duration(DurationClues(None, None, Fraction(0), FRAME), lambda: Fraction(0)).duration == FRAME
