import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.median import STRIPE_BYTES, median, median_picture


@given(st.lists(st.lists(st.integers(0, 255), min_size=3, max_size=3), min_size=1, max_size=12))
def test_each_sample_is_the_median_with_halves_rounded_up(rows):
    found = median(np.array(rows, np.uint8))
    assert found.tolist() == [int(statistics.median(column) + 0.5) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(("values", "expected"), [((10, 21), 16), ((0, 255), 128), ((255, 255), 255), ((7,), 7)])
def test_known_medians(values, expected):
    assert median(np.array(values, np.uint8)[:, None]).tolist() == [expected]


def test_of_more_pictures_than_fit_a_byte_the_median_is_found_too():
    values = np.arange(300, dtype=np.uint16).astype(np.uint8)[:, None]
    assert median(values).tolist() == [int(np.median(values) + 0.5)]


def test_no_picture_has_no_median():
    with pytest.raises(ValueError, match="got 0"):
        median(np.zeros((0, 3), np.uint8))


class Rows:
    """Pictures that tell how much of them was asked for at once."""

    def __init__(self, count, shape):
        self.count, self.shape = count, shape
        self.asked = []

    def __len__(self):
        return self.count

    def rows(self, top, bottom):
        self.asked.append((top, bottom))
        rows = np.arange(top, bottom, dtype=np.uint8)
        return np.broadcast_to(rows[:, None, None], (self.count, bottom - top, *self.shape[1:]))


def test_large_pictures_are_read_a_stripe_at_a_time():
    pictures = Rows(1000, (10, 4000, 3))
    found = median_picture(pictures)
    assert found.shape == pictures.shape
    assert found[:, 0, 0].tolist() == list(range(10))
    assert max(bottom - top for top, bottom in pictures.asked) * 1000 * 12000 <= STRIPE_BYTES
