from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.levels import (
    LEVELS,
    Location,
    check_range,
    chunk_count,
    chunks_in_level,
    every_chunk,
    frames_in_level,
    frames_of_chunk,
    frames_to_read,
    locate,
)


def test_every_frame_count_from_1_to_600_gives_complete_ascending_levels_without_doubles():
    for count in range(1, 601):
        for level in LEVELS:
            chunks = [frames_of_chunk(count, level, number) for number in range(chunks_in_level(count, level))]
            frames = [frame for chunk in chunks for frame in chunk]
            assert frames == [frame for frame in range(count) if frame % level == 0]
            assert len(frames) == frames_in_level(count, level)
            assert all(len(chunk) == 32 for chunk in chunks[:-1])
            assert 1 <= len(chunks[-1]) <= 32


@pytest.mark.parametrize(("count", "frames", "chunks"), [
    (600, [38, 150, 600], [2, 5, 19]), (20, [2, 5, 20], [1, 1, 1]), (1, [1, 1, 1], [1, 1, 1]),
    (512, [32, 128, 512], [1, 4, 16]), (513, [33, 129, 513], [2, 5, 17]), (36000, [2250, 9000, 36000], [71, 282, 1125]),
])  # fmt: skip
def test_levels_have_as_many_frames_and_chunks_as_the_formula_says(count, frames, chunks):
    assert [frames_in_level(count, level) for level in LEVELS] == frames
    assert [chunks_in_level(count, level) for level in LEVELS] == chunks
    assert chunk_count(count) == sum(chunks) == len(list(every_chunk(count)))


def test_two_seconds_of_video_have_a_short_chunk_in_level_16():
    assert next(every_chunk(20)).frames == range(0, 20, 16)


def test_levels_are_nested():
    held = [{frame for chunk in every_chunk(777) if chunk.level == level for frame in chunk.frames} for level in LEVELS]
    assert held[0] < held[1] < held[2] == set(range(777))


def test_chunks_come_in_the_order_of_the_manifest():
    order = [(-chunk.level, chunk.number) for chunk in every_chunk(700)]
    assert order == sorted(order)


@LAW
@given(st.sampled_from(LEVELS), st.integers(0, 10**6))
def test_a_location_leads_back_to_its_frame(level, position):
    found = locate(position * level, level)
    assert found.frame == position * level
    assert 0 <= found.offset < 32
    assert found.frame in frames_of_chunk(found.frame + 1, level, found.chunk)


@pytest.mark.parametrize(("frame", "level", "place", "time"), [
    (1000, 4, (7, 26), Fraction(26, 10)), (1000, 1, (31, 8), Fraction(8, 10)), (1008, 16, (1, 31), Fraction(31, 10)),
])  # fmt: skip
def test_a_frame_lies_where_the_formula_says(frame, level, place, time):
    found = locate(frame, level)
    assert (found.chunk, found.offset) == place
    assert found.time(Fraction(10)) == time


def test_a_player_seeks_into_the_middle_of_the_frame():
    assert Location(4, 7, 26).seek_time(Fraction(10)) == Fraction(265, 100)
    assert Location(1, 0, 0).seek_time(Fraction(24000, 1001)) == Fraction(1001, 48000)


@pytest.mark.parametrize(("frame", "level"), [(1001, 4), (8, 16), (-16, 16), (0, 2), (0, 0)])
def test_a_frame_that_a_level_does_not_hold_has_no_place_there(frame, level):
    with pytest.raises(InvalidParameterError):
        locate(frame, level)


def test_a_chunk_behind_the_last_one_is_refused():
    with pytest.raises(InvalidParameterError, match="0 to 4"):
        frames_of_chunk(600, 4, 5)


@LAW
@given(st.integers(0, 500), st.integers(1, 5000), st.integers(16, 300))
def test_the_frames_of_a_range_are_all_multiples_of_the_finest_level_that_fits(start, length, most):
    multiples = {level: [k for k in range(start, start + length) if k % level == 0] for level in (1, 4, 16)}
    found = frames_to_read(start, start + length, most)
    fitting = [level for level in (1, 4, 16) if len(multiples[level]) <= most]
    if fitting:
        assert (found.level, list(found.frames)) == (fitting[0], multiples[fitting[0]])
    else:
        coarse = multiples[16]
        assert found.level == 16
        assert list(found.frames) == [coarse[j * len(coarse) // most] for j in range(most)]


def test_a_caption_across_a_chunk_border_needs_both_chunks_once():
    assert frames_to_read(30, 70).chunks == (0, 1, 2)
    assert frames_to_read(31, 33).chunks == (0, 1)
    assert frames_to_read(37, 38).frames == (37,)


def test_a_caption_of_thousands_of_frames_is_read_from_a_coarser_level():
    assert (frames_to_read(0, 1024).level, frames_to_read(0, 1025).level, frames_to_read(0, 4097).level) == (1, 4, 16)
    thinned = frames_to_read(0, 40_000)
    assert (len(thinned.frames), thinned.frames[:4], thinned.frames[-1]) == (1024, (0, 32, 64, 112), 39_952)
    assert Counter(Counter(thinned.frames).values()) == {1: 1024}


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 5)])
def test_a_range_without_frames_is_refused(start, end):
    with pytest.raises(InvalidParameterError, match=f"{start} and {end}"):
        frames_to_read(start, end)


def test_a_range_ends_with_the_frames_that_there_are():
    assert check_range(590, 600, 600) == range(590, 600)
    with pytest.raises(InvalidParameterError, match="590 and 601"):
        check_range(590, 601, 600)


@pytest.mark.parametrize("most", [15, 4097])
def test_the_number_of_frames_to_read_has_bounds(most):
    with pytest.raises(InvalidParameterError, match="16 to 4096"):
        frames_to_read(0, 10, most)
