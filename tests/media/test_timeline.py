import pickle
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, moments, seconds, speeds

from clipmill.errors import EmptyRangeError, InvalidSegmentsError
from clipmill.media.timeline import (
    CarriedOver,
    Piece,
    SegmentEdits,
    Timeline,
    canonical_timeline,
    carry_over,
    interval_edges,
)


def F(value):  # noqa: N802 - stands in for the long name in every line below
    return Fraction(str(value))


def pieces(timeline):
    return [(piece.start, piece.end, piece.speed) for piece in timeline.pieces]


def segments(*parts):
    return tuple((F(start), F(end), F(speed)) for start, end, speed in parts)


@st.composite
def edits(draw):
    """Valid edits of a clip of 100 s: a trim, and speeds by segment or by interval, or neither."""
    trim = sorted(draw(st.tuples(seconds, seconds).filter(lambda pair: pair[0] != pair[1])))
    edges = sorted(set(draw(st.lists(seconds, max_size=8))))
    if draw(st.booleans()):
        parts = tuple((start, end, draw(speeds)) for start, end in pairwise(edges) if draw(st.booleans()))
        return SegmentEdits(trim_start=trim[0], trim_end=trim[1], segments=tuple(draw(st.permutations(parts))))
    intervals = len(interval_edges(edges, Fraction(100))) - 1
    by_index = {index: draw(speeds) for index in range(intervals) if draw(st.booleans())}
    return SegmentEdits(trim_range=(trim[0], trim[1]), boundaries=tuple(edges), segment_speeds=by_index)


timelines = edits().map(lambda given_edits: canonical_timeline(given_edits, Fraction(100)))
slow_middle = canonical_timeline(
    SegmentEdits(trim_start=F(1), trim_end=F(9), segments=segments((3, 5, 0.5))),
    F(10),
)


def test_the_duration_is_the_sum_of_the_pieces_at_their_speeds():
    assert slow_middle.duration == 10


def test_output_time_maps_to_source_time():
    assert slow_middle.source_at(F(4)) == 4
    assert [slow_middle.source_at(F(t)) for t in (0, 2, 6, 7)] == [1, 3, 5, 6]


def test_before_and_after_the_output_the_ends_of_the_trim_hold():
    assert [slow_middle.source_at(F(t)) for t in (-1, 10, 11)] == [1, 9, 9]


def test_source_time_outside_the_trim_has_no_output_time():
    assert slow_middle.output_at(F(0.5)) is None
    assert slow_middle.output_at(F(9.5)) is None
    assert [slow_middle.output_at(F(s)) for s in (1, 4, 9)] == [0, 4, 10]


def test_the_piece_at_a_time_tells_its_speed():
    assert [slow_middle.piece_at(F(t)).speed for t in (-1, 0, 1.999, 2, 5.999, 6, 99)] == [
        1,
        1,
        1,
        F(0.5),
        F(0.5),
        1,
        1,
    ]
    assert slow_middle.output_starts == (0, 2, 6)


def test_no_edits_play_the_clip_as_it_is():
    assert pieces(canonical_timeline(None, F(7))) == pieces(canonical_timeline(SegmentEdits(), F(7))) == [(0, 7, 1)]


def test_a_trim_end_alone_is_honoured():
    assert pieces(canonical_timeline(SegmentEdits(trim_end=F(6)), F(10))) == [(0, 6, 1)]


def test_a_trim_start_alone_is_honoured():
    assert pieces(canonical_timeline(SegmentEdits(trim_start=F(6)), F(10))) == [(6, 10, 1)]


@pytest.mark.parametrize(
    ("given_range", "span"), [((1, 6), (1, 6)), ((None, 6), (0, 6)), ((1, None), (1, 10)), ((None, None), (0, 10))]
)
def test_a_trim_range_may_leave_an_end_open(given_range, span):
    start, end = (None if edge is None else F(edge) for edge in given_range)
    assert pieces(canonical_timeline(SegmentEdits(trim_range=(start, end)), F(10))) == [(*span, 1)]


def test_a_trim_end_beyond_the_clip_is_clamped():
    assert pieces(canonical_timeline(SegmentEdits(trim_end=F(99)), F(10))) == [(0, 10, 1)]


