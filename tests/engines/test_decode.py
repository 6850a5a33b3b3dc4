import gc
from fractions import Fraction
from io import BytesIO
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.damage import coded_ranges, cut_off, damaged
from tests.engines.drawing import picture_of
from tests.functions.truth import Truth
from tests.media_factory import VARIANTS, Recipe, make_video, read_frame_number
from tests.media_reading import pictures

from clipmill.engines.decode import PictureReader, Sighting
from clipmill.engines.layout import planes_of
from clipmill.engines.resample import samples
from clipmill.errors import CorruptMediaError

REORDERED = ("open_gop", "hevc_open_gop", "pre_roll", "vfr_b_frames", "mpeg_ts", "long_gop")
PLAIN = Recipe(size=(160, 90), frames=60, sound=None, gop=15)


def sightings(path: Path, times, media=None) -> list[Sighting]:
    return list(PictureReader(media or path, picture_of(path), 1).on_screen(times))


def luma(sight: Sighting) -> np.ndarray:
    return samples(planes_of(sight.picture.frame).frame, 0).copy()


def number(sight: Sighting, recipe: Recipe = PLAIN) -> int:
    shown = luma(sight)
    deep = 4 if shown.dtype == np.uint16 else 1
    return read_frame_number(np.rot90(shown // deep, -(recipe.rotation // 90)), recipe.displayed)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    return make_video(tmp_path_factory.mktemp("decode") / "plain.mp4", PLAIN)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_moment_deep_in_a_file_shows_what_decoding_from_the_start_shows(videos, name):
    truth = Truth(VARIANTS[name])
    moments = truth.pts[:: 7 if name in REORDERED else max(1, len(truth.pts) // 3)]
    for moment, reference in zip(moments, sightings(videos(name), moments), strict=True):
        (found,) = sightings(videos(name), [moment])
        assert found.picture.time == moment
        assert not found.stand_in
        assert np.array_equal(luma(found), luma(reference))


@pytest.mark.parametrize("name", ["cfr_25", "vfr", "ms_stamped_29_97", "pre_roll", "late_start", "open_gop"])
def test_between_two_pictures_the_earlier_one_is_on_screen(videos, name):
    truth = Truth(VARIANTS[name])
    moments = sorted(pts + offset for pts in truth.pts for offset in (Fraction(-1, 400), Fraction(0), Fraction(1, 400)))
    shown = [number(sight, truth.recipe) for sight in sightings(videos(name), moments)]
    assert shown == [truth.number_at(moment) for moment in moments]


def test_the_next_picture_is_known_until_the_last_one(plain):
    times = [Fraction(1), Fraction(1, 30) * 59, Fraction(100)]
    first, last, beyond = sightings(plain, times)
    assert first.following is not None
    assert first.following.time - first.picture.time == Fraction(1, 30)
    assert last.following is None
    assert beyond.picture is last.picture
    assert not beyond.stand_in


def test_a_picture_asked_for_again_is_not_decoded_again(plain):
    first, again = sightings(plain, [Fraction(1), Fraction(1)])
    assert first.picture is again.picture


def test_times_that_go_back_are_refused(plain):
    with pytest.raises(ValueError, match="decrease"):
        sightings(plain, [Fraction(1), Fraction(0)])


def test_no_time_opens_no_file(plain):
    assert list(PictureReader(Path("nowhere.mp4"), picture_of(plain), 1).on_screen([])) == []


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_reader_that_is_left_early_closes_the_file(plain):
    gc.collect()
    before = open_files()
    seen = PictureReader(plain, picture_of(plain), 1).on_screen(iter([Fraction(1), Fraction(2)]))
    next(seen)
    assert open_files() > before
    seen.close()
    assert open_files() == before


class Counted(BytesIO):
    """Bytes that know how many of them were read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.taken += len(block)
        return block


def test_a_moment_deep_in_a_file_is_reached_without_reading_what_lies_before(tmp_path):
    path = make_video(tmp_path / "long.mp4", Recipe(size=(320, 180), frames=450, sound=None, gop=30))
    media = Counted(path.read_bytes())
    (found,) = sightings(path, [Fraction(14)], media)
    assert number(found, Recipe(size=(320, 180))) == 420
    assert media.taken < path.stat().st_size / 2


def stand_ins(path: Path, count: int = 60) -> list[int]:
    return [k for k, sight in enumerate(sightings(path, [Fraction(k, 30) for k in range(count)])) if sight.stand_in]


def test_an_undamaged_file_needs_no_stand_in(plain):
    assert stand_ins(plain) == []


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_picture_that_cannot_be_decoded_is_replaced_by_the_last_good_one(tmp_path, codec):
    recipe = Recipe(size=(160, 90), frames=60, sound=None, gop=15, codec=codec)
    path = make_video(tmp_path / "whole.mp4", recipe)
    # The last one of its group: no other picture leans on it.
    sights = sightings(damaged(path, tmp_path / "hurt.mp4", [29], kept=0), [Fraction(k, 30) for k in range(60)])
    assert [k for k, sight in enumerate(sights) if sight.stand_in] == [29]
    assert [number(sight) for sight in sights] == [*range(29), 28, *range(30, 60)]


def test_a_first_picture_that_cannot_be_decoded_is_counted_too(tmp_path):
    path = make_video(tmp_path / "whole.mp4", Recipe(size=(160, 90), frames=60, sound=None, gop=1))
    assert stand_ins(damaged(path, tmp_path / "hurt.mp4", [0])) == [0]


def test_lost_pictures_are_counted_at_any_output_rate(tmp_path):
    path = make_video(tmp_path / "whole.mp4", Recipe(size=(160, 90), frames=60, sound=None, gop=1))
    hurt = damaged(path, tmp_path / "hurt.mp4", [30])
    at_60 = sightings(hurt, [Fraction(k, 60) for k in range(120)])
    assert [k for k, sight in enumerate(at_60) if sight.stand_in] == [60, 61]


def test_a_window_behind_the_damage_is_whole(tmp_path):
    path = make_video(tmp_path / "whole.mp4", Recipe(size=(160, 90), frames=60, sound=None, gop=15))
    hurt = damaged(path, tmp_path / "hurt.mp4", [10, 11, 12, 13, 14])
    sights = sightings(hurt, [Fraction(k, 30) for k in range(20, 60)])
    assert [number(sight) for sight in sights] == list(range(20, 60))
    assert not any(sight.stand_in for sight in sights)


def test_behind_the_end_of_a_file_that_was_cut_off_all_are_stand_ins(plain, tmp_path):
    ranges = coded_ranges(plain)
    position, size, _ = ranges[44]
    path = cut_off(plain, tmp_path / "cut.mp4", (position + size) / plain.stat().st_size)
    shown = sightings(path, [Fraction(k, 30) for k in range(60)])
    stand_in = [k for k, sight in enumerate(shown) if sight.stand_in]
    assert stand_in == list(range(45, 60))
    assert number(shown[-1]) == 44


def test_a_range_of_which_nothing_can_be_decoded_is_refused(plain, tmp_path):
    video = picture_of(plain)
    hurt = damaged(plain, tmp_path / "hurt.mp4", range(60), kept=0)
    with pytest.raises(CorruptMediaError):
        list(PictureReader(hurt, video, 1).on_screen([Fraction(0), Fraction(1)]))


# What is left out on the way to a moment


RUN_UP_STRUCTURES = (
    *("closed", "open", "deep_b_frames", "variable_rate", "many_references", "weighted", "mkv", "pre_roll"),
    *("x265_defaults", "x265_closed", "transport_stream_open"),
)


@pytest.mark.parametrize("name", RUN_UP_STRUCTURES)
def test_any_moment_shows_the_picture_that_plain_decoding_shows(structures, name):
    path = structures(name)
    plain = list(pictures(path))
    times = [picture.time - plain[0].time for picture in plain]
    tolerance = min(Fraction(1, 1000), 1 / (4 * picture_of(path).rate))

    @settings(max_examples=12, deadline=None)
    @given(st.fractions(0, times[-1] + 1, max_denominator=1000))
    def law(t):
        (found,) = sightings(path, [t])
        expected = max(place for place, time in enumerate(times) if time <= t + tolerance)
        assert found.picture.time == times[expected]
        assert not found.stand_in
        assert np.array_equal(luma(found), plain[expected].luma)

    law()


@pytest.mark.parametrize("name", ["deep_b_frames", "x265_defaults"])
def test_on_the_way_to_a_moment_pictures_that_no_other_leans_on_are_left_out(structures, name):
    path = structures(name)
    reader = PictureReader(path, picture_of(path), 1)
    asked = Fraction(39, 25)
    decoded = [picture.time for picture in takewhile(lambda picture: picture.time <= asked, reader._from(asked))]
    stored = sorted(picture.time for picture in pictures(path) if decoded[0] <= picture.time <= asked)
    assert decoded[-8:] == stored[-8:]
    assert set(decoded) < set(stored)
