from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.median import median_picture


@given(st.lists(st.lists(st.integers(0, 255), min_size=3, max_size=3), min_size=1, max_size=12))
def test_each_sample_is_the_median_with_halves_rounded_up(rows):
    found = median_picture([np.array(row, np.uint8) for row in rows])
    assert found.tolist() == [int(median(column) + 0.5) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(("values", "expected"), [((10, 21), 16), ((0, 255), 128), ((255, 255), 255), ((7,), 7)])
def test_known_medians(values, expected):
    assert median_picture([np.array([value], np.uint8) for value in values]).tolist() == [expected]


def test_no_picture_has_no_median():
    with pytest.raises(ValueError, match="got 0"):
        median_picture([])
