from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.errors import InvalidAnnotationError, LimitExceededError
from clipmill.media.annotation_table import MOST_BYTES, MOST_ROWS, read_table, write_table
from clipmill.media.annotations import Annotation, Rating

HEADER = "start_time\trating\ttags\tclip_name\tclip_duration\tnotes"
NUMBERED = HEADER + "\tvideo_sequence"
ROW = "0:05\t3\tPass\tCorner\t4.5\tleft side"
COLUMNS = NUMBERED.split("\t")


def table(*rows, header=HEADER, end="\n"):
    return "".join(line + end for line in (header, *rows))


def row(**cells):
    """A good row but for the given cells."""
    return "\t".join((dict(zip(COLUMNS, ROW.split("\t"), strict=False)) | cells).values())


def the_one(text, **known):
    (found,) = read_table(text, **known)
    return found


def faults(text, **known):
    with pytest.raises(InvalidAnnotationError) as told:
        read_table(text, **known)
    return [(fault["line"], fault["column"]) for fault in told.value.details["faults"]]


def moment(start=5, end=6, **more):
    return Annotation(Fraction(start), Fraction(end), **more)


# Reading


def test_a_row_is_an_annotation():
    assert the_one(table(ROW)) == Annotation(
        Fraction(5), Fraction(19, 2), "Corner", "left side", Rating.INTERESTING, ("Pass",), None
    )


def test_a_table_of_no_rows_has_no_annotations():
    assert read_table(table()) == ()


def test_rows_keep_their_order():
    assert [each.start for each in read_table(table(row(start_time="9:00"), row(start_time="1:00")))] == [540, 60]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_and_either_line_break_change_nothing(mark, end):
    text = mark + table(ROW, row(notes=""), end=end)
    assert read_table(text) == read_table(text.encode()) == read_table(table(ROW, row(notes="")))


def test_blank_lines_are_skipped_and_counted():
    assert len(read_table("\n\r\n" + table(ROW, "", "  ", "\t\t\t\t\t", ROW) + "\n")) == 2
    assert faults("\n" + table(ROW, "", row(rating="9"))) == [(5, "rating")]


def test_the_last_line_needs_no_break():
    assert len(read_table(table(ROW).removesuffix("\n"))) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0:00", 0),
        ("7:05", 425),
        ("07:05", 425),
        ("100:00", 6000),
        ("1234:59.9", Fraction(740999, 10)),
        ("1:00:00", 3600),
        ("2:59:59.125", Fraction(10799125, 1000)),
        ("100:00:01", 360001),
        ("0:01.25", Fraction(5, 4)),
        ("0:01.001", Fraction(1001, 1000)),
    ],
)
def test_a_start_is_minutes_or_hours_with_up_to_three_decimals(text, seconds):
    assert the_one(table(row(start_time=text))).start == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "0:5",
        "0:60",
        "0:005",
        "1:60:00",
        "1:5:00",
        "1:00:00:00",
        "0:01.",
        "0:01.1234",
        "0:01,5",
        "-0:01",
        " 0:01",
        "0:0٣",
        ":05",
    ],
)
def test_a_start_of_another_form_is_a_fault(text):
    assert faults(table(row(start_time=text))) == [(2, "start_time")]


@pytest.mark.parametrize("text", ["", "0", "6", "-1", "3.0", "33", "!", "٣", " 3"])
def test_a_rating_is_one_digit_from_1_to_5(text):
    assert faults(table(row(rating=text))) == [(2, "rating")]


@pytest.mark.parametrize(
    ("text", "tags"),
    [("", ()), (" , ,", ()), ("Pass", ("Pass",)), (" Pass ,,Goal kick, ", ("Pass", "Goal kick")), ("é", ("é",))],
)
def test_tags_are_trimmed_and_empty_ones_dropped(text, tags):
    assert the_one(table(row(tags=text))).tags == tags


def test_any_tag_is_allowed_unless_the_allowed_ones_are_given():
    text = table(ROW, row(tags="Pass,Dribble"))
    assert len(read_table(text)) == 2
    assert faults(text, allowed_tags=("Pass", "Goal")) == [(3, "tags")]


@pytest.mark.parametrize("text", ["", "0", "0.000", "-1", "1.2345", "1.", ".5", "1e1", "4,5", "nan", "one"])
def test_a_length_is_more_than_nothing_with_at_most_three_decimals(text):
    assert faults(table(row(clip_duration=text))) == [(2, "clip_duration")]


def test_the_end_is_the_start_and_the_length():
    assert the_one(table(row(start_time="1:00.001", clip_duration="0.009"))).end == Fraction(6001, 100)


