"""The test videos are what their names say."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from tests.coded_factory import PICTURE_STRUCTURES, STRUCTURES, signal
from tests.smart.movie import SOUND_RATE, Movie, complaints
from tests.smart.rules import can_be_copied

Sources = Callable[[str], Movie]
COPYABLE = {name for name, structure in PICTURE_STRUCTURES.items() if structure.recipe.codec == "libx264"} - {
    *("h264_10_bit", "full_range", "bt601", "rotated_90", "wide_pixels", "transport_stream", "transport_stream_open"),
}
MISSES_LEADING_PICTURES = "cut_by_ffmpeg_open"


def stored(movie: Movie) -> list[Any]:
    with av.open(str(movie.path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_shows_its_pictures_in_order(name: str, sources: Sources):
    source = sources(name)
    assert source.numbers == list(range(source.numbers[0], source.numbers[-1] + 1))
    assert source.times == sorted(set(source.times))
    assert name == MISSES_LEADING_PICTURES or complaints(source.path) == []


@pytest.mark.parametrize("name", ["closed", "aac_44100", "late_audio", "mkv", "transport_stream"])
def test_the_sound_is_where_the_picture_is(name: str, sources: Sources):
    source = sources(name)
    count = len(source.heard)
    middle = slice(count // 2, count // 2 + 4096)
    heard, expected = source.heard[middle], signal(np.arange(count) / SOUND_RATE)[middle]
    assert np.dot(heard, expected) / (np.linalg.norm(heard) * np.linalg.norm(expected)) > 0.95


def test_only_plain_h264_beside_its_parameter_sets_can_be_copied(sources: Sources):
    assert {name for name in PICTURE_STRUCTURES if can_be_copied(sources(name))} == COPYABLE


@pytest.mark.parametrize("name", ["open", "transport_stream_open", "x265_defaults"])
def test_an_open_group_begins_with_a_picture_that_others_are_shown_before(name: str, sources: Sources):
    coded = sources(name).coded
    assert any(key.is_key and after.time < key.time for key, after in pairwise(coded))
    assert sources(name).closed_groups == []


@pytest.mark.parametrize("name", ["closed", "x265_closed", "many_references", "mkv"])
def test_a_closed_group_is_shown_as_a_whole(name: str, sources: Sources):
    assert len(sources(name).closed_groups) == 5


def test_x264_as_it_is_by_default_has_long_groups(sources: Sources):
    assert [float(end) for _, end in sources("x264_defaults").closed_groups] == pytest.approx([250 / 30, 9])


def test_intra_only_video_has_nothing_but_key_frames(sources: Sources):
    assert all(coded.is_key for coded in sources("intra_only").coded)


def test_slices_share_a_picture(sources: Sources):
    assert {len(coded.slices) for coded in sources("many_slices").coded} == {3}


@pytest.mark.parametrize(
    ("name", "profile"),
    [("baseline", "Constrained Baseline"), ("main", "Main"), ("closed", "High"), ("x265_10_bit", "Main 10")],
)
def test_a_profile_is_the_one_asked_for(name: str, profile: str, sources: Sources):
    with av.open(str(sources(name).path)) as container:
        assert container.streams.video[0].profile == profile


@pytest.mark.parametrize(
    ("name", "ticks"),
    [("ticks_of_ms", 1000), ("ticks_of_90k", 90_000), ("ticks_of_12800", 12_800), ("rate_23_976", 24_000)],
)
def test_a_clock_counts_the_ticks_asked_for(name: str, ticks: int, sources: Sources):
    assert stored(sources(name))[0].time_base == Fraction(1, ticks)


@pytest.mark.parametrize("name", ["pre_roll", "cut_by_ffmpeg"])
def test_pre_roll_is_stored_and_hidden(name: str, sources: Sources):
    source = sources(name)
    assert len(stored(source)) > len(source.numbers)
    assert source.numbers[0] > 0
    assert min(coded.time for coded in source.coded) < 0


@pytest.mark.parametrize(
    ("name", "start"), [("late_start", Fraction(3, 2)), ("late_start_mkv", Fraction(3, 2)), ("closed", 0)]
)
def test_a_file_begins_when_asked(name: str, start: Fraction, sources: Sources):
    assert sources(name).start == start


def test_a_second_encode_brings_its_own_parameter_sets(sources: Sources):
    coded = sources("two_parameter_sets").coded
    assert coded[0].sequence_sets != coded[30].sequence_sets
    assert coded[30].sequence_sets


def test_a_second_sample_entry_describes_the_second_encode(sources: Sources):
    source = sources("two_sample_entries")
    assert source.look.entries == 2
    assert [packet.has_sidedata("new_extradata") for packet in stored(source)].index(True) == 30


@pytest.mark.parametrize(
    ("name", "codec"), [("mp3", "mp3"), ("opus", "opus"), ("pcm", "pcm_s16le"), ("closed", "aac"), ("silent", None)]
)
def test_sound_is_coded_as_asked(name: str, codec: str | None, sources: Sources):
    assert sources(name).sound_codec == codec


@pytest.mark.parametrize(
    ("name", "start", "end"), [("late_audio", 0.5, 2.4), ("short_audio", 0, 1.5), ("long_audio", 0, 3)]
)
def test_sound_begins_and_ends_when_asked(name: str, start: float, end: float, sources: Sources):
    loud = np.flatnonzero(np.abs(sources(name).heard) > 0.05) / SOUND_RATE
    assert (loud[0], loud[-1]) == pytest.approx((start, end), abs=0.02)
