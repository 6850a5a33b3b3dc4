import re
import shutil
import subprocess
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW, rates

from clipmill.media.chapters import Chapter, chapter_title, chapters, escape_ffmetadata, ffmetadata, plain_lines, webvtt

HARD_TITLE = "a=b;c#d 'quoted' \"twice\" 100 % \\ back [x]: ⚽"


def test_the_name_of_a_clip_is_its_title():
    assert chapter_title("Great goal.mp4", "a.mp4", 0) == "Great goal.mp4"


@pytest.mark.parametrize(
    ("file_name", "title"),
    [
        ("Corner no. 3.mov", "Corner no. 3"),
        ("GOAL.MP4", "GOAL"),
        ("matches/final.m2ts", "final"),
        ("C:\\clips\\final.MKV", "final"),
        ("goal.mp4.mov", "goal.mp4"),
        (" goal.webm ", "goal"),
    ],
)
def test_a_nameless_clip_is_called_after_its_file(file_name, title):
    assert chapter_title(None, file_name, 0) == title


@pytest.mark.parametrize("file_name", ["vs. Ajax", "half 1.5", "notes.txt", "goal.mp"])
def test_a_name_with_a_dot_but_no_media_extension_is_kept_whole(file_name):
    assert chapter_title(None, file_name, 0) == file_name


@pytest.mark.parametrize(("name", "file_name"), [(None, None), ("", ""), ("  \n", ".mp4"), (None, " .mov")])
def test_a_blank_name_counts_as_missing(name, file_name):
    assert chapter_title(name, file_name, 4) == "Clip 5"


def test_white_space_runs_and_line_breaks_become_one_space():
    assert chapter_title("  one\r\n two\t\u00a0three\u2028four ", None, 0) == "one two three four"


def test_a_long_title_is_cut_at_a_character():
    title = chapter_title("é" * 200, None, 0)
    assert title == "é" * 127
    assert chapter_title("x" * 254 + " yz", None, 0) == "x" * 254


def test_half_a_surrogate_pair_becomes_a_question_mark():
    assert chapter_title("goal \ud83d", None, 0) == "goal ?"


@LAW
@given(st.text(), st.text())
def test_a_title_is_one_line_of_at_most_255_bytes(name, file_name):
    title = chapter_title(name, file_name, 0)
    assert 0 < len(title.encode()) <= 255
    assert title == " ".join(title.split())


def test_each_clip_is_a_chapter_and_the_last_runs_to_the_end():
    assert chapters((0, 165), 285, Fraction(30), ("Kick-off", "Goal")) == (
        Chapter(0, "Kick-off", 0, 5500),
        Chapter(1, "Goal", 5500, 9500),
    )


def test_milliseconds_are_rounded_up():
    assert [mark.end_ms for mark in chapters((0, 1), 2, Fraction(30000, 1001), ("a", "b"))] == [34, 67]


def test_a_single_clip_has_no_chapters():
    assert chapters((0,), 30, Fraction(30), ("only",)) == ()


@LAW
@given(st.lists(st.integers(1, 5000), min_size=2, max_size=20), rates)
def test_chapters_leave_no_gap_and_do_not_overlap(counts, fps):
    starts = [sum(counts[:clip]) for clip in range(len(counts))]
    marks = chapters(starts, sum(counts), fps, [str(start) for start in starts])
    assert marks[0].start_ms == 0
    assert all(left.end_ms == right.start_ms for left, right in pairwise(marks))
    assert all(mark.start_ms < mark.end_ms for mark in marks)
    assert 0 <= Fraction(marks[-1].end_ms, 1000) - sum(counts) / fps < Fraction(1, 1000)


@LAW
@given(st.lists(st.integers(1, 5000), min_size=2, max_size=20), rates)
def test_a_chapter_start_inside_a_join_shows_the_new_clip(counts, fps):
    starts = [sum(counts[:clip]) for clip in range(len(counts))]
    for start, mark in zip(starts, chapters(starts, sum(counts), fps, [""] * len(starts)), strict=True):
        assert int(Fraction(mark.start_ms, 1000) * fps) == start


def test_webvtt_numbers_its_cues_and_escapes_titles():
    marks = (Chapter(0, "Ajax & <PSV> --> 1", 0, 5500), Chapter(1, "Goal", 5500, 3_725_042))
    assert webvtt(marks) == (
        "WEBVTT\n"
        "\n1\n00:00:00.000 --> 00:00:05.500\nAjax &amp; &lt;PSV&gt; --&gt; 1\n"
        "\n2\n00:00:05.500 --> 01:02:05.042\nGoal\n"
    )


def test_plain_lines_round_seconds_down_and_show_hours_from_one_hour():
    marks = (
        Chapter(0, "Kick-off", 0, 65_999),
        Chapter(1, "Goal", 65_999, 3_600_000),
        Chapter(2, "End", 3_600_000, 3_700_000),
    )
    assert plain_lines(marks) == "0:00 Kick-off\n1:05 Goal\n1:00:00 End\n"


def test_ffmetadata_signs_take_a_backslash():
    assert escape_ffmetadata("a=b;c#d\\e\nf 'g' 5%") == "a\\=b\\;c\\#d\\\\e\\\nf 'g' 5%"


def test_ffmetadata_holds_times_in_milliseconds():
    assert ffmetadata((Chapter(0, "1=0", 0, 5500),)) == (
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=5500\ntitle=1\\=0\n"
    )


@LAW
@given(st.text())
def test_an_escaped_text_reads_back_identically(text):
    assert re.sub(r"\\([=;#\\\n])", r"\1", escape_ffmetadata(text)) == text


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="the ffmpeg program is not installed")
def test_a_title_with_a_quote_percent_and_emoji_reads_back_identically(tmp_path):
    given_file, read_back = tmp_path / "given.txt", tmp_path / "read.txt"
    given_file.write_text(ffmetadata((Chapter(0, HARD_TITLE, 0, 5500), Chapter(1, "Goal", 5500, 9000))), "utf-8")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "ffmetadata", "-i", given_file, "-f", "ffmetadata", read_back],
        check=True,
    )
    titles = re.findall(r"^title=(.*)$", read_back.read_text("utf-8"), re.MULTILINE)
    assert [re.sub(r"\\(.)", r"\1", title) for title in titles] == [HARD_TITLE, "Goal"]
