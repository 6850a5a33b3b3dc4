from fractions import Fraction
from itertools import pairwise
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, RATES, rates, speeds

from clipmill.errors import InvalidSegmentsError
from clipmill.media.sound import SAMPLE_RATE, audio_length, sample_at, tempo_factors
from clipmill.media.time import frame_count
from clipmill.media.timeline import SegmentEdits, canonical_timeline

AUDIO_FRAME = 1024


@pytest.mark.parametrize(
    ("speed", "factors"),
    [
        ("0.3", ["1/2", "3/5"]), ("1", []), ("0.5", ["1/2"]), ("2", ["2"]), ("0.25", ["1/2", "1/2"]), ("4", ["2", "2"]),
        ("1.5", ["3/2"]), ("32", ["2", "2", "2", "2", "2"]), ("0.05", ["1/2", "1/2", "1/2", "1/2", "4/5"]),
    ],
)  # fmt: skip
def test_a_speed_splits_into_tempo_factors(speed, factors):
    assert tempo_factors(Fraction(speed)) == tuple(map(Fraction, factors))


@LAW
@given(speeds)
def test_tempo_factors_multiply_to_the_speed_and_stay_within_a_half_and_two(speed):
    factors = tempo_factors(speed)
    assert prod(factors) == speed
    assert all(Fraction(1, 2) <= factor <= 2 for factor in factors)


@pytest.mark.parametrize("speed", [0, -1])
def test_a_speed_of_zero_or_less_is_rejected(speed):
    with pytest.raises(InvalidSegmentsError):
        tempo_factors(Fraction(speed))


def test_a_sample_position_is_rounded_half_up():
    assert sample_at(Fraction(3, 2 * SAMPLE_RATE)) == 2
    assert sample_at(Fraction(1, 3)) == 16000


@LAW
@given(st.integers(1, 100_000), rates)
def test_the_sound_is_as_long_as_the_picture(frames, fps):
    assert abs(Fraction(audio_length(frames, fps), SAMPLE_RATE) - frames / fps) <= Fraction(1, 2 * SAMPLE_RATE)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("speed", ["0.25", "4"])
def test_at_a_quarter_and_four_times_the_speed_sound_and_picture_end_within_one_audio_frame(speed, fps):
    whole = (Fraction(0), Fraction("12.345"), Fraction(speed))
    timeline = canonical_timeline(SegmentEdits(segments=(whole,)), whole[1])
    frames = frame_count(timeline.duration, fps)
    assert abs(sample_at(timeline.duration) - audio_length(frames, fps)) <= AUDIO_FRAME


def test_pieces_meet_at_the_same_sample():
    thirds = tuple((Fraction(n), Fraction(n + 1), Fraction(n + 2, 3)) for n in range(6))
    timeline = canonical_timeline(SegmentEdits(segments=thirds), Fraction(6))
    edges = [sample_at(t) for t in (*timeline.output_starts, timeline.duration)]
    assert sum(later - earlier for earlier, later in pairwise(edges)) == sample_at(timeline.duration)


@pytest.mark.parametrize("fps", RATES)
def test_after_200_short_clips_sound_and_picture_still_agree_within_one_audio_frame(fps):
    counts = [7 + clip % 5 for clip in range(200)]
    assert abs(sum(audio_length(count, fps) for count in counts) - audio_length(sum(counts), fps)) <= AUDIO_FRAME
