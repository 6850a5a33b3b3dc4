from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.blend import dimmed, mixed
from clipmill.engines.resample import samples

LEVELS = st.tuples(*[st.integers(0, 255)] * 3)


def flat(levels) -> av.VideoFrame:
    frame = av.VideoFrame(34, 18, "yuv420p")
    for index, level in enumerate(levels):
        samples(frame, index)[:] = level
    return frame


def seen(frame: av.VideoFrame) -> list[int]:
    planes = [samples(frame, index) for index in range(3)]
    assert all(plane.min() == plane.max() for plane in planes)
    return [int(plane[0, 0]) for plane in planes]


@given(LEVELS, LEVELS, st.integers(0, 20))
def test_every_sample_of_a_mix_is_the_weighted_sum(left, right, part):
    weight = Fraction(part, 20)
    wanted = [float((1 - weight) * a + weight * b) for a, b in zip(left, right, strict=True)]
    assert seen(mixed(flat(left), flat(right), weight)) == pytest.approx(wanted, abs=0.5 + 1e-9)


@given(LEVELS)
def test_a_mix_at_its_ends_is_one_of_the_pictures(levels):
    other = flat((17, 99, 201))
    assert seen(mixed(flat(levels), other, 0)) == list(levels)
    assert seen(mixed(other, flat(levels), 1)) == list(levels)


def test_a_mix_leaves_both_pictures_as_they_were():
    left, right = flat((10, 20, 30)), flat((200, 210, 220))
    mixed(left, right, 0.5)
    assert seen(left) == [10, 20, 30]
    assert seen(right) == [200, 210, 220]


@given(LEVELS, st.integers(0, 20))
def test_a_dimmed_picture_goes_to_black_and_loses_its_colour(levels, part):
    level = Fraction(part, 20)
    black = (16, 128, 128)
    wanted = [float(dark + (own - dark) * level) for own, dark in zip(levels, black, strict=True)]
    assert seen(dimmed(flat(levels), level)) == pytest.approx(wanted, abs=0.5 + 1e-9)


def test_pictures_with_padded_rows_are_mixed_as_well():
    left, right = (av.VideoFrame(50, 18, "yuv420p") for _ in range(2))
    ramp = np.tile(np.arange(50, dtype=np.uint8), (18, 1))
    samples(left, 0)[:], samples(right, 0)[:] = ramp, ramp + 100
    for index in (1, 2):
        samples(left, index)[:] = samples(right, index)[:] = 128
    assert np.array_equal(samples(mixed(left, right, 0.5), 0), ramp + 50)
