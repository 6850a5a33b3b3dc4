import json
from functools import partial
from pathlib import Path

import pytest
from tests.cli.reels import source
from tests.cli.shell import clipmill
from tests.jobs.machines import nothing_left

from clipmill.cli.samples import match_film

SMALL = ("--set", "output_width=90", "--set", "output_height=160", "--set", "quality=draft")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def small_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """The match of the demo in a smaller picture, with fewer of them."""
    for name in ("draw_match", "match_truth"):
        monkeypatch.setattr(match_film, name, partial(getattr(match_film, name), size=(320, 180), rate=10))


@pytest.mark.usefixtures("small_match")
def test_the_demo_needs_nothing_and_can_be_edited_and_run_again(drawn: Path, tmp_path: Path):
    asked = ("demo", "-o", drawn, "--json", *SMALL, "--set", "fps=10")
    said = clipmill(*asked)
    assert said.code == 0
    found = said.json
    assert (found["frames"], found["audio"], found["width"]) == (150, "encoded", 90)
    assert [mark["title"] for mark in found["chapters"]] == ["Kick-off", "Great save", "Goal!"]
    assert found["output"] == str(drawn / "reel.mp4")
    assert {path.name for path in drawn.iterdir()} == {"match.mp4", "reel.json", "reel.mp4", "reel.vtt"}
    assert nothing_left(tmp_path)

    film = (drawn / "match.mp4").stat()
    again = clipmill(*asked).json
    assert again["cache"] == {"hits": 3, "misses": 0}
    assert (drawn / "match.mp4").stat().st_mtime_ns == film.st_mtime_ns

    edited = clipmill("reel", drawn / "reel.json", "--set", "clips.0.name=The beginning", "--json").json
    assert edited["cache"] == {"hits": 3, "misses": 0}
    assert edited["chapters"][0]["title"] == "The beginning"


def test_the_chapters_are_written_as_webvtt(tmp_path: Path):
    video = source(tmp_path, "mine.mp4", frames=180)
    found = clipmill("demo", "--input", video, "-o", tmp_path / "out", "--json", *SMALL).json
    cues = (tmp_path / "out/reel.vtt").read_text()
    assert cues.startswith("WEBVTT\n")
    assert [mark["title"] in cues for mark in found["chapters"]] == [True] * 3


def test_a_file_of_ones_own_becomes_a_reel_with_a_slow_part(tmp_path: Path):
    video = source(tmp_path, "mine.mp4", frames=180)
    said = clipmill("demo", "--input", video, "-o", tmp_path / "out", *SMALL)
    assert said.code == 0
    assert said.stdout == f"{tmp_path / 'out/reel.mp4'}\n"
    # Three windows of 2 s, one second of them at half speed, two dissolves of half a second.
    assert f"{(3 * 2 + 1 - 1) * 30} frames" in said.stderr
    assert "copied" in said.stderr
    written = json.loads((tmp_path / "out/reel.json").read_text())
    assert written["clips"][0]["source_key"] == str(video)


def test_a_short_file_becomes_a_single_clip(tmp_path: Path):
    video = source(tmp_path, "mine.mp4", frames=20)
    found = clipmill("demo", "--input", video, "-o", tmp_path / "out", "--json", *SMALL).json
    assert (found["frames"], found["chapters"]) == (20, [])


def test_what_is_no_video_is_rejected_and_nothing_is_written(tmp_path: Path):
    (tmp_path / "mine.mp4").write_text("no video at all " * 100)
    assert clipmill("demo", "--input", tmp_path / "mine.mp4", "-o", tmp_path / "out").code == 3
    assert clipmill("demo", "--input", tmp_path / "none.mp4", "-o", tmp_path / "out").code == 4
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "out").write_text("a file")
    video = source(tmp_path, "mine.mp4", frames=20)
    said = clipmill("demo", "--input", video, "-o", tmp_path / "out", "--json")
    assert (said.code, said.json["code"]) == (4, "access_denied")