@pytest.mark.parametrize("trim", [(10, None), (11, None), (4, 4), (5, 4), (0, 0), (0, -1), (10, 12)])
def test_a_trim_that_leaves_nothing_is_an_empty_range(trim):
    start, end = (None if edge is None else F(edge) for edge in trim)
    with pytest.raises(EmptyRangeError, match=r"clip of 10\.0 s"):
        canonical_timeline(SegmentEdits(trim_start=start, trim_end=end), F(10))


def test_a_trim_end_of_0_is_a_value_and_not_missing():
    with pytest.raises(EmptyRangeError):
        canonical_timeline(SegmentEdits(trim_end=F(0)), F(10))


def test_a_trim_before_the_clip_is_rejected():
    with pytest.raises(InvalidSegmentsError, match=r"got -1\.0 s"):
        canonical_timeline(SegmentEdits(trim_start=F(-1)), F(10))


def test_a_range_and_a_start_and_end_may_say_the_same():
    both = SegmentEdits(trim_start=F(1), trim_end=F(6), trim_range=(F(1), F(6)))
    assert pieces(canonical_timeline(both, F(10))) == [(1, 6, 1)]


@pytest.mark.parametrize("trim_range", [(1, 7), (0, 6), (None, 6), (1, None)])
def test_a_range_and_a_start_and_end_that_differ_are_rejected(trim_range):
    start, end = (None if edge is None else F(edge) for edge in trim_range)
    with pytest.raises(InvalidSegmentsError, match="differ"):
        canonical_timeline(SegmentEdits(trim_start=F(1), trim_end=F(6), trim_range=(start, end)), F(10))


def test_a_start_alone_is_compared_with_the_whole_range():
    same = SegmentEdits(trim_start=F(1), trim_range=(F(1), None))
    assert pieces(canonical_timeline(same, F(10))) == [(1, 10, 1)]
    for other in (
        SegmentEdits(trim_start=F(1), trim_range=(F(1), F(6))),
        SegmentEdits(trim_end=F(6), trim_range=(F(1), F(6))),
    ):
        with pytest.raises(InvalidSegmentsError, match="differ"):
            canonical_timeline(other, F(10))


def test_a_list_of_splits_gains_both_ends():
    assert interval_edges((F(6), F(3)), F(9)) == (0, 3, 6, 9)


def test_splits_near_an_end_are_no_splits():
    assert interval_edges((F(0.02), F(8.99), F(8.98), F(12)), F(9)) == (0, F(0.02), F(8.98), 9)


def test_a_full_list_is_sorted_and_pulled_to_the_ends():
    assert interval_edges((F(8.995), F(3), F(0.01)), F(9)) == (0, 3, 9)


def test_a_full_list_may_end_before_the_clip():
    assert interval_edges((F(0), F(3), F(6)), F(9)) == (0, 3, 6)


def test_a_hundredth_of_a_second_from_an_end_is_that_end():
    assert interval_edges((F(0.01), F(8.99)), F(9)) == (0, 9)
    assert interval_edges((F(0.0101), F(8.9899)), F(9)) == (0, F(0.0101), F(8.9899), 9)
    assert interval_edges((F(0), F(8.9899)), F(9)) == (0, F(8.9899))


def test_a_missing_list_is_the_whole_clip():
    assert interval_edges((), F(9)) == (0, 9)


def test_the_list_of_the_caller_is_not_modified():
    boundaries = [F(6), F(0.001), F(8.999)]
    interval_edges(boundaries, F(9))
    assert boundaries == [F(6), F(0.001), F(8.999)]


def test_speeds_by_index_count_the_intervals_of_the_list():
    given_edits = SegmentEdits(boundaries=(F(0), F(3), F(6), F(9)), segment_speeds={1: F(2)})
    assert pieces(canonical_timeline(given_edits, F(9))) == [(0, 3, 1), (3, 6, 2), (6, 9, 1)]


