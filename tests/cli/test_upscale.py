from pathlib import Path

import pytest
from tests.cli.shell import clipmill
from tests.media_factory import Recipe, make_video

from clipmill.engines.upscale.store import SETTING


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "small.mp4", Recipe(frames=5))


def test_a_video_is_enlarged_by_weights_of_the_folder_of_models(video: Path, monkeypatch: pytest.MonkeyPatch):
    nets = pytest.importorskip("tests.engines.upscale.nets")
    folder = video.parent / "models"
    folder.mkdir()
    weights = nets.saved(nets.compact(), folder / "mine.pth")
    monkeypatch.setenv(SETTING, str(folder))
    chosen = ("--set", "upscale_weights.path=mine.pth", "--set", f"upscale_weights.sha256={weights['sha256']}")
    said = clipmill("upscale", video, "-o", video.parent / "large.mp4", "--width", 320, *chosen, "--json")
    assert said.code == 0, said.stderr
    assert (said.json["width"], said.json["height"], said.json["frames"]) == (320, 180, 5)
    assert said.json["upscale"]["used"] == "realesr-general-x4v3"


def test_missing_weights_end_with_the_way_to_get_them(video: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SETTING, str(video.parent / "models"))
    said = clipmill("upscale", video, "-o", video.parent / "large.mp4")
    assert said.code == 3
    assert "clipmill models fetch realesr-general-x4v3" in said.stderr


def test_the_video_itself_is_no_output(video: Path):
    assert clipmill("upscale", video, "-o", video).code == 3
