from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipmill.engines.lettering.lines import broken, shortened, wrapped

LAW = settings(max_examples=100, deadline=None)
texts = st.text("ab  é\u0301", max_size=40)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_every_line_break_is_kept(end):
    assert broken(f"one{end}two{end}{end}three") == ["one", "two", "", "three"]


@LAW
@given(texts, st.integers(1, 12))
def test_no_wrapped_line_is_wider_than_asked_unless_it_is_one_word(line, width):
    for part in wrapped(line, len, width):
        assert len(part) <= width or " " not in part.strip(" ")


@LAW
@given(texts, st.integers(1, 12))
def test_wrapping_loses_no_word(line, width):
    assert " ".join(wrapped(line, len, width)).split() == line.split()


@LAW
@given(texts, st.integers(1, 12))
def test_a_line_is_broken_only_where_the_next_word_does_not_fit(line, width):
    parts = list(wrapped(" ".join(line.split()), len, width))
    for part, following in pairwise(parts):
        assert len(part) + 1 + len(following.split(" ")[0]) > width


def test_spaces_inside_a_line_are_kept():
    assert list(wrapped("  a  b", len, 20)) == ["  a  b"]
    assert list(wrapped("a  b cccc", len, 5)) == ["a  b", "cccc"]


def test_spaces_that_hold_words_together_do_so():
    assert list(wrapped("10\u00a0km away", len, 5)) == ["10\u00a0km", "away"]


@LAW
@given(texts, st.integers(1, 40))
def test_a_shortened_line_fits_and_is_a_beginning(line, width):
    short = shortened(line, len, width)
    assert len(short) <= width
    assert short == line or (len(line) > width and short.endswith("…") and line.startswith(short[:-1]))


def test_a_line_is_cut_no_sooner_than_it_must():
    assert shortened("abcdef", len, 5) == "abcd…"
    assert shortened("abcdef", len, 6) == "abcdef"


def test_an_accent_is_not_cut_off_its_letter():
    assert shortened("abx\u0301yz", len, 4) == "ab…"
