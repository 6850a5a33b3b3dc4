"""A clip copies the groups inside it and re-encodes its ends, for every coding structure."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from tests.coded_factory import STRUCTURES, find_ffmpeg
from tests.smart.laws import check, the_ffmpeg_program_has_no_complaint
from tests.smart.movie import Movie
from tests.smart.rules import within
from tests.smart.trials import clips, cuts, for_examples

Sources = Callable[[str], Movie]


@pytest.mark.parametrize("name", STRUCTURES)
def test_neighbouring_clips_share_the_pictures_of_the_source_among_them(name: str, sources: Sources, tmp_path: Path):
    source = sources(name)
    for_examples(cuts(source), lambda edges: _check_neighbours(source, edges, tmp_path))


def _check_neighbours(source: Movie, edges: Sequence[float], folder: Path) -> None:
    made = clips(folder, source, list(pairwise(edges)))
    for clip in made:
        check(clip)
    if all(within(source, span) for span in pairwise(edges)):
        together = [number for clip in made for number in clip.output.numbers]
        assert together == [source.numbers[index] for index in sorted(within(source, (edges[0], edges[-1])))]


@pytest.mark.skipif(find_ffmpeg() is None, reason="needs the ffmpeg program")
@pytest.mark.parametrize("name", ["closed", "open", "deep_b_frames", "many_references", "baseline", "pre_roll"])
def test_another_decoder_plays_a_clip_without_a_complaint(name: str, sources: Sources, tmp_path: Path):
    for clip in clips(tmp_path, sources(name), [(0.3, 2.1)]):
        the_ffmpeg_program_has_no_complaint(clip)


def test_only_the_partial_groups_at_both_ends_are_encoded(sources: Sources, tmp_path: Path):
    [clip] = clips(tmp_path, sources("closed"), [(0.4, 2.0)])
    copied = [clip.is_copied(time) for time in clip.output.times]
    assert not copied[0]
    assert all(copied[2:38])
    check(clip)


def test_a_clip_of_whole_groups_is_copied_whole(sources: Sources, tmp_path: Path):
    [clip] = clips(tmp_path, sources("closed"), [(0.48, 1.92)])
    assert clip.copied_seconds == [pytest.approx((0.0, 1.44))]
    check(clip)


def test_a_clip_within_one_group_is_encoded(sources: Sources, tmp_path: Path):
    [clip] = clips(tmp_path, sources("closed"), [(0.52, 0.9)])
    assert clip.copied == []
    check(clip)


def test_a_range_shorter_than_a_picture_is_the_picture_on_screen(sources: Sources, tmp_path: Path):
    source = sources("closed")
    made = clips(tmp_path, source, [(0.81, 0.82), (1.21, 1.239)])
    assert [clip.output.numbers for clip in made] == [[20], [30]]


def test_an_end_beyond_the_source_is_its_end(sources: Sources, tmp_path: Path):
    [clip] = clips(tmp_path, sources("closed"), [(2.2, 99)])
    assert clip.output.numbers == [55, 56, 57, 58, 59]
    check(clip)
