from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.media.captions.layout import (
    AnchorType,
    Box,
    BoxLabel,
    LayoutConfig,
    analyze_layout,
    carry_over,
    carry_over_config,
)
from clipmill.media.captions.region import WHOLE_FRAME, CropRegion

IN, OUT = BoxLabel.IN, BoxLabel.OUT
WHEN = "2026-01-02T03:04:05.678Z"
FOUND = analyze_layout([Box(0, 0, 0.3, 0.85, 0.7, 0.91, "hello")], 1, 1280, 720)


def strip(frame: int, index: int, left: int, right: int, label: BoxLabel | None = None) -> Box:
    return Box(
        frame,
        index,
        left / 100,
        0.8,
        right / 100,
        0.9,
        f"text {index}",
        label=label,
        label_updated_at=WHEN if label else None,
    )


def labels(boxes: list[Box]) -> list[tuple[int, int, str | None, bool]]:
    return [(box.frame_index, box.box_index, box.label, box.stale) for box in boxes]


def test_a_label_moves_to_the_box_that_overlaps_most():
    carried = carry_over([strip(0, 0, 10, 50, IN)], [strip(0, 0, 20, 60), strip(0, 1, 12, 50)])
    assert labels(carried) == [(0, 0, None, False), (0, 1, "in", False)]
    assert carried[1].label_updated_at == WHEN


def test_each_box_is_matched_once_and_the_one_left_over_is_stale():
    carried = carry_over(
        [strip(0, 3, 10, 50, IN), strip(0, 5, 11, 50, OUT)], [strip(0, 0, 11, 50), strip(0, 1, 70, 90)]
    )
    assert labels(carried) == [(0, 0, "out", False), (0, 1, None, False), (0, 2, "in", True)]


def test_equal_overlaps_go_to_the_lower_old_and_then_the_lower_new_index():
    old = [strip(0, 7, 10, 50, OUT), strip(0, 2, 10, 50, IN)]
    assert labels(carry_over(old, [strip(0, 0, 10, 50)])) == [(0, 0, "in", False), (0, 1, "out", True)]
    assert labels(carry_over(old[:1], [strip(0, 4, 10, 50), strip(0, 1, 10, 50)])) == [
        (0, 1, "out", False),
        (0, 4, None, False),
    ]


def test_half_an_overlap_is_enough_and_less_is_not():
    assert labels(carry_over([strip(0, 0, 0, 30, IN)], [strip(0, 0, 10, 40)])) == [(0, 0, "in", False)]
    assert labels(carry_over([strip(0, 0, 0, 30, IN)], [strip(0, 0, 11, 41)])) == [
        (0, 0, None, False),
        (0, 1, "in", True),
    ]


def test_labels_of_frames_that_are_no_longer_sampled_stay_as_stale_boxes():
    carried = carry_over([strip(5, 3, 10, 50, OUT), strip(5, 4, 60, 90)], [strip(0, 0, 10, 50)])
    assert labels(carried) == [(0, 0, None, False), (5, 0, "out", True)]


def test_a_stale_label_finds_its_box_when_that_comes_back():
    stale = replace(strip(0, 9, 10, 50, IN), stale=True)
    assert labels(carry_over([stale], [strip(0, 0, 10, 50)])) == [(0, 0, "in", False)]


strips = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(1, 50), st.sampled_from([None, IN, OUT])), max_size=6
).map(
    lambda drawn: [
        strip(frame, index, left, left + width, label) for index, (frame, left, width, label) in enumerate(drawn)
    ]
)


@LAW
@given(strips, strips)
def test_no_label_is_lost_and_no_place_is_taken_twice(old, new):
    for box in new:
        box.label = None
    carried = carry_over(old, new)
    assert sorted(box.label for box in carried if box.label) == sorted(box.label for box in old if box.label)
    assert len({box.place for box in carried}) == len(carried)
    assert [box for box in carried if not box.stale] == sorted(new, key=lambda box: box.place)
    assert all(box.label for box in carried if box.stale)


def test_a_crop_and_anchor_that_a_person_set_are_kept_and_only_statistics_change():
    crop, drawn = CropRegion(0.2, 0.7, 0.8, 0.9), CropRegion(0.1, 0.6, 0.9, 1.0)
    old = LayoutConfig(
        crop=crop,
        crop_region_version=4,
        crop_source="user",
        selection=drawn,
        anchor_type=AnchorType.RIGHT,
        anchor_position=0.8,
    )
    kept = carry_over_config(old, FOUND)
    assert (kept.crop, kept.crop_region_version, kept.crop_source, kept.selection) == (crop, 4, "user", drawn)
    assert (kept.anchor_type, kept.anchor_position) == (AnchorType.RIGHT, 0.8)
    assert (kept.layout_score, kept.box_height, kept.frame_width) == (FOUND.score, FOUND.box_height, 1280)


def test_a_new_automatic_crop_raises_its_version_only_when_it_changes():
    first = carry_over_config(LayoutConfig(), FOUND)
    assert (first.crop, first.crop_source, first.crop_region_version) == (FOUND.crop_region, "auto", 1)
    assert carry_over_config(first, FOUND) == first


def test_without_text_the_crop_is_the_whole_frame():
    nothing = analyze_layout([], 4, 640, 360)
    config = carry_over_config(LayoutConfig(), nothing)
    assert (config.crop, config.crop_source, config.crop_region_version) == (WHOLE_FRAME, "default", 0)
    assert (config.anchor_type, config.layout_warning) == (None, "no_text_found")
