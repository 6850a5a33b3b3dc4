from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.media.captions.layout import static
from clipmill.media.captions.layout.alike import AlikeTexts
from clipmill.media.captions.layout.boxes import Box, BoxLabel, overlap
from clipmill.media.captions.layout.rows import rows_of
from clipmill.media.captions.layout.spread import deviation, median, median_deviation, percentile
from clipmill.media.captions.layout.wording import wording

texts = st.text("abcd#", max_size=12)


def by_table(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        above = row
        row = [i]
        for j, right in enumerate(other, start=1):
            row.append(min(row[-1] + 1, above[j] + 1, above[j - 1] + (left != right)))
    return row[-1]


def similarity(one: str, other: str) -> float:
    return 1 - by_table(one, other) / max(len(one), len(other), 1)


@LAW
@given(st.lists(texts, max_size=8), texts, st.sampled_from([0.0, 0.4, 0.6, 1.0]))
def test_the_texts_alike_to_another_are_those_of_the_table(others, text, least):
    shelf = AlikeTexts(least)
    for count, other in enumerate(others, 1):
        shelf.add(other)
        added = list(dict.fromkeys(others[:count]))
        assert shelf.near(text) == [one for one in added if similarity(one, text) >= least]


def test_captions_that_differ_are_not_compared_one_by_one(monkeypatch):
    compared = []
    monkeypatch.setattr(static, "overlap", lambda one, other: compared.append(1) or overlap(one, other))
    captions = [Box(k, 0, 0.2, 0.8, 0.8, 0.9, chr(ord("a") + k % 26) * (5 + k // 26)) for k in range(200)]
    assert (
        static.static_boxes([*captions, *(replace(box, frame_index=200 + box.frame_index) for box in captions)], 400)
        == []
    )
    assert len(compared) <= 10 * 400


@pytest.mark.parametrize(("said", "meant"), [
    ("Straße 4", "strasse#"), ("ＡＢ①", "ab#"), ("٣ - x_y!", "#xy"), ("…—", ""), ("Ⅷ", "viii"), ("e\u0301", "é"),
])  # fmt: skip
def test_wording_keeps_letters_and_numbers_and_forgets_digits(said, meant):
    assert wording(said) == meant


def test_a_percentile_lies_linearly_between_its_neighbours():
    assert percentile(map(float, range(101)), 0.01) == 1.0
    assert percentile([0.0, 1.0, 3.0, 7.0], 0.99) == pytest.approx(3 + 4 * 0.97)
    assert percentile([5.0], 0.99) == 5.0


def test_the_median_deviation_is_not_scaled():
    assert (median_deviation([1.0, 1.0, 2.0, 9.0]), median([3.0, 1.0]), deviation([2.0, 4.0])) == (0.5, 2.0, 1.0)


def test_boxes_that_only_touch_do_not_overlap():
    assert overlap(Box(0, 0, 0, 0, 0.5, 1), Box(0, 1, 0.5, 0, 1, 1)) == 0
    assert overlap(Box(0, 0, 0, 0, 1, 0.5), Box(0, 1, 0, 0.25, 1, 0.75)) == pytest.approx(1 / 3)


boxes_drawn = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 90), st.integers(2, 10), st.booleans()), max_size=9
).map(
    lambda drawn: [
        Box(frame, index, 0.1, top / 100, 0.9, (top + height) / 100, "word", label=BoxLabel.IN if user else None)
        for index, (frame, top, height, user) in enumerate(drawn)
    ]
)


def supported(one: Box, boxes: list[Box]) -> tuple[int, list[Box]]:
    members = [
        other for other in boxes
        if abs(other.centre_y - one.centre_y) <= 0.5 * one.height + 1e-9 and 0.6 - 1e-9 <= other.height / one.height <= 1 / 0.6 + 1e-9
    ]  # fmt: skip
    frames = groupby(sorted(members, key=lambda other: other.frame_index), key=lambda other: other.frame_index)
    return sum(5 if any(member.user_in for member in same) else 1 for _, same in frames), members


def rows_word_by_word(boxes: list[Box]) -> list[list[tuple[int, int]]]:
    rows = []
    while boxes:
        best = min(boxes, key=lambda one: (-supported(one, boxes)[0], -one.centre_y, one.place))
        taken = supported(best, boxes)[1]
        rows.append(sorted(one.place for one in taken))
        boxes = [one for one in boxes if one not in taken]
    return rows


@LAW
@given(boxes_drawn)
def test_rows_are_those_of_the_rule_read_word_by_word(boxes):
    assert [[one.place for one in row.boxes] for row in rows_of(boxes)] == rows_word_by_word(boxes)
