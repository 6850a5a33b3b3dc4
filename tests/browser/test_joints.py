"""Chromium plays smart-rendered files: where copied packets meet new ones it shows every frame, in order, and hears no gap."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.browser.chromium import Watched, find_chromium, watch
from tests.media_factory import read_frame_number
from tests.smart.laws import Rendering, displacement
from tests.smart.movie import SOUND_RATE, Movie
from tests.smart.rules import Span, length
from tests.smart.trials import clips, overlaid

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")

REGIONS: list[Span] = [(0.6, 0.8), (1.5, 1.55)]
RANGE: Span = (0.3, 2.1)


def an_overlay(folder: Path, source: Movie) -> Rendering:
    return overlaid(folder, source, REGIONS)


def an_extract(folder: Path, source: Movie) -> Rendering:
    return clips(folder, source, [RANGE])[0]


CASES: list[tuple[str, Callable[[Path, Movie], Rendering]]] = [
    ("closed", an_overlay),
    ("closed", an_extract),
    ("deep_b_frames", an_overlay),
    ("variable_rate", an_extract),
    ("aac_44100_mono", an_extract),
]


@dataclass(frozen=True)
class Seen:
    """A rendering, and what Chromium told of it: every frame forwards, then those around the joints backwards."""

    made: Rendering
    asked: list[int]
    told: Watched


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[1].__name__}_of_{case[0]}")
def seen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, structures: Callable[[str], Path]
) -> Seen:
    name, render = request.param
    made = render(tmp_path_factory.mktemp("joints"), Movie(structures(name)))
    output = made.output
    asked = [*range(len(output.times)), *reversed(_around_joints(made))]
    # Chromium takes the decoding step for how long a picture lasts: at a variable rate only its beginning is certain.
    inside = min(after - before for before, after in pairwise(output.times)) / 2
    told = watch(output.path, [float(output.times[frame] + inside) for frame in asked])
    return Seen(made, asked, told)


def _around_joints(made: Rendering) -> list[int]:
    """The two frames before and after every place where a copied stretch meets an encoded one."""
    copied = [made.is_copied(time) for time in made.output.times]
    joints = [frame for frame in range(1, len(copied)) if copied[frame] != copied[frame - 1]]
    return sorted({near for frame in joints for near in range(frame - 2, frame + 2) if 0 <= near < len(copied)})


def test_there_are_joints_to_look_at(seen: Seen):
    assert len(seen.asked) > len(seen.made.kept)


def test_every_frame_is_shown_at_its_time_whichever_way_it_is_reached(seen: Seen):
    source = seen.made.source
    expected = [source.numbers[seen.made.kept[frame]] for frame in seen.asked]
    assert [read_frame_number(picture) for picture in seen.told.pictures] == expected


def test_every_picture_looks_as_another_decoder_shows_it(seen: Seen):
    decoded = [(picture.luma.astype(float) - 16) * 255 / 219 for picture in seen.made.output.pictures]
    # The left third may carry the red spot, whose luma is another after a round trip through clipped RGB.
    differences = [
        np.abs(shown - decoded[frame].clip(0, 255))[:, shown.shape[1] // 3 :].mean()
        for frame, shown in zip(seen.asked, seen.told.pictures, strict=True)
    ]
    assert max(differences) < 3


def test_the_file_lasts_as_long_as_its_pictures(seen: Seen):
    expected = float(length(seen.made.source, seen.made.kept))
    assert seen.told.duration == pytest.approx(expected, abs=0.025)


def test_it_plays_through_to_its_last_frame_and_never_goes_back(seen: Seen):
    played = seen.told.played
    assert played == sorted(played)
    assert played[-1] == pytest.approx(float(seen.made.output.times[-1]), abs=0.1)


def test_the_sound_is_heard_at_its_place_from_end_to_end(seen: Seen):
    wave, start = seen.told.wave, float(seen.made.start)
    times = np.arange(0.1, len(wave) / SOUND_RATE - 0.2, 0.25).tolist()
    apart = [displacement(seen.made.source.heard, wave, start, time) or 0 for time in times]
    assert max(map(abs, apart)) <= 1024
    assert max(apart) - min(apart) <= 1
