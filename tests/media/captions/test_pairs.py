import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.errors import ModelOutputInvalidError
from clipmill.media.captions.pairs import LABELS, Label, checked, fused, label_counts, predicted, swapped

vectors = st.lists(st.floats(0.001, 1), min_size=5, max_size=5).map(lambda raw: tuple(one / sum(raw) for one in raw))


def test_classes_stand_in_the_order_of_the_models():
    assert list(LABELS) == ["same", "different", "empty_empty", "empty_valid", "valid_empty"]


def test_a_float32_probability_just_above_1_is_stored_as_1():
    above = np.nextafter(np.float32(1), np.float32(2))
    assert checked(np.array([above, 0, 0, 0, 0], np.float32)) == (1.0, 0.0, 0.0, 0.0, 0.0)
    assert checked([-1e-4, 0.5, 0.5, 0, 0]) == (0.0, 0.5, 0.5, 0.0, 0.0)


@pytest.mark.parametrize("vector", [
    [math.nan, 1, 0, 0, 0], [math.inf, 0, 0, 0, 0], [math.inf, -math.inf, 1, 0, 0], [0.5, 0.4, 0, 0, 0], [0.5, 0.5, 0.0011, 0, 0],
    [0] * 5, [1, 0, 0, 0], [1, 0, 0, 0, 0, 0],
])  # fmt: skip
def test_what_is_no_distribution_is_an_invalid_model_output(vector):
    with pytest.raises(ModelOutputInvalidError, match="pair 7"):
        checked(vector, "pair 7")


@pytest.mark.parametrize("total", [0.999, 1.001])
def test_a_sum_may_miss_1_by_a_thousandth(total):
    assert checked([total, 0, 0, 0, 0])[0] == min(total, 1)


def test_the_swap_trades_nothing_but_start_and_end():
    assert swapped((0.1, 0.2, 0.3, 0.25, 0.15)) == (0.1, 0.2, 0.3, 0.15, 0.25)


def test_when_forward_and_backward_disagree_the_fused_value_decides():
    forward, backward = (0.0, 0.0, 0.4, 0.6, 0.0), (0.0, 0.0, 0.9, 0.0, 0.1)
    assert predicted(forward)[0] is Label.EMPTY_VALID
    assert fused(forward, backward) == pytest.approx((0, 0, 0.65, 0.35, 0))
    assert predicted(fused(forward, backward))[0] is Label.EMPTY_EMPTY


@LAW
@given(vectors, vectors)
def test_turning_the_video_around_swaps_the_fused_vector(forward, backward):
    assert fused(backward, forward) == pytest.approx(swapped(fused(forward, backward)))


def test_the_first_of_equal_classes_is_predicted():
    assert predicted((0.1, 0.3, 0.3, 0.3, 0.0)) == (Label.DIFFERENT, 0.3)


def test_all_five_labels_are_counted():
    said = [(0.96, 0.01, 0.01, 0.01, 0.01)] * 3 + [(0.01, 0.01, 0.01, 0.01, 0.96)]
    assert label_counts(said) == {"same": 3, "different": 0, "empty_empty": 0, "empty_valid": 0, "valid_empty": 1}
