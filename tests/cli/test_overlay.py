import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.recorders import CATALOGUE
from tests.cli.reels import FRAMES, source
from tests.cli.shell import clipmill, request_file
from tests.media_factory import frame_numbers

KEYS = [{"time": 0.5, "x": 160, "y": 90, "radius_x": 20, "radius_y": 30}]
OVERLAY = {"highlight_regions": [{"start_time": 0.5, "end_time": 1, "keyframes": KEYS}]}


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return source(tmp_path, "match.mp4")


def asked(folder: Path, overlay: Path, *arguments: object) -> dict[str, Any]:
    """The request that a command sent."""
    out = folder / "out.mp4"
    said = clipmill("overlay", folder / "match.mp4", overlay, "-o", out, *arguments, catalogue=CATALOGUE)
    assert said.code == 0, said.stderr
    assert said.stdout == f"{out}\n"
    return json.loads(out.read_text())


# What is asked for


def test_the_overlay_is_asked_for_as_it_stands_in_its_file(tmp_path: Path):
    request = asked(tmp_path, request_file(tmp_path, OVERLAY))
    assert request["highlight_regions"] == OVERLAY["highlight_regions"]
    assert request["input_key"] == f"files{tmp_path}/match.mp4"
    assert request["output_key"] == f"files{tmp_path}/out.mp4"


def test_any_field_of_the_request_can_be_set(tmp_path: Path):
    overlay = request_file(tmp_path, OVERLAY)
    request = asked(tmp_path, overlay, "--set", "highlight_regions.0.end_time=1.25")
    assert request["highlight_regions"][0]["end_time"] == 1.25


@pytest.mark.parametrize("name", ["text_layers", "textLayers"])
def test_images_of_layers_lie_beside_the_file(tmp_path: Path, name: str):
    (tmp_path / "sub").mkdir()
    layers = [{"key": "logos/a.png"}, {"key": "/b.png"}, {"png": "aGk="}, {"key": ""}, {"key": 3}, "text"]
    request = asked(tmp_path, request_file(tmp_path / "sub", {name: layers}))
    assert request["text_layers"] == [
        {"key": f"files{tmp_path}/sub/logos/a.png"},
        {"key": "files/b.png"},
        *layers[2:],
    ]


def test_the_overlay_may_come_from_stdin(tmp_path: Path):
    given = ("match.mp4", "-", "-o", tmp_path / "out.mp4", "--json")
    said = clipmill("overlay", *given, catalogue=CATALOGUE, stdin=json.dumps(OVERLAY))
    assert said.json["output"] == str(tmp_path / "out.mp4")


# What is refused


@pytest.mark.parametrize("text", ["{", "[]", '{"a": NaN}', ""])
def test_what_is_no_json_object_is_rejected(tmp_path: Path, video: Path, text: str):
    said = clipmill("overlay", video, request_file(tmp_path, text), "-o", tmp_path / "out.mp4", "--json")
    assert (said.code, said.json["code"]) == (3, "invalid_request")
    assert not (tmp_path / "out.mp4").exists()


def test_an_overlay_that_is_not_there_ends_with_4(tmp_path: Path, video: Path):
    said = clipmill("overlay", video, tmp_path / "none.json", "-o", tmp_path / "out.mp4")
    assert said.code == 4
    assert "none.json" in said.stderr


def test_an_output_over_the_video_is_refused(tmp_path: Path, video: Path):
    before = video.read_bytes()
    said = clipmill("overlay", video, request_file(tmp_path, OVERLAY), "-o", tmp_path / "sub/.." / video.name)
    assert said.code == 3
    assert video.read_bytes() == before


def test_no_overlay_and_no_output_are_usage_errors(tmp_path: Path, video: Path):
    assert clipmill("overlay", video, "-o", tmp_path / "out.mp4").code == 2
    assert clipmill("overlay", video, request_file(tmp_path, OVERLAY)).code == 2


# What is drawn


def test_an_overlay_keeps_every_frame(tmp_path: Path, video: Path):
    said = clipmill("overlay", video, request_file(tmp_path, OVERLAY), "-o", tmp_path / "out.mp4")
    assert said.stdout == f"{tmp_path / 'out.mp4'}\n"
    assert frame_numbers(tmp_path / "out.mp4") == list(range(FRAMES))


def test_a_misspelt_field_is_rejected_with_the_nearest_name(tmp_path: Path, video: Path):
    overlay = request_file(tmp_path, {"highlight_region": []})
    said = clipmill("overlay", video, overlay, "-o", tmp_path / "out.mp4", "--json")
    assert said.code == 3
    assert "did you mean highlight_regions?" in said.json["error"]
