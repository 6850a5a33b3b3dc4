"""Chromium plays the reel: every frame, above all those on both sides of each joint, is the one the plan asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from tests.browser.chromium import Watched, find_chromium, watch
from tests.media_factory import UnreadableError, read_frame_number
from tests.media_reading import Picture, pictures
from tests.workflows.clips import SOURCE, VIEW, flashing, numbers_to_see
from tests.workflows.exports import Shop, machine_in, request_for

from clipmill.media.transitions import Join, TransitionKind, plan_join
from clipmill.runners.local import LocalRunner

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")

KINDS = ["cut", "fade", "dissolve"]
FRAMES = 30
FLASH = 15
FIRSTS = (0, 1000, 2000)
OVERLAP_S = Fraction(1, 5)


@dataclass(frozen=True)
class Seen:
    """What Chromium told of a reel, its plan, and the frames that it was asked for, in that order."""

    told: Watched
    join: Join
    asked: list[int]
    decoded: list[Picture]
    """What libav shows of the same file."""

    def numbers(self) -> list[int | None]:
        return [_number(picture) for picture in self.told.pictures]


def _number(luma: np.ndarray) -> int | None:
    try:
        return read_frame_number(luma, SOURCE, VIEW)
    except UnreadableError:
        return None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Three sources that flash and beep in their middle."""
    folder = tmp_path_factory.mktemp("browser")
    machine = machine_in(folder)
    with LocalRunner(machine, 2) as runner:
        shop = Shop(folder, machine, runner)
        for first in FIRSTS:
            flashing(shop.path(f"{first}.mp4"), FLASH, FRAMES, first)
        yield shop


@pytest.fixture(scope="module", params=KINDS)
def seen(request: pytest.FixtureRequest, shop: Shop) -> Seen:
    """A reel of three clips as Chromium shows it: every frame forwards, then both sides of every joint backwards."""
    clips = [{"source_key": f"{first}.mp4"} for first in FIRSTS]
    look = {"output_width": 180, "output_height": 320, "quality": "standard"}
    transition = {"type": request.param, "duration": float(OVERLAP_S)}
    shop.export(request_for(*clips, transition=transition, **look)).outcome.value()
    join = plan_join(TransitionKind(request.param), OVERLAP_S, Fraction(30), [FRAMES] * 3, ["", "", ""])
    asked = [*range(join.total_frames), *reversed(_around_joints(join))]
    told = watch(shop.reel, [(frame + 0.5) / 30 for frame in asked])
    return Seen(told, join, asked, list(pictures(shop.reel)))


def _around_joints(join: Join) -> list[int]:
    """The two frames before and after every place where a copied stretch meets an encoded one, and both ends."""
    edges = sorted({0, *(span.start for span in join.spans), join.total_frames})
    return sorted({frame for edge in edges for frame in range(edge - 2, edge + 2) if 0 <= frame < join.total_frames})


def test_every_frame_is_shown_at_its_time_whichever_way_it_is_reached(seen: Seen):
    expected = numbers_to_see(seen.join, FIRSTS)
    shown = [(frame, number) for frame, number in zip(seen.asked, seen.numbers(), strict=True) if frame in expected]
    assert shown == [(frame, expected[frame]) for frame, _ in shown]
    assert {0, seen.join.total_frames - 1} <= {frame for frame, _ in shown}


def test_every_picture_looks_as_another_decoder_shows_it(seen: Seen):
    decoded = [(picture.luma.astype(float) - 16) * 255 / 219 for picture in seen.decoded]
    differences = [
        np.abs(shown - decoded[frame].clip(0, 255)).mean()
        for frame, shown in zip(seen.asked, seen.told.pictures, strict=True)
    ]
    assert max(differences) < 3


def test_size_and_duration_are_those_of_the_plan(seen: Seen):
    assert seen.told.size == (180, 320)
    assert seen.told.duration == pytest.approx(seen.join.total_frames / 30, abs=0.001)


def test_the_reel_plays_through_to_its_last_frame_and_never_goes_back(seen: Seen):
    played = seen.told.played
    assert played == sorted(played)
    assert played[-1] == pytest.approx((seen.join.total_frames - 1) / 30, abs=0.1)


def test_the_sound_is_heard_where_the_picture_flashes(seen: Seen):
    wave = np.abs(seen.told.wave)
    loud = np.flatnonzero(wave > 0.2)
    onsets = loud[np.diff(loud, prepend=-48000) > 4800] / 48000
    assert onsets == pytest.approx([(start + FLASH) / 30 for start in seen.join.starts], abs=1024 / 48000)
    assert len(wave) / 48000 == pytest.approx(seen.join.total_frames / 30, abs=0.05)
    assert seen.told.channels == 1
    assert seen.told.sound_bytes > 0