@pytest.mark.parametrize(("text", "number"), [("", None), ("1", 1), ("12", 12)])
def test_a_video_is_told_by_its_number(text, number):
    assert the_one(table(row(video_sequence=text), header=NUMBERED)).video_sequence == number


@pytest.mark.parametrize("text", ["0", "-1", "1.0", "two", " "])
def test_a_video_is_a_whole_number_from_1(text):
    assert faults(table(row(video_sequence=text) + "", header=NUMBERED)) == [(2, "video_sequence")]


@pytest.mark.parametrize("header", [HEADER, NUMBERED])
def test_missing_columns_at_the_end_are_empty(header):
    found = the_one(table("0:05\t3\tPass\tCorner\t4.5", header=header))
    assert (found.notes, found.video_sequence) == ("", None)


@pytest.mark.parametrize(("header", "cells"), [(HEADER, 4), (HEADER, 7), (NUMBERED, 8), (NUMBERED, 1)])
def test_a_row_has_five_columns_up_to_those_of_the_header(header, cells):
    assert faults(table(ROW, "\t".join("x" * cells), header=header)) == [(3, None)]


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace("\t", " "),
        HEADER.upper(),
        HEADER + "\t",
        HEADER + "\tsequence",
        NUMBERED + "\tmore",
        HEADER.removesuffix("\tnotes"),
        "tags\trating\tstart_time\tclip_name\tclip_duration\tnotes",
        '"start_time"\trating\ttags\tclip_name\tclip_duration\tnotes',
        ROW,
    ],
)
def test_another_header_is_the_one_fault(header):
    assert faults(table(ROW, header=header)) == [(1, None)]


@pytest.mark.parametrize("text", ["", "\n\n", b"", b"\xef\xbb\xbf"])
def test_an_empty_file_lacks_its_header(text):
    assert faults(text) == [(1, None)]


def test_quotes_are_signs_like_others():
    found = the_one(table(row(clip_name='"Corner"', notes="'a' \\ b")))
    assert (found.name, found.notes) == ('"Corner"', "'a' \\ b")


@pytest.mark.parametrize(("column", "longest"), [("clip_name", 200), ("notes", 2000), ("tags", 40)])
def test_words_longer_than_an_annotation_has_are_a_fault(column, longest):
    assert read_table(table(row(**{column: "é" * longest})))
    assert faults(table(row(**{column: "é" * (longest + 1)}))) == [(2, column)]


def test_one_bad_row_in_many_imports_nothing_and_all_bad_lines_are_listed():
    rows = [ROW] * 200
    rows[100] = row(rating="6")
    assert faults(table(*rows)) == [(102, "rating")]
    rows[3] = row(start_time="5", clip_duration="0", tags="x" * 41)
    rows[199] = "one cell"
    assert faults(table(*rows)) == [
        (5, "start_time"),
        (5, "tags"),
        (5, "clip_duration"),
        (102, "rating"),
        (201, None),
    ]


def test_a_fault_says_what_was_expected_and_what_came():
    with pytest.raises(InvalidAnnotationError, match="line 2, rating") as told:
        read_table(table(row(rating="6")))
    (fault,) = told.value.details["faults"]
    assert fault == {"line": 2, "column": "rating", "message": "expected a digit from 1 to 5, got '6'"}


def test_bytes_that_are_no_utf_8_are_a_fault_of_their_line():
    text = table(ROW, row(notes="caf\xe9"), ROW, row(rating="7")).encode("latin-1")
    assert faults(text) == [(3, None), (5, "rating")]


def test_half_a_surrogate_pair_is_no_utf_8_either():
    assert faults(table(ROW, row(notes="\ud83d"))) == [(3, None)]


def test_a_table_in_utf_16_lacks_its_header():
    assert faults(table(ROW).encode("utf-16")) == [(1, None)]


def test_ends_are_cut_at_a_known_end_of_the_video():
    assert the_one(table(ROW), duration=Fraction(6)).end == 6
    assert the_one(table(ROW), duration=Fraction(60)).end == Fraction(19, 2)


@pytest.mark.parametrize("duration", [5, 4])
def test_a_start_at_or_past_a_known_end_is_a_fault(duration):
    assert faults(table(row(start_time="0:01"), ROW), duration=Fraction(duration)) == [(3, "start_time")]


def test_a_table_is_bounded():
    assert len(read_table(table(*[ROW] * MOST_ROWS))) == MOST_ROWS
    with pytest.raises(LimitExceededError, match="rows"):
        read_table(table(*[ROW] * (MOST_ROWS + 1)))
    with pytest.raises(LimitExceededError, match="16 MiB"):
        read_table(b"\n" * (MOST_BYTES + 1))


# Writing


