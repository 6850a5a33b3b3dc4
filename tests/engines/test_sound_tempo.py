from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.sound_files import RATE, beeps, loudness, onsets, pitch, tone

from clipmill.engines.samples import Samples
from clipmill.engines.tempo import at_tempo

SPEEDS = [
    Fraction(1, 20),
    Fraction(1, 4),
    Fraction(1, 2),
    Fraction(4, 5),
    Fraction(5, 4),
    Fraction(2),
    Fraction(4),
    Fraction(32),
]


def played(sound: np.ndarray, speed: Fraction, wanted: int | None = None, block: int = 5000) -> np.ndarray:
    length = sound.shape[1]
    wanted = round(length / speed) if wanted is None else wanted
    return np.concatenate(
        [np.zeros((sound.shape[0], 0)), *at_tempo(blocks(sound, block), length, speed, wanted)], axis=1
    )


def blocks(sound: np.ndarray, size: int) -> Iterator[Samples]:
    for first in range(0, sound.shape[1], size):
        yield sound[:, first : first + size]


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 20000),
    st.fractions(Fraction(1, 20), Fraction(32), max_denominator=100).filter(lambda speed: speed != 1),
    st.integers(-1, 1),
)
def test_the_length_is_exactly_as_wanted(length: int, speed: Fraction, rounding: int):
    wanted = max(0, round(length / speed) + rounding)
    made = played(tone(length / RATE, 300), speed, wanted)
    assert made.shape == (1, wanted if length else 0)
    assert np.isfinite(made).all()


@pytest.mark.parametrize("frequency", [82.4, 220, 1000])
@pytest.mark.parametrize("speed", SPEEDS[1:-1])
def test_a_tone_stays_pure_and_steady(speed: Fraction, frequency: float):
    made = played(tone(2, frequency), speed)
    assert pitch(made) == pytest.approx(frequency, abs=2 * RATE / made.shape[1])
    steps = made[0, : made.shape[1] // 4800 * 4800].reshape(-1, 4800)
    assert [loudness(step) for step in steps] == pytest.approx([0.4 / 2**0.5] * len(steps), rel=0.1)


@pytest.mark.parametrize("speed", SPEEDS[1:])
def test_the_first_and_last_samples_are_the_source_s_own(speed: Fraction):
    sound = np.random.default_rng(1).normal(0, 0.1, (2, 3 * RATE)).astype(np.float32)
    made = played(sound, speed)
    assert made[:, :300] == pytest.approx(sound[:, :300], abs=1e-6)
    assert made[:, -8:] == pytest.approx(sound[:, -8:], abs=1e-3)


@pytest.mark.parametrize("speed", [Fraction(1, 4), Fraction(1, 2), Fraction(2)])
def test_a_kick_sounds_once_and_on_time(speed: Fraction):
    kick = np.exp(-np.arange(4800) / 500) * np.random.default_rng(2).normal(0, 0.3, 4800)
    sound = np.random.default_rng(3).normal(0, 0.002, (1, 3 * RATE)).astype(np.float32)
    times = [0.4, 1.17, 2.05]
    for time in times:
        sound[0, round(time * RATE) : round(time * RATE) + 4800] += kick.astype(np.float32)
    made = played(sound, speed)
    assert onsets(made) == pytest.approx([time / float(speed) for time in times], abs=0.002)
    for time in times:
        first = round(time / float(speed) * RATE)
        assert made[0, first : first + 480] == pytest.approx(sound[0, round(time * RATE) :][:480], abs=0.03)


def test_beeps_at_the_slowest_speed_begin_on_time():
    made = played(beeps(1, [0.5]), Fraction(1, 20))
    assert onsets(made) == pytest.approx([10], abs=0.005)


def test_both_channels_are_moved_alike():
    left = tone(2, 300)
    made = played(np.vstack([left, -left]), Fraction(3, 5))
    assert made[0] == pytest.approx(-made[1], abs=1e-6)


@settings(deadline=None, max_examples=5)
@given(st.integers(100, 30000))
def test_the_size_of_the_blocks_does_not_matter(size: int):
    sound = beeps(1, [0.3, 0.7]) + tone(1, 150, 0.1)
    assert np.array_equal(played(sound, Fraction(3, 10), block=size), played(sound, Fraction(3, 10)))


def test_no_more_is_read_than_needed():
    taken = 0

    def endless() -> Iterator[Samples]:
        nonlocal taken
        while True:
            taken += 1000
            yield tone(1 / 48)

    made = at_tempo(endless(), 10 * RATE, Fraction(1, 2), 20 * RATE)
    for _ in range(10):
        next(made)
    assert taken < RATE / 2
