import os
import subprocess
import sys

import pytest
from tests.docs.pages import ROOT

from clipmill.engines.probe import probe, require_video
from clipmill.media.geometry import Size

EXAMPLES = sorted(
    folder for folder in (ROOT / "examples").iterdir() if folder.is_dir() and folder.name != "__pycache__"
)
LONGEST = 40


def run(name, folder):
    """What an example prints when it is run in an empty folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    program = ROOT / "examples" / name / f"{name}.py"
    told = subprocess.run(
        [sys.executable, str(program), "made"], check=False, cwd=folder, env=environment, text=True, capture_output=True
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_is_short_and_named_like_its_program(folder):
    files = [file for file in folder.iterdir() if file.is_file()]
    assert sum(len(file.read_text().splitlines()) for file in files) <= LONGEST
    assert folder / f"{folder.name}.py" in files


def test_frame_a_clip_makes_a_vertical_video_of_the_whole_match(tmp_path):
    told = run("frame_a_clip", tmp_path)
    video = require_video(probe(tmp_path / "made" / "framed.mp4"))
    assert (video.displayed, video.frames) == (Size(360, 640), 120)
    assert "100.0 %" in told


def test_reel_from_json_joins_three_clips_under_two_dissolves(tmp_path):
    told = run("reel_from_json", tmp_path)
    info = probe(tmp_path / "made" / "reel.mp4")
    # 2 s, 4 s with a second at half speed, 2 s; two dissolves of half a second overlap.
    assert require_video(info).frames == (2 + 4 + 2 - 1) * 30
    assert [mark.title for mark in info.chapters] == ["Kick-off", "Save", "And again"]
    assert told.strip().endswith("reel.mp4")


def test_probe_and_plan_tells_the_clip_and_renders_nothing(tmp_path):
    told = run("probe_and_plan", tmp_path)
    assert '"frames": 120' in told
    assert '"crop_clamped"' in told
    assert [file.name for file in (tmp_path / "made").glob("*.mp4")] == ["small-match.mp4"]


def test_every_example_is_run():
    assert {folder.name for folder in EXAMPLES} == {"frame_a_clip", "reel_from_json", "probe_and_plan"}
