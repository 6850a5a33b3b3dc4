from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.samples import Samples, Tape, mono_to_stereo, silence, with_channels

COUNT = 200


def numbered(block: int) -> Iterator[Samples]:
    for first in range(0, COUNT, block):
        yield np.arange(first, min(COUNT, first + block), dtype=np.float32)[None]


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(-10, 30), st.integers(0, 50)), max_size=20))
def test_a_tape_reads_like_an_array_with_silence_around_it(block: int, steps: list[tuple[int, int]]):
    tape = Tape(numbered(block), 1, memory=10)
    padded = np.zeros(2000, np.float32)
    padded[500 : 500 + COUNT] = np.arange(COUNT)
    start = furthest = 0
    for step, count in steps:
        start = max(start + step, furthest - 10)
        furthest = max(furthest, start)
        assert np.array_equal(tape.read(start, count)[0], padded[500 + start : 500 + start + count])


def test_a_tape_forgets_what_lies_behind():
    tape = Tape((np.zeros((1, 1000), np.float32) for _ in range(1000)), 1, memory=100)
    for start in range(0, 900_000, 500):
        tape.read(start, 500)
    assert tape._held.shape[1] < 3000


def test_silence_has_the_asked_length_and_no_sound():
    whole = np.concatenate(list(silence(60001, 2)), axis=1)
    assert whole.shape == (2, 60001)
    assert not whole.any()
    assert list(silence(0, 2)) == []
    assert list(silence(-5, 2)) == []


def test_mono_becomes_stereo_at_the_same_level():
    mono = np.array([[0.1, -0.2]], np.float32)
    assert np.array_equal(mono_to_stereo(mono), np.vstack([mono, mono]))
    assert mono_to_stereo(np.zeros((2, 3), np.float32)).shape == (2, 3)


def test_stereo_becomes_mono_without_growing_louder():
    assert np.array_equal(with_channels(np.array([[0.5], [0.25]], np.float32), 1), np.array([[0.375]], np.float32))
