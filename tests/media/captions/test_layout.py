import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.media.captions.layout import AnchorType, Box, BoxLabel, Reason, analyze_layout
from clipmill.media.captions.region import CropRegion

IN, OUT = BoxLabel.IN, BoxLabel.OUT
WORDS = [
    "amber",
    "birch",
    "cedar",
    "daisy",
    "ember",
    "fjord",
    "grove",
    "heath",
    "ivory",
    "jolly",
    "koala",
    "lemon",
    "mango",
    "noble",
    "ocean",
    "pearl",
]


def box(frame: int, index: int, centre: tuple[float, float], size: tuple[float, float], text: str, **more) -> Box:
    (x, y), (width, height) = centre, size
    return Box(frame, index, x - width / 2, y - height / 2, x + width / 2, y + height / 2, text, **more)


def subtitles(frames: Sequence[int] | range, y: float = 0.88, height: float = 0.06, index: int = 0) -> list[Box]:
    """A caption of its own on each frame, centred, of different widths."""
    return [
        box(
            k,
            index,
            (0.5, y),
            (0.3 + 0.02 * (k % 9), height),
            f"{WORDS[k % 16]} {WORDS[(k // 16 + 5 + index) % 16]} {WORDS[k * 7 % 16]}",
        )
        for k in frames
    ]


def analyze(boxes: list[Box], frames: int = 30):
    return analyze_layout(boxes, frames, 1280, 720)


def reasons(boxes: list[Box]) -> set[Reason | None]:
    return {one.predicted_reason for one in boxes}


def test_one_box_is_the_example():
    one = Box(0, 0, 0.3, 0.85, 0.7, 0.91, "hello")
    found = analyze([one], 1)
    assert found.crop_region == CropRegion(0.1, 0.82, 0.9, 0.94)
    assert (found.anchor_type, found.anchor_position, found.line_count, found.in_count) == (
        AnchorType.CENTER,
        0.5,
        1,
        1,
    )
    assert (found.box_height, found.vertical_center) == (pytest.approx(0.06), pytest.approx(0.88))
    assert (one.predicted_label, one.predicted_reason) == (IN, Reason.BAND)
    assert found.score == pytest.approx(1 - 0.5 * 0.03 / 0.85)
    assert one.predicted_confidence == pytest.approx(0.5 + 0.5 * found.score)


def test_no_boxes_are_no_text():
    found = analyze([], 10)
    assert (found.crop_region, found.anchor_type, found.anchor_position, found.box_height) == (None, None, None, None)
    assert (found.warning, found.score, found.in_count, sum(found.out_counts.values())) == ("no_text_found", 0.0, 0, 0)


def test_boxes_that_a_person_all_labelled_out_are_no_text():
    boxes = subtitles(range(12))
    for one in boxes:
        one.label = OUT
    found = analyze(boxes)
    assert (found.warning, found.in_count, found.out_counts["user"]) == ("no_text_found", 0, 12)
    assert {(one.predicted_label, one.predicted_confidence) for one in boxes} == {(OUT, 1.0)}


@pytest.mark.parametrize("fault", [
    {"confidence": 0.49}, {"text": " -!… "}, {"height": 0.011}, {"height": 0.26}, {"width": 0.016},
])  # fmt: skip
def test_a_box_that_cannot_be_read_is_ineligible(fault):
    size = fault.get("width", 0.4), fault.get("height", 0.06)
    odd = box(0, 0, (0.5, 0.5), size, fault.get("text", "word"), confidence=fault.get("confidence", 0.9))
    found = analyze([odd, *subtitles(range(1, 9))])
    assert (odd.predicted_label, odd.predicted_reason, odd.predicted_confidence) == (OUT, Reason.INELIGIBLE, 0.9)
    assert found.out_counts["ineligible"] == 1


def test_a_box_on_every_threshold_is_eligible():
    boxes = [box(0, 0, (0.5, 0.875), (0.4, 0.25), "word", confidence=0.5), box(1, 0, (0.5, 0.9), (0.3, 0.012), "word")]
    boxes.append(box(2, 0, (0.5, 0.3), (0.5 * 0.06 * 720 / 1280, 0.06), "upright"))
    analyze(boxes)
    assert Reason.INELIGIBLE not in reasons(boxes)


