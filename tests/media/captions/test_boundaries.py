import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.errors import InvalidParameterError, ModelOutputInvalidError
from clipmill.media.captions.boundaries import PredictedCaption, captioned_frames, derive_captions
from clipmill.media.captions.pairs import Label, swapped

S, D, EE, EV, VE = Label

weights = st.lists(st.integers(0, 20), min_size=5, max_size=5).filter(any)
distributions = weights.map(lambda raw: tuple(one / sum(raw) for one in raw))
runs = st.lists(distributions, max_size=7)


def sure(*labels: Label, of: float = 0.96) -> list[tuple[float, ...]]:
    rest = (1 - of) / 4
    return [tuple(of if other is label else rest for other in Label) for label in labels]


def captions(vectors, least: int = 1) -> list[tuple[int, int, float]]:
    found = derive_captions(vectors, [swapped(vector) for vector in vectors], least)
    return [(one.start_frame, one.end_frame, round(one.confidence, 6)) for one in found]


def extents(vectors) -> list[tuple[int, int]]:
    return [caption[:2] for caption in captions(vectors)]


def score(states, vectors) -> float:
    worth = {(False, False): 2, (False, True): 3, (True, False): 4}
    total = 0.0
    for step, vector in zip(pairwise(states), vectors, strict=True):
        total += math.log(max(vector[worth[step]] if step in worth else max(vector[:2]), 1e-9))
    return total


@LAW
@given(runs)
def test_the_states_are_the_most_probable_of_all_sequences(vectors):
    states = captioned_frames(vectors)
    scores = {other: score(other, vectors) for other in product((False, True), repeat=len(vectors) + 1)}
    best = max(scores.values())
    assert scores[tuple(states)] >= best - 1e-8
    if sum(other > best - 1e-6 for other in scores.values()) == 1:
        assert tuple(states) == max(scores, key=scores.__getitem__)


@LAW
@given(st.lists(distributions, max_size=40), st.integers(1, 4))
def test_captions_are_disjoint_in_order_and_of_the_least_length(vectors, least):
    found = captions(vectors, least)
    assert all(0 <= start <= end - least and end <= len(vectors) + 1 for start, end, _ in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert found == [one for one in captions(vectors) if one[1] - one[0] >= least]


@LAW
@given(st.lists(distributions, max_size=30))
def test_a_video_played_backwards_has_states_that_are_as_probable(vectors):
    forward = captioned_frames(vectors)
    backward = captioned_frames([swapped(vector) for vector in reversed(vectors)])
    assert score(forward, vectors) == pytest.approx(score(backward[::-1], vectors), abs=1e-7)


def test_the_example_gives_two_captions():
    assert captions(sure(EV, S, D, VE)) == [(1, 3, 0.96), (3, 4, 0.96)]


def test_captions_that_touch_have_no_gap_and_the_confidence_of_their_weakest_transition():
    vectors = sure(EE, EV) + sure(S, of=0.8) + sure(S) + sure(D, of=0.7) + sure(S) + sure(VE, of=0.6) + sure(EE)
    assert captions(vectors) == [(2, 5, 0.7), (5, 7, 0.6)]


def test_a_run_is_open_at_the_first_and_the_last_frame():
    assert captions(sure(S, VE, EE)) == [(0, 2, 0.96)]
    assert captions(sure(EE, EV, S)) == [(2, 4, 0.96)]
    assert captions(sure(S, S) + sure(S, of=0.55)) == [(0, 4, 0.55)]
    assert captions(sure(D, D)) == [(0, 1, 0.96), (1, 2, 0.96), (2, 3, 0.96)]


def test_a_caption_of_one_frame_is_found():
    assert captions(sure(EE, EV, VE, EE)) == [(2, 3, 0.96)]


def test_no_evidence_gives_no_captions():
    assert captions([]) == []
    assert captions([(0.2,) * 5] * 40) == []


@pytest.mark.parametrize("wrong", [EE, EV, VE])
def test_a_single_wrong_pair_inside_a_stable_caption_leaves_one_caption(wrong):
    vectors = sure(EE, EE, EV, *[S] * 6, wrong, *[S] * 6, VE, EE)
    assert extents(vectors) == [(3, 17)]


def test_a_single_wrong_same_in_an_empty_stretch_gives_none():
    assert captions(sure(*[EE] * 6, S, *[EE] * 6)) == []


def test_equal_same_and_different_do_not_cut():
    assert extents([*sure(EV, S), (0.45, 0.45, 0.1, 0, 0), *sure(S, VE)]) == [(1, 5)]
    assert extents([*sure(EV, S), (0.44, 0.46, 0.1, 0, 0), *sure(S, VE)]) == [(1, 3), (3, 5)]


def test_when_forward_and_backward_disagree_the_fused_value_decides():
    forward, backward = sure(EV, S, D, S, VE), sure(VE, S, S, S, EV)
    firm = [*backward[:2], *sure(S, of=0.99), *backward[3:]]
    assert [one.end_frame for one in derive_captions(forward, firm)] == [5]
    doubtful = [*backward[:2], *sure(S, of=0.90), *backward[3:]]
    assert [one.end_frame for one in derive_captions(forward, doubtful)] == [3, 5]


def test_runs_that_are_too_short_are_dropped_and_never_merged():
    vectors = sure(EV, S, D, S, S, VE)
    assert (captions(vectors, 2), captions(vectors, 3), captions(vectors, 4)) == (
        [(1, 3, 0.96), (3, 6, 0.96)],
        [(3, 6, 0.96)],
        [],
    )


def test_arrays_of_a_model_give_the_same_captions():
    vectors = np.array(sure(EV, S, D, VE), np.float32)
    turned = vectors[:, [0, 1, 2, 4, 3]]
    found = derive_captions(vectors, turned)
    assert [(one.start_frame, one.end_frame) for one in found] == [(1, 3), (3, 4)]
    assert all(type(one.confidence) is float for one in found)
    assert isinstance(found[0], PredictedCaption)


def test_many_captions_after_each_other_are_all_found():
    vectors = sure(*([EE] * 5 + [EV] + [S] * 20 + [VE]) * 200)
    assert extents(vectors) == [(27 * k + 6, 27 * k + 27) for k in range(200)]


def test_readings_that_do_not_pair_up_are_an_invalid_model_output():
    with pytest.raises(ModelOutputInvalidError, match="1 and 2"):
        derive_captions(sure(S, S), sure(S))
    with pytest.raises(ModelOutputInvalidError, match="backward pair 1"):
        derive_captions(sure(S, S), [*sure(S), (math.nan,) * 5])


@pytest.mark.parametrize("least", [0, 601])
def test_the_least_length_has_bounds(least):
    with pytest.raises(InvalidParameterError, match="1 to 600"):
        derive_captions([], [], least)
