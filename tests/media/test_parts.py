from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, rates, seconds

from clipmill.media.parts import STRETCH_S, Run, group_length, parts, stretch_length, stretches

lengths = st.integers(1, 2000)
weights = st.lists(st.integers(1, 600), min_size=1, max_size=60)


def tiles(runs: tuple[Run, ...], end: int) -> bool:
    """Whether runs follow each other from 0 to an end, none of them empty."""
    edges = [0, *(run.last for run in runs)]
    return (
        edges[-1] == end
        and [(run.first, run.last) for run in runs] == list(pairwise(edges))
        and all(run.length > 0 for run in runs)
    )


@LAW
@given(st.integers(1, 50_000), lengths)
def test_stretches_tile_the_output_and_only_the_last_is_shorter(frames: int, length: int):
    found = stretches(frames, length)
    assert tiles(found, frames)
    assert all(stretch.length == length for stretch in found[:-1])
    assert found[-1].length <= length


@LAW
@given(st.integers(1, 5000), lengths, st.integers(1, 5000))
def test_a_longer_output_begins_with_the_same_stretches(frames: int, length: int, more: int):
    assert stretches(frames + more, length)[: frames // length] == stretches(frames, length)[: frames // length]


@LAW
@given(rates, seconds)
def test_a_stretch_is_a_whole_number_of_groups_unless_it_is_shorter_than_one(fps: Fraction, wanted: Fraction):
    length, group = stretch_length(fps, wanted), group_length(fps)
    assert length >= 1
    assert length % group == 0 or length < group
    assert abs(length - wanted * fps) <= Fraction(group, 2) or length == 1


@LAW
@given(rates)
def test_a_stretch_lasts_about_twenty_seconds_by_default(fps: Fraction):
    assert abs(stretch_length(fps) / fps - STRETCH_S) <= 1


@LAW
@given(weights, st.integers(1, 70))
def test_parts_tile_the_stretches_and_none_is_empty(shares: list[int], count: int):
    found = parts(shares, count)
    assert tiles(found, len(shares))
    assert len(found) == min(count, len(shares))


@LAW
@given(weights, st.integers(1, 70))
def test_every_part_begins_where_a_stretch_does(shares: list[int], count: int):
    assert {run.first for run in parts(shares, count)} <= set(range(len(shares)))


@LAW
@given(weights, st.integers(2, 20))
def test_no_part_is_much_heavier_than_its_share(shares: list[int], count: int):
    found = parts(shares, count)
    share = Fraction(sum(shares), len(found))
    assert all(sum(shares[run.first : run.last]) <= share + 2 * max(shares) for run in found)


def test_equal_stretches_are_shared_out_evenly():
    assert [run.length for run in parts([60] * 8, 4)] == [2, 2, 2, 2]


def test_nothing_to_encode_has_no_parts():
    assert parts([], 4) == ()