def test_a_written_table_has_a_header_and_a_row_for_each_annotation():
    marked = moment(
        Fraction("75.25"), Fraction("80"), name="Corner", notes="left", rating=Rating.GOOD, tags=("Pass", "Goal kick")
    )
    assert write_table([marked]) == f"{HEADER}\n1:15.25\t4\tPass,Goal kick\tCorner\t4.75\tleft\n"


def test_the_column_of_the_videos_is_there_if_any_annotation_has_one():
    written = write_table([moment(), moment(video_sequence=2)])
    assert written == f"{NUMBERED}\n0:05\t3\t\t\t1.0\t\t\n0:05\t3\t\t\t1.0\t\t2\n"


def test_rows_are_sorted_by_video_start_and_end():
    marked = [
        moment(1, 2, video_sequence=2, name="e"),
        moment(3, 5, name="c"),
        moment(4, 5, video_sequence=1, name="d"),
        moment(3, 4, video_sequence=1, name="b"),
        moment(1, 9, name="a"),
    ]
    assert [each.name for each in read_table(write_table(marked))] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("start", "length", "cells"),
    [
        ("0", "1", ("0:00", "1.0")),
        ("59.9996", "1", ("1:00", "1.0")),
        ("6000.5", "0.5", ("100:00.5", "0.5")),
        ("3725.042", "10.25", ("62:05.042", "10.25")),
        ("1", "0.125", ("0:01", "0.125")),
    ],
)
def test_times_have_no_more_decimals_than_they_need(start, length, cells):
    written = write_table([moment(Fraction(start), Fraction(start) + Fraction(length))]).splitlines()[1].split("\t")
    assert (written[0], written[4]) == cells


def test_tabs_and_line_breaks_in_words_become_one_space():
    marked = moment(name="one\ttwo\r\nthree", notes="a\n\n\tb\u2028c\x85d", tags=("x\ny",))
    found = the_one(write_table([marked]))
    assert (found.name, found.notes, found.tags) == ("one two three", "a b c d", ("x y",))


@pytest.mark.parametrize("wrong", [moment(6, 5), moment(-1, 5), moment(tags=("a,b",)), moment(name="n" * 201)])
def test_what_would_not_read_back_is_not_written(wrong):
    with pytest.raises(InvalidAnnotationError) as told:
        write_table([moment(), wrong])
    assert told.value.details == {"index": 1}


# Both ways

exact_seconds = st.fractions(0, 20_000, max_denominator=90_000)
lengths = st.fractions(Fraction(1, 90_000), 900, max_denominator=90_000)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"))
tags = words.filter(lambda text: "," not in text).map(lambda text: text[:40].strip()).filter(bool)
annotations = st.builds(
    lambda start, length, **more: Annotation(start, start + length, **more),
    exact_seconds,
    lengths,
    name=words.map(lambda text: text[:200]),
    notes=words.map(lambda text: text[:2000]),
    rating=st.sampled_from(Rating),
    tags=st.lists(tags, max_size=4).map(tuple),
    video_sequence=st.none() | st.integers(1, 9),
)


def in_order(marked):
    return sorted(marked, key=lambda each: (each.video_sequence or 1, each.start, each.end))


@LAW
@given(st.lists(annotations, max_size=8), st.sampled_from(["", "\ufeff"]), st.sampled_from(["\n", "\r\n"]))
def test_import_of_an_export_returns_the_same_clips_to_1_ms(marked, mark, end):
    found = read_table((mark + write_table(marked).replace("\n", end)).encode())
    for before, after in zip(in_order(marked), found, strict=True):
        assert abs(after.start - before.start) <= Fraction(1, 1000)
        assert abs(after.end - before.end) <= Fraction(1, 1000)
        assert after.start < after.end
        same = ("name", "notes", "rating", "tags", "video_sequence")
        assert [getattr(after, part) for part in same] == [getattr(before, part) for part in same]


def test_minutes_above_99_fractions_and_a_byte_order_mark_survive_export_and_import():
    text = f"\ufeff{NUMBERED}\n100:00.5\t5\tGoal\tLate\t12.345\tin the rain\t1\n123:04.007\t1\t\t\t0.5\t\t2\n"
    assert write_table(read_table(text.encode())) == text.removeprefix("\ufeff")


@LAW
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_after_a_header_are_read_or_refused_line_by_line(rest):
    text = HEADER.encode() + b"\n" + (rest.encode("utf-8", "surrogatepass") if isinstance(rest, str) else rest)
    lines: set[int] = set()
    try:
        read_table(text)
    except InvalidAnnotationError as told:
        lines = {fault["line"] for fault in told.details["faults"]}
    assert lines <= set(range(2, 2 + text.count(b"\n")))
