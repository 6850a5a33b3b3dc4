from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from clipmill.engines.encoder_stretches import encoder_stretches, frames_about
from clipmill.engines.picture_times import PictureTimes
from clipmill.engines.probe import probe, require_video
from clipmill.media.copying import Copied, Encoded, Stretch

Videos = Callable[[str], Path]
HALF = Fraction(1, 2)


def times_of(path: Path) -> PictureTimes:
    return PictureTimes(path, require_video(probe(path)))


def cut(times: PictureTimes, *stretches: Stretch) -> tuple[Stretch, ...]:
    return encoder_stretches(times, stretches or (Encoded(times.first, times.end),), HALF)


@pytest.mark.parametrize("name", ["cfr_29_97", "cfr_25", "ms_stamped_29_97", "vfr", "vfr_b_frames", "b_frames"])
def test_cut_stretches_tile_the_whole_and_each_has_pictures(name: str, videos: Videos):
    times = times_of(videos(name))
    found = cut(times)
    assert len(found) > 2
    assert (found[0].start, found[-1].end) == (times.first, times.end)
    assert all(left.end == right.start for left, right in pairwise(found))
    assert all(list(times.shown(stretch.start, stretch.end)) for stretch in found)


@pytest.mark.parametrize("name", ["cfr_29_97", "cfr_25", "ms_stamped_29_97"])
def test_at_an_even_rate_every_stretch_but_the_last_has_the_same_frames(name: str, videos: Videos):
    times = times_of(videos(name))
    counts = [sum(1 for _ in times.shown(stretch.start, stretch.end)) for stretch in cut(times)]
    assert len(set(counts[:-1])) == 1
    assert counts[-1] <= counts[0]


def test_copied_stretches_stay_as_they_are(videos: Videos):
    times = times_of(videos("cfr_30"))
    middle = (times.first + times.end) // 2
    stretches = Copied(times.first, middle), Encoded(middle, times.end)
    found = cut(times, *stretches)
    assert found[0] == stretches[0]
    assert len(found) == 3


def test_a_short_stretch_is_not_cut(videos: Videos):
    times = times_of(videos("cfr_30"))
    stretch = Encoded(times.first, times.first + round(HALF / times.tick))
    assert cut(times, stretch) == (stretch,)


def test_a_stretch_is_counted_in_frames_of_the_average_rate(videos: Videos):
    times = times_of(videos("cfr_25"))
    assert frames_about(times, Encoded(times.first, times.end)) == 50
