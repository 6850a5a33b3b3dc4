from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.docs.pages import GUIDE, rows, section
from tests.media.laws import LAW, seconds

from clipmill.errors import EmptyRangeError, InvalidAnnotationError, UnknownSequenceError
from clipmill.media.annotations import (
    Annotation,
    Rating,
    complaint_about,
    display_name,
    name_complaint,
    notes_complaint,
    settled_range,
    source_of,
    tag_complaint,
)

TEN_SECONDS = Fraction(10)


def moment(start=1, end=2, **words):
    return Annotation(Fraction(start), Fraction(end), **words)


# Ratings


def test_rating_colours_and_notation_are_the_one_table():
    assert [(rating.value, rating.notation, rating.colour, rating.adjective) for rating in Rating] == [
        (1, "??", "#C62828", "Blunder"),
        (2, "?", "#F9A825", "Mistake"),
        (3, "!?", "#1565C0", "Interesting"),
        (4, "!", "#2E7D32", "Good"),
        (5, "!!", "#66BB6A", "Brilliant"),
    ]


def test_the_guide_tells_the_same_ratings():
    told = rows(section(GUIDE / "extract-clips.md", "Ratings").text, "| Rating | Notation | Colour | Word |")
    assert [[cell.strip("`") for cell in cells] for cells in told] == [
        [str(rating.value), rating.notation, rating.colour, rating.adjective] for rating in Rating
    ]


def test_a_rating_is_found_by_its_number():
    assert [Rating(number) for number in range(1, 6)] == list(Rating)


def test_a_moment_is_interesting_unless_told_otherwise():
    assert moment().rating is Rating.INTERESTING


# Names


def test_the_name_of_a_moment_comes_first():
    assert display_name(moment(name="Corner", notes="Something", tags=("Pass",)), 0) == "Corner"


def test_a_name_is_one_line():
    assert display_name(moment(name=" Corner\n\tleft "), 0) == "Corner left"


@pytest.mark.parametrize("blank", ["", "  ", "\n\t\u00a0"])
def test_a_blank_name_counts_as_missing(blank):
    assert display_name(moment(name=blank, notes="Lost ball"), 0) == "Lost ball"
    assert display_name(moment(name=blank, notes=blank), 6) == "Clip 7"


@pytest.mark.parametrize(
    ("notes", "name"),
    [
        ("x" * 40, "x" * 40),
        ("x" * 35 + " 1234", "x" * 35 + " 1234"),
        ("x" * 35 + " 1234 more", "x" * 35 + " 1234"),
        ("x" * 35 + " 12345", "x" * 35),
        ("one two three four five six seven eight nine", "one two three four five six seven eight"),
        ("x" * 41, "x" * 41),
        ("x" * 60 + " more", "x" * 60),
        ("y\n" + "x" * 60, "y"),
    ],
)
def test_notes_are_cut_at_a_word_end_and_a_longer_first_word_stays_whole(notes, name):
    assert display_name(moment(notes=notes), 0) == name


@LAW
@given(st.text(st.sampled_from("ab \n"), max_size=120))
def test_a_name_out_of_notes_is_their_beginning_in_whole_words(notes):
    words = notes.split()
    named = display_name(moment(notes=notes), 0).split()
    if words:
        assert named == words[: len(named)]
        assert len(named) == 1 or len(" ".join(named)) <= 40
        assert len(named) == len(words) or len(" ".join(words[: len(named) + 1])) > 40


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (("A",), "Good A"),
        (("Pass", "Goal"), "Good Pass and Goal"),
        (("A", "B", "C"), "Good A, B and C"),
        (("A", "B", "C", "D"), "Good A, B, C and D"),
        ((" ", "A"), "Good A"),
        ((), "Clip 3"),
    ],
)
def test_a_moment_without_words_is_named_by_rating_and_tags(tags, name):
    assert display_name(moment(rating=Rating.GOOD, tags=tags), 2) == name


