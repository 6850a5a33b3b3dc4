from pathlib import Path

import av
import numpy as np
import pytest
from tests.cli.reels import source
from tests.cli.shell import clipmill, request_file
from tests.media_factory import read_frame_number
from tests.workflows.clips import SOURCE, VIEW


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return source(tmp_path, "a.mp4", sound=None)


def picture(path: Path) -> np.ndarray:
    """The luma of a PNG."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name == "rgb24"
        return frame.to_ndarray(format="gray").astype(float)


def test_the_whole_picture_is_drawn_in_its_own_size(tmp_path: Path, video: Path):
    said = clipmill("frame", video, "-t", "0.5", "-o", tmp_path / "out.png", "--json")
    assert said.json["frame"] == 15
    drawn = picture(tmp_path / "out.png")
    assert drawn.shape == (180, 320)
    assert read_frame_number(drawn, SOURCE) == 15


def test_a_crop_is_drawn_in_its_own_size(tmp_path: Path, video: Path):
    clipmill("frame", video, "-t", "1", "-o", tmp_path / "whole.png")
    clipmill("frame", video, "-t", "1", "--crop", "100,20,80,60", "-o", tmp_path / "out.png")
    drawn, whole = picture(tmp_path / "out.png"), picture(tmp_path / "whole.png")
    assert drawn.shape == (60, 80)
    assert np.abs(drawn - whole[20:80, 100:180]).mean() < 1


def test_a_size_is_filled(tmp_path: Path, video: Path):
    clipmill("frame", video, "-t", "1", "--size", "90x160", "-o", tmp_path / "out.png")
    drawn = picture(tmp_path / "out.png")
    assert drawn.shape == (160, 90)
    assert read_frame_number(drawn, SOURCE, VIEW) == 30


def test_a_request_says_how_the_clip_is_framed(tmp_path: Path, video: Path):
    framing = {"source_start_time": 0.5, "segments_data": {"segments": [{"start": 0, "end": 1, "speed": 0.5}]}}
    request = request_file(tmp_path, framing)
    asked = ("--request", request, "-t", "1", "--size", "90x160", "-o", tmp_path / "out.png", "--json")
    assert clipmill("frame", video, *asked).json["source_time"] == 1.0
    assert read_frame_number(picture(tmp_path / "out.png"), SOURCE, VIEW) == 30


@pytest.mark.parametrize(
    "asked",
    [
        ("--crop", "1,2,3"),
        ("--crop", "a,b,c,d"),
        ("--size", "90"),
        ("--size", "9.5x16"),
        ("--crop", "0,0,9,9", "--request", "-"),
    ],
)
def test_options_that_cannot_be_meant_are_usage_errors(tmp_path: Path, video: Path, asked: tuple[str, ...]):
    assert clipmill("frame", video, "-o", tmp_path / "out.png", *asked).code == 2


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("-t", "60"), "empty_range"),
        (("-t", "-1"), "invalid_request"),
        (("-t", "nan"), "invalid_request"),
        (("--size", "91x160"), "invalid_size"),
        (("--crop", "0,0,0,60", "--size", "90x160"), "invalid_keyframe"),
    ],
)
def test_what_cannot_be_drawn_is_rejected(tmp_path: Path, video: Path, asked: tuple[str, ...], code: str):
    said = clipmill("frame", video, "-o", tmp_path / "out.png", "--json", *asked)
    assert (said.code, said.json["code"]) == (3, code)
    assert not (tmp_path / "out.png").exists()


def test_a_video_that_is_not_there_ends_with_4(tmp_path: Path):
    assert clipmill("frame", tmp_path / "none.mp4", "-o", tmp_path / "out.png").code == 4