def test_splits_only_boundaries_with_a_speed_on_index_1_and_a_trim_end_slow_the_second_interval():
    given_edits = SegmentEdits(boundaries=(F(3), F(6)), segment_speeds={1: F(0.5)}, trim_end=F(8))
    assert pieces(canonical_timeline(given_edits, F(9))) == [(0, 3, 1), (3, 6, F(0.5)), (6, 8, 1)]


def test_an_index_refers_to_the_full_list_even_where_the_trim_hides_its_start():
    given_edits = SegmentEdits(boundaries=(F(3), F(6)), segment_speeds={1: F(0.5)}, trim_start=F(4))
    assert pieces(canonical_timeline(given_edits, F(9))) == [(4, 6, F(0.5)), (6, 9, 1)]


@pytest.mark.parametrize("index", [-1, 3, 99])
def test_an_index_without_interval_is_rejected(index):
    with pytest.raises(InvalidSegmentsError, match=r"from 0 to 2") as caught:
        canonical_timeline(SegmentEdits(boundaries=(F(3), F(6)), segment_speeds={index: F(2)}), F(9))
    assert caught.value.details == {"index": index}


def test_segments_and_speeds_by_index_together_are_rejected():
    with pytest.raises(InvalidSegmentsError, match="both"):
        canonical_timeline(SegmentEdits(segments=segments((0, 1, 2)), segment_speeds={0: F(2)}), F(9))


def test_boundaries_beside_segments_are_information_only():
    given_edits = SegmentEdits(segments=segments((0, 1, 2)), boundaries=(F(4), F(5)))
    assert pieces(canonical_timeline(given_edits, F(9))) == [(0, 1, 2), (1, 9, 1)]


@pytest.mark.parametrize(("start", "end"), [(3, 3), (4, 3)])
def test_a_segment_of_no_length_is_rejected_with_its_index(start, end):
    with pytest.raises(InvalidSegmentsError, match=r"^segments\[1\]") as caught:
        canonical_timeline(SegmentEdits(segments=segments((0, 1, 2), (start, end, 2))), F(9))
    assert caught.value.details == {"index": 1}


@pytest.mark.parametrize("later", [(2, 4, 1), (0.5, 1, 1), (0, 3, 1), (2.999998, 4, 1)])
def test_overlapping_segments_are_rejected(later):
    with pytest.raises(InvalidSegmentsError, match="overlaps"):
        canonical_timeline(SegmentEdits(segments=segments(later, (0, 3, 2))), F(9))


def test_an_overlap_of_a_microsecond_is_rounding():
    given_edits = SegmentEdits(segments=segments((0, 3, 2), (2.999999, 5, 4)))
    assert pieces(canonical_timeline(given_edits, F(9))) == [(0, 3, 2), (3, 5, 4), (5, 9, 1)]


@pytest.mark.parametrize("speed", [0, -1, 0.04, 33, 0.0499, 32.01])
def test_a_speed_outside_the_allowed_range_is_rejected(speed):
    with pytest.raises(InvalidSegmentsError, match=r"0\.05 to 32"):
        canonical_timeline(SegmentEdits(segments=segments((0, 1, speed))), F(9))
    with pytest.raises(InvalidSegmentsError, match=r"0\.05 to 32"):
        canonical_timeline(SegmentEdits(segment_speeds={0: F(speed)}), F(9))


@pytest.mark.parametrize("speed", [0.05, 32])
def test_the_ends_of_the_speed_range_are_allowed(speed):
    assert canonical_timeline(SegmentEdits(segments=segments((0, 9, speed))), F(9)).duration == 9 / F(speed)


def test_a_faulty_segment_outside_the_trim_is_still_rejected():
    with pytest.raises(InvalidSegmentsError, match=r"^segments\[1\]"):
        canonical_timeline(SegmentEdits(trim_end=F(2), segments=segments((0, 1, 2), (5, 6, 99))), F(9))


def test_a_segment_partly_outside_the_trim_is_clipped_and_one_wholly_outside_is_ignored():
    given_edits = SegmentEdits(trim_start=F(2), trim_end=F(6), segments=segments((0, 1, 4), (1, 3, 2), (5, 8, 0.5)))
    assert pieces(canonical_timeline(given_edits, F(9))) == [(2, 3, 2), (3, 5, 1), (5, 6, F(0.5))]


