import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.captions.subtitle_parsers import READERS, read_ass, read_csv, read_srt, read_vtt, style_of
from tests.media.laws import LAW

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.layout import AnchorType, Box, analyze_layout
from clipmill.media.captions.subtitles import export_captions

FORMS = sorted(READERS)
TIMED_TEXT = ("srt", "vtt", "ass")


def row(start: int, end: int, text: str | None = "text", **more: Any) -> dict[str, Any]:
    return {
        "id": f"id-{start:06d}", "start_frame": start, "end_frame": end, "text": text, "caption_ocr": None, "caption_ocr_confidence": None,
        "extents_confidence": None, "caption_frame_extents_state": "predicted",
    } | more  # fmt: skip


def test_srt_is_numbered_blocks_with_blank_lines_between_them():
    said = export_captions([row(36125, 36140, "one\ntwo"), row(36150, 36151, "three")], "srt")
    assert said == "1\n01:00:12,500 --> 01:00:14,000\none\ntwo\n\n2\n01:00:15,000 --> 01:00:15,100\nthree\n"


def test_vtt_has_its_header_and_points_in_times():
    assert (
        export_captions([row(7, 12, "a < b & c")], "vtt")
        == "WEBVTT\n\n1\n00:00:00.700 --> 00:00:01.200\na &lt; b &amp; c\n"
    )


def test_ass_has_centiseconds():
    line = export_captions([row(36125, 36140, "one\ntwo")], "ass").splitlines()[-1]
    assert line == r"Dialogue: 0,1:00:12.50,1:00:14.00,Default,,0,0,0,,one\Ntwo"


def test_json_holds_what_is_known():
    rows = [
        row(3, 9, None, caption_ocr="Ünï", caption_ocr_confidence=0.123456, extents_confidence=0.5),
        row(9, 11, None, id="second"),
    ]
    text = export_captions(rows, "json", video_id="match")
    assert "Ünï" in text
    assert text.endswith("}\n")
    assert json.loads(text) == {"version": 1, "video_id": "match", "frame_rate": 10, "captions": [
        {"index": 1, "id": "id-000003", "start_frame": 3, "end_frame": 9, "start": 0.3, "end": 0.9, "text": "Ünï", "confidence": 0.123456,
         "extents_confidence": 0.5, "state": "predicted"},
        {"index": 2, "id": "second", "start_frame": 9, "end_frame": 11, "start": 0.9, "end": 1.1, "text": None, "confidence": None,
         "extents_confidence": None, "state": "predicted"},
    ]}  # fmt: skip


def test_csv_quotes_only_where_it_must():
    rows = [
        row(3, 9, 'say "a, b"\nnow', caption_ocr_confidence=0.5),
        row(9, 11, "plain text; x", extents_confidence=0.98765),
    ]
    assert export_captions(rows, "csv") == (
        "index,id,start_frame,end_frame,start,end,text,confidence,extents_confidence,state\r\n"
        '1,id-000003,3,9,0.300,0.900,"say ""a, b""\nnow",0.5000,,predicted\r\n'
        "2,id-000009,9,11,0.900,1.100,plain text; x,,0.9877,predicted\r\n"
    )


def test_without_rows_there_is_an_empty_srt_and_a_vtt_header():
    assert [export_captions([], form) for form in ("srt", "vtt")] == ["", "WEBVTT\n"]
    assert [READERS[form](export_captions([], form)) for form in FORMS] == [[]] * 5


def test_predicted_and_confirmed_rows_come_in_order_and_no_others():
    rows = [row(30, 40, "c", caption_frame_extents_state="confirmed"), row(20, 30, "gap", caption_frame_extents_state="gap"),
            row(10, 20, "issue", caption_frame_extents_state="issue"), row(0, 5, "b", id="y"), row(0, 5, "a", id="x"), row(0, 4, "first")]  # fmt: skip
    assert [cue.text for cue in read_csv(export_captions(rows, "csv"))] == ["first", "a", "b", "c"]


@pytest.mark.parametrize("empty", [None, "", " \n\t", "\u200b", "\x07\r"])
def test_rows_without_visible_text_are_left_out_of_what_players_read(empty):
    rows = [row(0, 5, "a"), row(5, 9, empty), row(9, 12, "b")]
    for form in FORMS:
        assert len(READERS[form](export_captions(rows, form))) == (2 if form in TIMED_TEXT else 3)


def test_a_person_who_wrote_no_text_overrules_what_was_read():
    rows = [
        row(0, 5, "", caption_ocr="misread"),
        row(5, 9, None, caption_ocr="read"),
        row(9, 12, "typed", caption_ocr="read"),
    ]
    assert [cue.text for cue in read_csv(export_captions(rows, "csv"))] == ["", "read", "typed"]


def test_text_is_tidied():
    assert (
        read_srt(export_captions([row(0, 9, " a \r\n\r\n\x00b\x9f\rc\t\td \u2028e\n \n")], "srt"))[0].text
        == " a\nb\nc\t\td\ne"
    )