def test_a_logo_in_a_corner_of_every_frame_is_not_reached_by_the_region():
    logos = [box(k, 1, (0.06, 0.94), (0.09, 0.05), "ACME TV") for k in range(30)]
    found = analyze([*subtitles(range(30)), *logos])
    assert reasons(logos) == {Reason.STATIC}
    assert found.crop_region is not None
    assert found.crop_region.crop_left > 0.105


def test_a_clock_that_counts_is_static():
    clocks = [box(k, 1, (0.9, 0.06), (0.1, 0.05), f"{k:02d}:{k * 7 % 60:02d}") for k in range(30)]
    analyze([*subtitles(range(30)), *clocks])
    assert reasons(clocks) == {Reason.STATIC}


@pytest.mark.parametrize(
    ("present", "frames", "static"),
    [(9, 30, True), (8, 30, False), (3, 1, True), (2, 5, False), (10, 31, True), (9, 31, False)],
)
def test_text_is_static_from_three_tenths_of_the_frames_on_and_at_least_three(present, frames, static):
    signs = [box(k, 1, (0.2, 0.1), (0.2, 0.05), "EXIT") for k in range(present)]
    analyze([*subtitles(range(present)), *signs], frames)
    assert (reasons(signs) == {Reason.STATIC}) is static


def lines(*stretches: int, width: float = 0.4) -> list[Box]:
    """Lines in one place, each for a stretch of frames."""
    words = ["we sing of summer", "every road leads home", "nobody knows"]
    shown = [word for word, frames in zip(words, stretches, strict=True) for _ in range(frames)]
    return [box(k, 0, (0.5, 0.88), (width, 0.06), word) for k, word in enumerate(shown) if word]


def test_lines_that_are_sung_for_long_in_one_place_are_captions():
    found = lines(8, 9, 7)
    analyze(found, 24)
    assert reasons(found) == {Reason.BAND}


@pytest.mark.parametrize("boxes", [
    lines(16, 4, 4)[:16], [*lines(8, 9, 7, width=0.15)], [*lines(8, 2, 0)],
    [*lines(8, 8, 8), *(box(k, 1, (0.5, 0.88), (0.4, 0.06), "we sing of summer") for k in range(20, 23))],
])  # fmt: skip
def test_what_stays_nearly_always_or_is_narrow_or_comes_again_or_gives_way_to_nothing_is_static(boxes):
    analyze(boxes, 24)
    assert Reason.STATIC in reasons(boxes)


def test_a_ticker_under_the_captions_is_out_and_the_captions_are_in():
    ticker = [
        box(k, 1, (0.5, 0.965), (0.99, 0.05), f"{WORDS[k % 16]} news {WORDS[k * 5 % 16]} and {WORDS[k * 3 % 16]}")
        for k in range(30)
    ]
    captions = subtitles(range(30), y=0.86)
    found = analyze([*captions, *ticker])
    assert (reasons(ticker), reasons(captions)) == ({Reason.TICKER}, {Reason.BAND})
    assert found.crop_region is not None
    assert found.crop_region.crop_bottom < 0.94


def test_a_ticker_in_a_fixed_window_is_known_by_its_edges():
    window = [box(k, 1, (0.5, 0.1), (0.6, 0.05), f"{WORDS[k]} {WORDS[15 - k]} {WORDS[k * 3 % 16]}") for k in range(5)]
    analyze([*subtitles(range(12)), *window])
    assert reasons(window) == {Reason.TICKER}
    moving = [box(k, 1, (0.5, 0.1), (0.6 + 0.03 * k, 0.05), one.text) for k, one in enumerate(window)]
    analyze([*subtitles(range(12)), *moving])
    assert reasons(moving) == {Reason.ELSEWHERE}