def test_gaps_between_segments_run_at_normal_speed():
    assert pieces(canonical_timeline(SegmentEdits(segments=segments((4, 5, 2), (1, 2, 2))), F(6))) == [
        (0, 1, 1), (1, 2, 2), (2, 4, 1), (4, 5, 2), (5, 6, 1),
    ]  # fmt: skip


def test_neighbours_of_equal_speed_are_one_piece():
    given_edits = SegmentEdits(segments=segments((0, 2, 1), (2, 4, 2), (4, 6, 2), (7, 8, 1)))
    assert pieces(canonical_timeline(given_edits, F(9))) == [(0, 2, 1), (2, 6, 2), (6, 9, 1)]


def test_half_speed_lasts_twice_as_long():
    assert canonical_timeline(SegmentEdits(segments=segments((0, 4, 0.5))), F(4)).duration == 8


def test_pieces_with_a_gap_are_no_timeline():
    with pytest.raises(ValueError, match="without gap"):
        Timeline((Piece(F(0), F(1), F(1)), Piece(F(2), F(3), F(1))))


def test_a_piece_of_no_length_is_no_timeline():
    with pytest.raises(ValueError, match="without gap"):
        Timeline((Piece(F(1), F(1), F(1)),))


def test_a_timeline_without_pieces_is_none():
    with pytest.raises(ValueError, match="without gap"):
        Timeline(())


def test_a_timeline_travels_to_another_process():
    slow_middle.source_at(F(3))
    travelled = pickle.loads(pickle.dumps(slow_middle))  # noqa: S301 - our own bytes
    assert travelled == slow_middle
    assert travelled.source_at(F(4)) == 4


@LAW
@given(edits())
def test_pieces_tile_the_trim(given_edits):
    timeline = canonical_timeline(given_edits, Fraction(100))
    start, end = given_edits.trim_range or (given_edits.trim_start, given_edits.trim_end)
    assert (timeline.start, timeline.end) == (start, end)
    assert all(left.end == right.start and left.speed != right.speed for left, right in pairwise(timeline.pieces))
    assert timeline.duration == sum(piece.duration for piece in timeline.pieces)


@LAW
@given(timelines)
def test_making_a_timeline_from_its_own_pieces_changes_nothing(timeline):
    again = SegmentEdits(trim_range=(timeline.start, timeline.end), segments=tuple(pieces(timeline)))
    assert canonical_timeline(again, Fraction(100)) == timeline


@LAW
@given(timelines, st.fractions(0, 1, max_denominator=9999))
def test_output_and_source_times_invert_each_other(timeline, part):
    t = timeline.duration * part
    assert timeline.output_at(timeline.source_at(t)) == t
    s = timeline.start + (timeline.end - timeline.start) * part
    assert timeline.source_at(timeline.output_at(s)) == s


@LAW
@given(timelines, moments, moments)
def test_source_time_never_runs_backwards(timeline, one, other):
    earlier, later = sorted((one, other))
    assert timeline.start <= timeline.source_at(earlier) <= timeline.source_at(later) <= timeline.end


def test_moments_of_an_old_export_move_to_the_new_one():
    new = canonical_timeline(SegmentEdits(trim_start=F(3), segments=segments((3, 5, 2))), F(10))
    # Old 1 shows source 2 (trimmed away now), old 4 source 4, old 7 source 6.
    assert carry_over([F(1), F(4), F(7)], slow_middle, new) == CarriedOver(moved=((4, F(0.5)), (7, 2)), dropped=(1,))


@LAW
@given(timelines, timelines, st.lists(st.fractions(0, 1, max_denominator=999), max_size=5))
def test_each_moment_is_moved_to_the_same_source_time_or_listed_as_dropped(old, new, parts):
    asked = [old.duration * part for part in parts]
    carried = carry_over(asked, old, new)
    assert sorted([before for before, _ in carried.moved] + list(carried.dropped)) == sorted(asked)
    assert all(new.source_at(after) == old.source_at(before) for before, after in carried.moved)
    assert all(not new.start <= old.source_at(moment) <= new.end for moment in carried.dropped)
