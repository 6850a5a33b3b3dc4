"""An overlay copies what it does not draw on, for every coding structure."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from tests.coded_factory import STRUCTURES, find_ffmpeg
from tests.smart.laws import (
    check,
    every_picture_is_shown_once_at_its_time,
    the_drawing_is_there_and_nowhere_else,
    the_ffmpeg_program_has_no_complaint,
    the_rest_looks_as_the_source,
)
from tests.smart.movie import Movie
from tests.smart.trials import for_examples, overlaid, regions

Sources = Callable[[str], Movie]
SLOW_TO_STAMP = (
    "closed",
    "open",
    "variable_rate",
    "rate_23_976",
    "mkv",
    "transport_stream",
    "pre_roll",
    "x265_defaults",
)


@pytest.mark.parametrize("name", STRUCTURES)
def test_an_overlay_is_the_source_but_for_what_is_drawn(name: str, sources: Sources, tmp_path: Path):
    source = sources(name)
    for_examples(regions(source), lambda spans: check(overlaid(tmp_path, source, spans)))


@pytest.mark.parametrize("name", SLOW_TO_STAMP)
def test_without_smart_rendering_the_same_pictures_are_shown_at_the_same_times(
    name: str, sources: Sources, tmp_path: Path
):
    source = sources(name)
    made = overlaid(tmp_path, source, [(0.4, 0.9)], smart_render=False)
    assert made.copied == []
    check(
        made,
        (
            every_picture_is_shown_once_at_its_time,
            the_drawing_is_there_and_nowhere_else,
            the_rest_looks_as_the_source,
        ),
    )


@pytest.mark.skipif(find_ffmpeg() is None, reason="needs the ffmpeg program")
@pytest.mark.parametrize("name", ["closed", "open", "deep_b_frames", "many_references", "baseline", "weighted"])
def test_another_decoder_plays_an_overlay_without_a_complaint(name: str, sources: Sources, tmp_path: Path):
    the_ffmpeg_program_has_no_complaint(overlaid(tmp_path, sources(name), [(0.6, 0.8), (1.5, 1.55)]))


def test_two_regions_far_apart_leave_the_groups_between_them_alone(sources: Sources, tmp_path: Path):
    made = overlaid(tmp_path, sources("closed"), [(0.1, 0.2), (2.0, 2.1)])
    assert all(made.is_copied(time) for time in made.output.times if Fraction("0.48") <= time < Fraction("1.92"))
    check(made)


def test_a_region_that_begins_and_ends_with_a_group_leaves_its_neighbours_alone(sources: Sources, tmp_path: Path):
    made = overlaid(tmp_path, sources("closed"), [(0.96, 1.44)])
    assert made.copied_seconds == [pytest.approx((0.0, 0.96)), pytest.approx((1.44, 2.4))]
    check(made)


def test_a_drawing_on_every_picture_leaves_nothing_to_copy(sources: Sources, tmp_path: Path):
    made = overlaid(tmp_path, sources("closed"), [(0, 3)])
    assert made.copied == []
    check(made)


def test_sources_of_other_colours_are_converted_and_not_mixed(sources: Sources, tmp_path: Path):
    for name in ("full_range", "bt601", "h264_10_bit"):
        look = overlaid(tmp_path, sources(name), [(0.1, 0.2)]).output.look
        assert (look.pixel_format, look.matrix, look.primaries, look.transfer) == ("yuv420p", 1, 1, 1), name
        assert not look.full_range, name