def test_a_row_that_a_person_called_a_caption_is_no_ticker():
    ticker = [box(k, 1, (0.5, 0.965), (0.99, 0.05), f"{WORDS[k % 16]} news {WORDS[k * 5 % 16]}") for k in range(30)]
    ticker[4].label = IN
    analyze([*subtitles(range(30), y=0.3), *ticker])
    assert ticker[4].predicted_reason is Reason.USER
    assert Reason.TICKER not in reasons(ticker)


def test_both_rows_of_captions_with_two_lines_lie_inside_the_region():
    lower, upper = subtitles(range(30), y=0.9), subtitles(range(0, 30, 3), y=0.82, index=1)
    found = analyze([*lower, *upper])
    assert found.line_count == 2
    assert reasons([*lower, *upper]) == {Reason.BAND}
    assert found.crop_region is not None
    assert found.crop_region.crop_top <= 0.79
    assert found.crop_region.crop_bottom >= 0.93


def test_captions_at_the_top_have_their_region_there():
    found = analyze(subtitles(range(30), y=0.08))
    assert found.crop_region is not None
    assert found.crop_region.crop_bottom < 0.2


def test_text_far_from_the_band_is_elsewhere_with_a_confidence_by_its_distance():
    near = box(3, 1, (0.5, 0.78), (0.4, 0.03), "sign one")
    far = box(4, 1, (0.5, 0.3), (0.2, 0.06), "sign two")
    beside = box(5, 1, (0.2, 0.88), (0.2, 0.02), "tiny")
    analyze([*subtitles(range(30)), near, far, beside])
    assert reasons([near, far, beside]) == {Reason.ELSEWHERE}
    assert near.predicted_confidence == pytest.approx(0.5 + 0.5 * (0.85 - 0.795) / 0.12)
    assert (far.predicted_confidence, beside.predicted_confidence) == (1.0, 0.5)


def test_a_users_word_outweighs_five_frames():
    captions = subtitles(range(4), y=0.3)
    signs = subtitles(range(10, 18), y=0.85)
    assert analyze([*captions, *signs]).vertical_center == pytest.approx(0.85)
    for one in captions:
        one.label = IN
    assert analyze([*captions, *signs]).line_count == 1
    assert reasons(signs) == {Reason.ELSEWHERE}


def test_a_line_that_says_the_same_again_and_again_yields_to_one_that_changes():
    sponsor = [box(k, 1, (0.5, 0.9), (0.4, 0.06), "brought to you") for k in range(8)]
    captions = subtitles(range(8), y=0.3)
    analyze([*sponsor, *captions])
    assert (reasons(captions), reasons(sponsor)) == ({Reason.BAND}, {Reason.ELSEWHERE})


def test_a_low_score_is_a_warning_and_still_a_result():
    scattered = [
        box(k, 0, (0.3 + 0.02 * (k % 20), 0.05 + 0.03 * k), (0.1, 0.02), f"{WORDS[k % 16]}{k}") for k in range(30)
    ]
    found = analyze(scattered)
    assert found.warning == "low_confidence_layout"
    assert found.crop_region is not None


