"""The regression cases of the export rules that smart rendering can break; the names are theirs."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from tests.coded_factory import PICTURE_STRUCTURES
from tests.contexts import FolderContext
from tests.engines.damage import damaged
from tests.media_factory import read_patch
from tests.media_recipes import BT2020, PATCHES, Colour
from tests.smart.laws import (
    PICTURE_LAWS,
    check,
    every_picture_is_shown_once_at_its_time,
    has_spot,
    sound_and_picture_end_together,
    spot_levels,
    the_drawing_is_there_and_nowhere_else,
    the_sound_is_the_sources_at_its_place,
)
from tests.smart.movie import Movie, box_names
from tests.smart.rules import length
from tests.smart.trials import clips, overlaid

from clipmill.functions.framing import process_framing

Sources = Callable[[str], Movie]
SPANS = [(0.3, 0.5), (1.9, 2.2)]
LAST_OF_A_GROUP = 23


def test_overlay_of_a_video_whose_audio_ends_early_has_full_length_and_every_frame(sources: Sources, tmp_path: Path):
    made = overlaid(tmp_path, sources("short_audio"), SPANS)
    assert made.output.numbers == list(range(60))
    assert made.output.duration == Fraction(12, 5)
    check(made)


def test_overlay_of_a_video_whose_audio_is_longer_is_not_extended_and_has_no_frozen_tail(
    sources: Sources, tmp_path: Path
):
    made = overlaid(tmp_path, sources("long_audio"), SPANS)
    assert made.output.numbers == list(range(60))
    assert made.output.duration == Fraction(12, 5)
    assert made.output.sound_end < Fraction(12, 5) + Fraction(1024, 48_000)
    check(made)


@pytest.mark.parametrize("name", ["index_last", "fragmented", "mkv", "pcm"])
def test_in_any_deliverable_moov_precedes_mdat(name: str, sources: Sources, tmp_path: Path):
    source = sources(name)
    made = [overlaid(tmp_path, source, SPANS), *clips(tmp_path, source, SPANS), overlaid(tmp_path, source, [])]
    for rendering in made:
        names = box_names(rendering.output.path)
        assert names.index("moov") < names.index("mdat")


def test_draft_profile_output_is_moov_first_and_yuv420p_like_all_others(sources: Sources, tmp_path: Path):
    for name in ("closed", "h264_10_bit"):
        made = overlaid(tmp_path, sources(name), SPANS, quality="draft")
        assert made.output.look.pixel_format == "yuv420p"
        check(made)


def test_trim_on_a_clip_that_was_range_extracted_first_is_trimmed_once_not_twice(sources: Sources, tmp_path: Path):
    [clip] = clips(tmp_path, sources("closed"), [(0.4, 2.0)])
    world = FolderContext(tmp_path)
    request = {"input_key": world.put(clip.output.path), "output_key": "framed.mp4", "fps": "source"}
    size = {"output_width": 160, "output_height": 96}
    process_framing(request | size | {"segments_data": {"trim_start": 0.4, "trim_end": 1.2}}, world)
    assert clip.output.numbers == list(range(10, 50))
    assert Movie(tmp_path / "framed.mp4").numbers == list(range(20, 40))


def test_extract_of_two_neighbouring_ranges_has_no_frame_twice_and_none_lost(sources: Sources, tmp_path: Path):
    for name in ("closed", "variable_rate", "mkv"):
        first, second = clips(tmp_path, sources(name), [(0.3, 1.201), (1.201, 1.9)])
        numbers = first.output.numbers + second.output.numbers
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert len(numbers) == len(set(first.kept) | set(second.kept))


@pytest.mark.parametrize("name", ["pre_roll", "cut_by_ffmpeg"])
def test_stream_copied_range_with_pre_roll_has_the_visible_one_as_its_reported_duration(
    name: str, sources: Sources, tmp_path: Path
):
    source = sources(name)
    made = [overlaid(tmp_path, source, []), *clips(tmp_path, source, [(0, 9), (0.5, 1.5)])]
    for rendering in made:
        assert rendering.told["duration"] == pytest.approx(float(length(source, rendering.kept)), abs=0.001)
        every_picture_is_shown_once_at_its_time(rendering)


@pytest.mark.parametrize("name", ["ticks_of_90k", "mkv", "variable_rate", "variable_rate_90k"])
def test_overlay_of_a_30000_1001_or_variable_rate_source_has_every_output_timestamp_equal_to_its_source_timestamp(
    name: str, sources: Sources, tmp_path: Path
):
    made = overlaid(tmp_path, sources(name), SPANS)
    assert made.output.times == made.source.times


@pytest.mark.parametrize("name", ["bt601", "full_range"])
def test_bt601_or_full_range_source_has_its_colours_within_2_levels_and_tags_that_say_bt709_limited(
    name: str, sources: Sources, tmp_path: Path
):
    source = sources(name)
    fine = {"quality": "high"}
    made = [overlaid(tmp_path, source, SPANS, **fine), *clips(tmp_path, source, [(0.3, 0.9)], **fine)]
    for rendering in made:
        look = rendering.output.look
        assert (look.matrix, look.primaries, look.transfer, look.full_range) == (1, 1, 1, False)
        for picture, (index, rgb) in product(rendering.output.pictures, enumerate(PATCHES)):
            # Half a level of the mean is the encoder's.
            assert read_patch(picture, index, len(PATCHES)) == pytest.approx(Colour().levels(rgb), abs=2.5)


@pytest.mark.parametrize("transfer", [16, 18])
def test_pq_or_hlg_source_has_sdr_tags_a_warning_and_no_clipped_mid_tones(transfer: int, tmp_path: Path):
    model = PICTURE_STRUCTURES["x265_10_bit"]
    colour = Colour(BT2020, primaries=9, transfer=transfer)
    source = Movie(replace(model, recipe=replace(model.recipe, frames=24, colour=colour))(tmp_path / "hdr.mp4"))
    for made in (overlaid(tmp_path, source, [(0.3, 0.5)]), *clips(tmp_path, source, [(0.3, 0.9)])):
        look = made.output.look
        assert (look.pixel_format, look.matrix, look.primaries, look.transfer) == ("yuv420p", 1, 1, 1)
        assert "hdr_tonemapped" in [warning["code"] for warning in made.told["warnings"]]
        every_picture_is_shown_once_at_its_time(made)
        assert np.ptp(made.output.pictures[0].luma) > 40


@pytest.mark.parametrize("name", ["rotated_90", "wide_pixels"])
def test_phone_video_with_90_degree_rotation_metadata_is_drawn_on_where_the_displayed_picture_shows_it(
    name: str, sources: Sources, tmp_path: Path
):
    made = overlaid(tmp_path, sources(name), SPANS)
    assert made.output.pictures[0].displayed == made.source.pictures[0].displayed
    the_drawing_is_there_and_nowhere_else(made)
    assert [has_spot(picture) for picture in made.output.pictures].count(True) == len(made.changed)


def test_damaged_frames_in_the_middle_of_a_source_leave_full_length_and_a_warning_with_the_count(
    sources: Sources, tmp_path: Path
):
    whole = sources("no_b_frames")
    hurt = damaged(whole.path, tmp_path / "damaged.mp4", [LAST_OF_A_GROUP], kept=0.0)
    made = overlaid(tmp_path, replace(whole, path=hurt), [(0.6, 1.0)])
    assert made.output.times == whole.times
    assert [has_spot(picture) for picture in made.output.pictures].count(True) == 10
    warnings = {warning["code"]: warning for warning in made.told["warnings"]}
    assert warnings["frames_concealed"]["count"] == 1


# Beside the list


def test_late_sound_stays_late(sources: Sources, tmp_path: Path):
    made = [overlaid(tmp_path, sources("late_audio"), SPANS), *clips(tmp_path, sources("late_audio"), [(0.2, 2.0)])]
    for rendering in made:
        the_sound_is_the_sources_at_its_place(rendering)
        sound_and_picture_end_together(rendering)


def test_nothing_to_draw_is_a_copy_of_every_packet(sources: Sources, tmp_path: Path):
    source = sources("deep_b_frames")
    made = overlaid(tmp_path, source, [])
    assert [coded.slices for coded in made.output.coded] == [coded.slices for coded in source.coded]
    assert made.told["copied_ranges"] == [[0, 2.4]]
    check(made, PICTURE_LAWS)


def test_a_region_drawn_on_one_picture_is_seen_on_that_one_only(sources: Sources, tmp_path: Path):
    made = overlaid(tmp_path, sources("closed"), [(1.0, 1.04)])
    assert [has_spot(picture) for picture in made.output.pictures].index(True) == 25
    assert spot_levels(made.output.pictures[26])[2] == pytest.approx(128, abs=6)
    the_drawing_is_there_and_nowhere_else(made)
