"""Chromium plays the reel: every frame around the joints is the one the plan asks for."""

import base64
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.browser.chromium import find_chromium, watched
from tests.media_factory import Recipe, Sound, make_video, read_frame_number

from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.machine import Machine
from clipmill.runners.local.runner import LocalRunner
from clipmill.storage.folder import FolderStore
from clipmill.workflows.export_multi_clip import export_multi_clip

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")

SIZE = (640, 360)
OVERLAP = 10
CLIP_FRAMES = 45


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    recipe = Recipe(size=SIZE, rate=Fraction(30), frames=150, sound=Sound())
    make_video(folder / "source.mp4", recipe)
    clips = [
        {"source_key": "source.mp4", "name": f"Part {start}", "segments_data": {"trim_range": [start, start + 1.5]}}
        for start in (0, 1.5, 3)
    ]
    request = {
        "clips": clips,
        "transition": {"type": "dissolve", "duration": OVERLAP / 30},
        "output_key": "reel.mp4",
        "output_width": SIZE[0],
        "output_height": SIZE[1],
    }
    machine = Machine(FolderStore(folder), CATALOG, scratch_root=folder / "scratch")
    with LocalRunner(machine, 2) as runner:
        export_multi_clip(Job(new_job_id(), "export_multi_clip", request), machine, runner).value()
    return folder / "reel.mp4"


def expected_number(frame: int) -> int | None:
    """The source frame of an output frame; None under a dissolve."""
    step = CLIP_FRAMES - OVERLAP
    clip = min(frame // step, 2)
    inside = frame - clip * step
    if clip and inside < OVERLAP:
        return None
    return clip * CLIP_FRAMES + inside


def test_chromium_shows_every_frame_of_the_reel_at_its_time(reel: Path):
    total = 3 * CLIP_FRAMES - 2 * OVERLAP
    told = watched(reel, [(frame + 0.5) / 30 for frame in range(total)])
    assert (told["width"], told["height"]) == SIZE
    assert told["duration"] == pytest.approx(total / 30, abs=0.001)
    assert told["sound"]
    for frame, shown in enumerate(told["seen"]):
        luma = np.frombuffer(base64.b64decode(shown["luma"]), np.uint8).reshape(SIZE[1], SIZE[0])
        expected = expected_number(frame)
        if expected is not None:
            assert read_frame_number(luma, SIZE) == expected, f"output frame {frame}"


def test_chromium_plays_the_reel_through_without_going_back(reel: Path):
    played = watched(reel, [])["played"]
    assert played == sorted(played)
    assert played[-1] == pytest.approx((3 * CLIP_FRAMES - 2 * OVERLAP - 1) / 30, abs=0.1)