@pytest.mark.parametrize(("kind", "edge"), [(AnchorType.LEFT, 0.2), (AnchorType.RIGHT, 0.8), (AnchorType.CENTER, 0.4)])
def test_the_anchor_is_the_edge_that_stands_still(kind, edge):
    widths = [0.2 + 0.015 * (k * 7 % 25) for k in range(30)]
    centre = {
        AnchorType.LEFT: lambda w: edge + w / 2,
        AnchorType.RIGHT: lambda w: edge - w / 2,
        AnchorType.CENTER: lambda w: edge,
    }[kind]
    boxes = [
        box(k, 0, (centre(w), 0.88), (w, 0.06), one.text)
        for k, (w, one) in enumerate(zip(widths, subtitles(range(30)), strict=True))
    ]
    found = analyze(boxes)
    assert (found.anchor_type, found.anchor_position) == (kind, pytest.approx(edge))
    side = 0.06 * 720 / 1280
    region = found.crop_region
    assert region is not None
    expected = {
        AnchorType.LEFT: (0.2 - side, 0.2 + max(widths) + side),
        AnchorType.RIGHT: (0.8 - max(widths) - side, 0.8 + side),
        AnchorType.CENTER: (0.4 - max(widths) / 2 - side, 0.4 + max(widths) / 2 + side),
    }[kind]
    assert (region.crop_left, region.crop_right) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("x", "kind", "reach"),
    [
        (0.25, AnchorType.LEFT, (None, 0.9)),
        (0.75, AnchorType.RIGHT, (0.1, None)),
        (0.41, AnchorType.CENTER, (0.1, 0.9)),
    ],
)
def test_few_boxes_leave_room_for_longer_lines(x, kind, reach):
    found = analyze([box(0, 0, (x, 0.88), (0.2, 0.06), "word"), box(1, 0, (x, 0.88), (0.2, 0.06), "other")])
    side = 0.06 * 720 / 1280
    region = found.crop_region
    assert region is not None
    assert found.anchor_type is kind
    left, right = reach
    assert region.crop_left == pytest.approx(x - 0.1 - side if left is None else left, abs=1e-6)
    assert region.crop_right == pytest.approx(x + 0.1 + side if right is None else right, abs=1e-6)


def test_an_outlier_among_a_hundred_boxes_does_not_stretch_the_region():
    boxes = subtitles(range(120))
    boxes[50] = box(50, 0, (0.5, 0.88), (0.9, 0.06), "an unusual line")
    found = analyze(boxes, 120)
    assert found.crop_region is not None
    assert found.crop_region.crop_left == pytest.approx(0.27 - 0.06 * 720 / 1280, abs=2e-3)


def test_deviations_are_those_of_the_whole_population():
    boxes = [box(0, 0, (0.5, 0.86), (0.4, 0.06), "one"), box(1, 0, (0.5, 0.88), (0.4, 0.06), "two")]
    found = analyze(boxes)
    assert (found.vertical_std, found.box_height_std) == (pytest.approx(0.01), pytest.approx(0))
    assert (found.top_edge_std, found.bottom_edge_std) == (pytest.approx(0.01), pytest.approx(0.01))


def test_stale_boxes_are_left_alone():
    gone = box(3, 5, (0.5, 0.2), (0.3, 0.06), "gone", label=IN, stale=True)
    found = analyze([*subtitles(range(9)), gone])
    assert (found.in_count, gone.predicted_label) == (9, None)


edges = st.integers(0, 99).flatmap(
    lambda low: st.tuples(st.just(low / 100), st.integers(low + 1, 100).map(lambda high: high / 100))
)
boxes_of = st.lists(
    st.tuples(st.integers(0, 6), edges, edges, st.sampled_from(["", "a", "12:30", "12:31", "word one", "another", "?"]),
              st.sampled_from([0.2, 0.5, 0.9]), st.sampled_from([None, None, None, IN, OUT])), max_size=7,
)  # fmt: skip


def made(drawn) -> list[Box]:
    return [
        Box(frame, index, x[0], y[0], x[1], y[1], text, sure, label)
        for index, (frame, x, y, text, sure, label) in enumerate(drawn)
    ]


@LAW
@given(boxes_of, st.randoms(use_true_random=False))
def test_whatever_the_boxes_and_their_order_all_values_lie_within_0_and_1(drawn, dice: random.Random):
    boxes, shuffled = made(drawn), made(drawn)
    dice.shuffle(shuffled)
    found = analyze(boxes, 7)
    assert analyze(shuffled, 7) == found
    assert sorted(shuffled, key=lambda one: one.place) == sorted(boxes, key=lambda one: one.place)
    values = [
        found.anchor_position,
        found.box_height,
        found.vertical_center,
        found.score,
        *(one.predicted_confidence for one in boxes),
    ]
    assert all(0 <= value <= 1 for value in values if value is not None)
    assert found.in_count + sum(found.out_counts.values()) == len(boxes)
    assert (found.crop_region is None) == (found.in_count == 0) == (found.warning == "no_text_found")
    assert all(one.predicted_label == one.label for one in boxes if one.label)
