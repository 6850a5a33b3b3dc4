from pathlib import Path

import pytest
from tests.cli.shell import Said, clipmill, request_file
from tests.jobs.machines import nothing_left
from tests.workflows.clips import REEL, numbered, seen

FRAMES = 90


def said(tmp_path: Path, *arguments: object, function: str = "process_framing") -> Said:
    """What is said of framing a source of three seconds, in stretches that last twenty."""
    if not (tmp_path / "store/a.mp4").exists():
        (tmp_path / "store").mkdir(exist_ok=True)
        numbered(tmp_path / "store/a.mp4", 0, FRAMES)
    request = request_file(tmp_path, REEL | {"input_key": "a.mp4", "output_key": "b.mp4"})
    return clipmill("run", function, "--request", request, "--json", *arguments)


def test_a_call_is_rendered_in_parts(tmp_path: Path):
    told = said(tmp_path, "--parts", 2)
    assert (told.code, told.json["frames"]) == (0, FRAMES)
    assert told.json["cache"] == {"hits": 0, "misses": 1}
    assert seen(tmp_path / "store/b.mp4") == list(range(FRAMES))
    assert nothing_left(tmp_path)


def test_auto_runs_a_short_output_whole(tmp_path: Path):
    told = said(tmp_path, "--parts", "auto")
    assert (told.code, told.json["cache"]) == (0, {"hits": 0, "misses": 0})
    assert seen(tmp_path / "store/b.mp4") == list(range(FRAMES))


def test_auto_shares_a_long_output_out(tmp_path: Path):
    slow = 'segments_data={"segments":[{"start":0,"end":3,"speed":0.1}]}'
    tiny = ("--set", "output_width=32", "--set", "output_height=32", "--set", "fps=5")
    told = said(tmp_path, "--parts", "auto", "--set", slow, *tiny)
    assert (told.code, told.json["frames"]) == (0, 30 * 5)
    assert told.json["cache"]["misses"] > 0


@pytest.mark.parametrize("parts", ["auto", 2])
def test_a_function_that_cannot_be_split_is_a_typed_error(parts: object, tmp_path: Path):
    told = said(tmp_path, "--parts", parts, function="concatenate_clips")
    assert (told.code, told.json["code"]) == (3, "invalid_request")
    assert "cannot be rendered in parts" in told.json["error"]


@pytest.mark.parametrize("parts", ["0", "-1", "many", "1.5"])
def test_a_number_that_makes_no_sense_is_a_usage_error(parts: str, tmp_path: Path):
    assert said(tmp_path, f"--parts={parts}").code == 2
