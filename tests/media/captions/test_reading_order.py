from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.media.captions.reading_order import rows_of, text_confidence, text_of, weighted_confidence


@dataclass(frozen=True)
class Line:
    text: str
    left: float = 0.1
    top: float = 0.5
    right: float = 0.9
    bottom: float = 0.6
    confidence: float = 1.0


def at(left: float, top: float, text: str, height: float = 0.1) -> Line:
    return Line(text, left, top, left + 0.1, top + height)


def test_rows_go_down_and_lines_go_right():
    assert text_of([at(0.5, 0.7, "d"), at(0.1, 0.7, "c"), at(0.5, 0.2, "b"), at(0.1, 0.21, "a")]) == "a b\nc d"


def test_half_of_the_smaller_height_beside_the_rows_first_line_is_one_row():
    assert text_of([at(0.5, 0.20, "b"), at(0.1, 0.25, "a")]) == "a b"
    assert text_of([at(0.5, 0.20, "b"), at(0.1, 0.2501, "a")]) == "b\na"
    assert text_of([at(0.5, 0.20, "big", 0.4), at(0.1, 0.55, "small", 0.1)]) == "small big"


def test_a_staircase_is_measured_by_its_first_step():
    assert [len(row) for row in rows_of([at(0.1 * k, 0.2 + 0.04 * k, str(k)) for k in range(4)])] == [2, 2]


def test_lines_are_trimmed_and_empty_ones_dropped():
    assert text_of([at(0.1, 0.2, "  a\t"), at(0.3, 0.2, " "), at(0.5, 0.2, ""), at(0.7, 0.2, "\u00a0b")]) == "a b"
    assert text_of([]) == text_of([at(0.1, 0.1, " ")]) == ""


@pytest.mark.parametrize(("left", "right", "joined"), [
    ("你好", "世界", "你好世界"), ("カメ", "ラ", "カメラ"), ("word", "の", "wordの"), ("終", "end", "終end"), ("a。", "b", "a。b"),
    ("ａ", "b", "ａb"), ("한국", "어", "한국 어"), ("𠮷", "a", "𠮷a"), ("go", "on", "go on"), ("ﾊ", "x", "ﾊx"), ("1", "々", "1々"),
])  # fmt: skip
def test_scripts_without_spaces_are_joined_without_one(left, right, joined):
    assert text_of([at(0.1, 0.2, left), at(0.5, 0.2, right)]) == joined


@LAW
@given(st.permutations([at(0.1 * k, 0.3 * row, f"{row}{k}") for row in range(3) for k in range(3)]))
def test_the_text_does_not_depend_on_the_order_of_the_lines(lines):
    assert text_of(lines) == "00 01 02\n10 11 12\n20 21 22"


def test_confidence_is_weighted_by_visible_characters():
    assert text_confidence([Line("AB", confidence=0.5), Line("CDEF", confidence=0.8)]) == pytest.approx(0.7)
    assert weighted_confidence([("a b\tc", 0.9), ("   ", 0.1), ("😀", 0.5)]) == pytest.approx(0.8)


def test_without_text_there_is_no_confidence():
    assert weighted_confidence([]) == weighted_confidence([(" \n", 0.9)]) == 0.0


def test_an_engines_confidence_is_kept_as_given():
    assert text_confidence([Line("only", confidence=0.123456789)]) == 0.123456789
