from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.boundaries import PredictedCaption
from clipmill.media.captions.publishing import CaptionRow, ExtentPlan, ExtentState, plan_publishing, plan_saving

CONFIRMED = ExtentState.CONFIRMED


def seen(*extents: tuple[int, int]) -> list[PredictedCaption]:
    return [PredictedCaption(start, end, 0.9) for start, end in extents]


def inserted(plan) -> list[tuple[int, int]]:
    return [(one.start_frame, one.end_frame) for one in plan.inserted]


def test_what_a_confirmed_row_covers_is_taken_out_of_a_prediction():
    plan = plan_publishing([CaptionRow("a", 20, 25, CONFIRMED)], seen((10, 40)), 2)
    assert inserted(plan) == [(10, 20), (25, 40)]
    assert {piece.confidence for piece in plan.inserted} == {0.9}
    assert plan.counts() == {"inserted": 2, "kept": 0, "deleted": 0, "protected": 1}


def test_many_protected_rows_cut_many_predictions():
    rows = [CaptionRow(str(start), start, end, CONFIRMED) for start, end in ((55, 60), (0, 12), (30, 35), (39, 45))]
    assert inserted(plan_publishing(rows, seen((10, 40), (40, 50), (55, 60), (61, 62)), 2)) == [
        (12, 30),
        (35, 39),
        (45, 50),
        (61, 62),
    ]


def test_pieces_that_are_too_short_are_left_out():
    assert inserted(plan_publishing([CaptionRow("a", 12, 38, CONFIRMED)], seen((10, 41)), 2, min_caption_frames=3)) == [
        (38, 41)
    ]


@pytest.mark.parametrize("touched", [
    {"state": CONFIRMED}, {"state": ExtentState.GAP}, {"state": ExtentState.ISSUE}, {"extents_pending": False}, {"text_pending": False},
])  # fmt: skip
def test_a_row_that_a_person_had_a_hand_in_is_protected(touched):
    plan = plan_publishing([CaptionRow("a", 5, 9, cropped_frames_version=1, **touched)], seen((5, 9)), 2)
    assert (plan.protected, plan.deleted, plan.kept, plan.renewed, plan.inserted) == (("a",), (), (), (), ())


def test_an_untouched_row_stays_when_it_was_predicted_again_and_goes_otherwise():
    rows = [CaptionRow("same", 0, 5, cropped_frames_version=2), CaptionRow("older", 5, 9, cropped_frames_version=1),
            CaptionRow("unknown", 9, 12), CaptionRow("moved", 20, 29, cropped_frames_version=2)]  # fmt: skip
    plan = plan_publishing(rows, seen((0, 5), (5, 9), (9, 12), (20, 30)), 2)
    assert (plan.kept, plan.renewed, plan.deleted, inserted(plan)) == (
        ("same",),
        ("older", "unknown"),
        ("moved",),
        [(20, 30)],
    )
    assert plan.counts() == {"inserted": 1, "kept": 3, "deleted": 1, "protected": 0}


extents = (
    st.lists(st.integers(0, 60), max_size=12, unique=True)
    .map(sorted)
    .map(lambda cuts: list(zip(cuts[::2], cuts[1::2], strict=False)))
)
rows_drawn = st.tuples(
    extents,
    st.lists(
        st.tuples(st.sampled_from(ExtentState), st.booleans(), st.sampled_from([None, 1, 2])), min_size=6, max_size=6
    ),
).map(
    lambda drawn: [
        CaptionRow(str(place), *extent, state, extents_pending=pending, cropped_frames_version=version)
        for place, (extent, (state, pending, version)) in enumerate(zip(*drawn, strict=False))
    ]
)


def carried_out(rows: list[CaptionRow], predictions: list[PredictedCaption]) -> list[CaptionRow]:
    plan = plan_publishing(rows, predictions, 2)
    left = [row for row in rows if row.id in {*plan.kept, *plan.protected}]
    renewed = [
        CaptionRow(row.id, row.start_frame, row.end_frame, cropped_frames_version=2)
        for row in rows
        if row.id in plan.renewed
    ]
    new = [
        CaptionRow(f"new {one.start_frame}", one.start_frame, one.end_frame, cropped_frames_version=2)
        for one in plan.inserted
    ]
    return sorted([*left, *renewed, *new], key=lambda row: row.start_frame)


@LAW
@given(rows_drawn, extents.map(lambda drawn: seen(*drawn)))
def test_publishing_leaves_protected_rows_as_they_are_overlaps_nothing_and_is_idempotent(rows, predictions):
    after = carried_out(rows, predictions)
    assert [row for row in after if row.protected] == [row for row in rows if row.protected]
    assert all(before.end_frame <= behind.start_frame for before, behind in pairwise(after))
    assert carried_out(after, predictions) == after
    predicted = {frame for one in predictions for frame in range(one.start_frame, one.end_frame)}
    guarded = {frame for row in rows if row.protected for frame in range(row.start_frame, row.end_frame)}
    assert {frame for row in after for frame in range(row.start_frame, row.end_frame)} == predicted | guarded


def saved(rows: list[CaptionRow], start: int, end: int, own: str | None = None) -> list[tuple[int, int]]:
    plan = plan_saving(rows, start, end, own)
    changed = {one.id: (one.start_frame, one.end_frame) for one in plan.changed}
    left = [changed.get(row.id, (row.start_frame, row.end_frame)) for row in rows if row.id not in {*plan.deleted, own}]
    return sorted([*left, *((one.start_frame, one.end_frame) for one in plan.split), (start, end)])


def test_an_extent_saved_inside_a_row_splits_it():
    plan = plan_saving([CaptionRow("a", 10, 21)], 14, 17)
    assert ([one.id for one in plan.changed], [one.id for one in plan.split], plan.deleted) == (["a"], ["a"], ())
    assert saved([CaptionRow("a", 10, 21)], 14, 17) == [(10, 14), (14, 17), (17, 21)]


def test_rows_that_stick_out_are_trimmed_and_rows_inside_are_deleted():
    rows = [CaptionRow("a", 0, 6), CaptionRow("b", 6, 8, CONFIRMED), CaptionRow("c", 8, 20), CaptionRow("d", 20, 30)]
    plan = plan_saving(rows, 4, 20)
    assert (plan.deleted, [one.id for one in plan.changed]) == (("b", "c"), ["a"])
    assert saved(rows, 4, 12) == [(0, 4), (4, 12), (12, 20), (20, 30)]


def test_a_row_that_is_resized_does_not_stand_in_its_own_way():
    assert saved([CaptionRow("a", 5, 9), CaptionRow("b", 9, 12)], 5, 10, "a") == [(5, 10), (10, 12)]
    assert plan_saving([CaptionRow("a", 5, 12)], 7, 9, "a") == ExtentPlan((), (), ())


@LAW
@given(rows_drawn, st.integers(0, 60), st.integers(1, 30))
def test_saving_leaves_no_overlap_and_loses_no_frame_outside(rows, start, length):
    after = saved(rows, start, start + length)
    assert all(before[1] <= behind[0] for before, behind in pairwise(after))
    covered = {frame for row in rows for frame in range(row.start_frame, row.end_frame)} | set(
        range(start, start + length)
    )
    assert {frame for extent in after for frame in range(*extent)} == covered


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 3)])
def test_an_extent_without_frames_cannot_be_saved(start, end):
    with pytest.raises(InvalidParameterError, match=f"{start} and {end}"):
        plan_saving([], start, end)