def test_arrows_cannot_break_srt_however_long_they_are():
    said = [
        cue.text
        for cue in read_srt(
            export_captions([row(0, 9, "a --> b"), row(9, 12, "--->"), row(12, 15, "-----> -->")], "srt")
        )
    ]
    assert said == ["a -> b", "->", "-> ->"]


@pytest.mark.parametrize("text", [
    "<b>bold</b> & &amp; <00:00:01.000>", "a --> b", r"{\b1}big{\b0}", r"C:\new\hard\Nice \{x\}", "a\\\nb", "1\n2", "😀, \"x\"; 'y'", "NOTE this", "WEBVTT",
])  # fmt: skip
def test_markup_in_a_text_is_shown_literally(text):
    rows = [row(0, 9, text), row(9, 12, "next")]
    for form, read in (("vtt", read_vtt), ("ass", read_ass)):
        assert [cue.text for cue in read(export_captions(rows, form))] == [text, "next"]
    assert len(read_srt(export_captions(rows, "srt"))) == 2


def test_ass_escapes_in_the_order_that_keeps_backslashes():
    line = export_captions([row(0, 9, "\\N {a} \\{ \\x\nb")], "ass").splitlines()[-1]
    assert line.endswith(",,\\\u2060N \\{a\\} \\\u2060\\{ \\x\\Nb")


@pytest.mark.parametrize(("x", "alignment"), [(0.2, "1"), (0.5, "2"), (0.8, "3")])
def test_ass_stands_where_the_captions_were_found(x, alignment):
    layout = analyze_layout([Box(0, 0, x - 0.1, 0.85, x + 0.1, 0.91, "word")], 1, 1280, 720)
    said = export_captions([row(0, 9)], "ass", layout=layout)
    style = style_of(said)
    assert "PlayResX: 1280\nPlayResY: 720\n" in said
    assert (style["Alignment"], style["MarginV"]) == (alignment, "43")
    assert layout.anchor_type is list(AnchorType)[int(alignment) - 1]


def test_ass_without_a_layout_is_centred_above_the_lower_edge():
    assert style_of(export_captions([row(0, 9)], "ass"))["Alignment"] == "2"


def test_cues_never_overlap_and_last_a_tenth_of_a_second():
    rows = [row(0, 2), row(2, 3), row(3, 30)]
    shown = read_csv(export_captions(rows, "csv", frame_rate=25))
    assert [(cue.start, cue.end) for cue in shown] == [(0.0, 0.12), (0.12, 0.24), (0.24, 1.2)]


def test_overlapping_rows_give_way_to_the_next_one():
    shown = read_srt(export_captions([row(0, 20), row(10, 30)], "srt"))
    assert [(cue.start, cue.end) for cue in shown] == [(0.0, 1.0), (1.0, 3.0)]


def test_milliseconds_are_rounded_half_up_from_the_exact_time():
    assert "00:00:00,063 --> 00:00:00,188" in export_captions([row(1, 3)], "srt", frame_rate=16)
    assert "00:00:33,367 --> 00:00:36,703" in export_captions([row(1000, 1100)], "srt", frame_rate="30000/1001")


cuts = st.lists(st.integers(0, 200), max_size=10, unique=True).map(sorted)
lines = st.text(st.sampled_from("ab <>&-{}\\Nnh,\"'\n\r\t\x00é😀\u2028=@"), max_size=12)
rates = st.sampled_from([1, 10, 12.5, 24, 25, 30, 60, "24000/1001", "30000/1001", "60000/1001"])


@LAW
@given(cuts, st.lists(lines, min_size=10, max_size=10), rates, st.sampled_from(FORMS))
def test_every_form_of_any_captions_is_read_with_cues_in_order_disjoint_and_long_enough(frames, texts, rate, form):
    rows = [row(start, end, text) for (start, end), text in zip(pairwise(frames), texts, strict=False)]
    said = export_captions(reversed(rows), form, frame_rate=rate)
    shown = READERS[form](said)
    assert all(cue.end - cue.start >= 0.1 - 1e-9 for cue in shown)
    assert all(before.end <= behind.start + 1e-9 for before, behind in pairwise(shown))
    assert form in TIMED_TEXT or len(shown) == len(rows)
    assert said == "" or said.endswith("\n")
    assert not said.startswith("\ufeff")
    assert form == "csv" or "\r" not in said
    said.encode()


def test_spreadsheet_safe_marks_what_would_be_computed():
    rows = [row(0, 2, text) for text in ("=1+1", "+1", "-1", "@x", "a=1")]
    plain, safe = (read_csv(export_captions(rows, "csv", spreadsheet_safe=wanted)) for wanted in (False, True))
    assert [cue.text for cue in plain] == ["=1+1", "+1", "-1", "@x", "a=1"]
    assert [cue.text for cue in safe] == ["'=1+1", "'+1", "'-1", "'@x", "a=1"]


@pytest.mark.parametrize("form", ["SRT", "sub", ""])
def test_an_unknown_form_is_refused_with_those_there_are(form):
    with pytest.raises(InvalidParameterError, match="srt, vtt, ass, json, csv"):
        export_captions([], form)


def test_a_row_without_frames_is_refused_by_its_id():
    with pytest.raises(InvalidParameterError, match="id-000005"):
        export_captions([row(5, 5)], "srt")