def test_half_a_surrogate_pair_becomes_a_question_mark():
    assert display_name(moment(name="goal \ud83d"), 0) == "goal ?"


# Ranges


@pytest.mark.parametrize(("start", "end"), [(5, 3), (5, 5)])
def test_a_start_that_is_not_before_its_end_is_rejected_with_its_index_and_not_swapped(start, end):
    with pytest.raises(InvalidAnnotationError, match="clip 7") as told:
        settled_range(moment(start, end), 7, TEN_SECONDS)
    assert told.value.details == {"index": 7}


def test_a_start_before_the_video_is_rejected_with_its_index():
    with pytest.raises(InvalidAnnotationError) as told:
        settled_range(moment(-1, 3), 2, TEN_SECONDS)
    assert told.value.details == {"index": 2}


def test_an_end_beyond_the_source_is_cut_there():
    assert settled_range(moment(8, 12), 0, TEN_SECONDS) == (8, 10)


def test_a_range_inside_the_source_stays_as_it_is():
    times = (Fraction(1, 3), Fraction(10))
    assert settled_range(moment(*times), 0, TEN_SECONDS) == times


@pytest.mark.parametrize("start", [10, 11])
def test_a_start_at_or_past_the_end_of_the_source_is_an_empty_range(start):
    with pytest.raises(EmptyRangeError) as told:
        settled_range(moment(start, 12), 3, TEN_SECONDS)
    assert told.value.details == {"index": 3}


@LAW
@given(seconds, seconds, seconds)
def test_a_settled_range_is_never_empty_and_lies_inside_its_source(start, end, duration):
    try:
        first, last = settled_range(moment(start, end), 0, duration)
    except (InvalidAnnotationError, EmptyRangeError):
        assert start >= min(end, duration)
    else:
        assert first == start
        assert start < last <= min(end, duration)


# Sources


def test_clips_from_two_halves_come_each_from_their_own_file():
    halves = {1: "first.mp4", 2: "second.mp4"}
    marked = [moment(video_sequence=number) for number in (2, 1, 2)]
    assert [source_of(each, index, halves) for index, each in enumerate(marked)] == [
        "second.mp4",
        "first.mp4",
        "second.mp4",
    ]


def test_a_single_source_needs_no_number():
    assert source_of(moment(), 0, {4: "only.mp4"}) == "only.mp4"


@pytest.mark.parametrize("number", [3, None])
def test_a_number_that_names_none_of_several_sources_is_unknown(number):
    with pytest.raises(UnknownSequenceError, match="expected one of 1, 2") as told:
        source_of(moment(video_sequence=number), 5, {2: "b", 1: "a"})
    assert told.value.details == {"index": 5}


def test_another_number_than_that_of_the_only_source_is_unknown():
    with pytest.raises(UnknownSequenceError, match="got 2"):
        source_of(moment(video_sequence=2), 0, {1: "a"})


# Bounds


@pytest.mark.parametrize(("rule", "longest"), [(name_complaint, 200), (notes_complaint, 2000), (tag_complaint, 40)])
def test_words_have_a_longest_length(rule, longest):
    assert rule("é" * longest) is None
    assert f"at most {longest} characters, got {longest + 1}" in rule("é" * (longest + 1))


@pytest.mark.parametrize("tag", ["a,b", "a\tb", "", "  "])
def test_a_tag_is_a_word_without_comma_or_tab(tag):
    assert tag_complaint(tag)


@pytest.mark.parametrize(
    "wrong", [{"end": 1}, {"start": -1}, {"name": "n" * 201}, {"notes": "n" * 2001}, {"tags": ("a", "b,c")}], ids=str
)
def test_a_wrong_part_makes_a_wrong_annotation(wrong):
    assert complaint_about(moment(name="Corner", notes="left", tags=("a",))) is None
    assert complaint_about(moment(**wrong))
