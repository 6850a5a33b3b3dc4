import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from tests.cli.shell import PROGRAM, PROGRAM_OF_SAMPLES, called, clipmill, on_a_terminal, started
from tests.jobs.sample_functions import CATALOGUE
from tests.media_factory import Recipe, make_video

COLOUR = "\x1b[3"
"""How a change of the foreground colour begins."""
WORKING = ("run", "fail_then_work", "--set", "output_key=out.mp4", "--set", "count=0")


def sample(*arguments: str):
    return clipmill("run", *arguments, catalogue=CATALOGUE)


def test_the_result_is_alone_on_stdout():
    said = sample("echo", "--set", "text=hello", "--json")
    assert said.json["text"] == "hello"
    assert said.stdout.count("\n") == 1


def test_a_failure_is_told_to_people_on_stderr_and_leaves_stdout_empty():
    said = sample("raise_typed", "--set", "text=codec")
    assert said.stdout == ""
    assert said.stderr == "unsupported_codec: the source is Sorenson Spark\n"


def test_a_failure_is_one_json_object_too_when_json_is_wanted():
    said = sample("raise_typed", "--set", "text=codec", "--json")
    assert said.json == {
        "status": "error",
        "error": "UnsupportedCodecError: the source is Sorenson Spark",
        "code": "unsupported_codec",
        "retryable": False,
        "details": {"codec": "svq1"},
    }
    assert "unsupported_codec" in said.stderr


def test_a_usage_error_is_one_json_object_too_when_json_is_wanted():
    said = clipmill("probe", "--json")
    assert (said.code, said.json["code"]) == (2, "usage")
    assert "clipmill probe --help" in said.json["error"]


def test_a_usage_error_names_the_nearest_option():
    assert "--request" in clipmill("run", "echo", "--requets", "x").stderr


def test_secrets_stay_out_of_both_streams():
    said = sample("raise_typed", "--json")
    assert said.json["code"] == "encoder_failed"
    assert "abc123" not in said.stdout + said.stderr
    assert "pw@" not in said.stdout + said.stderr


def test_a_bug_is_one_line_and_a_hint():
    said = sample("raise_unknown", "--set", "text=x")
    first, hint = said.stderr.splitlines()
    assert first.startswith("internal: KeyError: 'x'")
    assert "--debug" in hint


def test_a_bug_shows_its_traceback_when_asked_to():
    said = sample("raise_unknown", "--set", "text=x", "--debug")
    assert "Traceback" in said.stderr
    assert "_raise_unknown" in said.stderr


def test_progress_as_json_makes_every_line_of_stderr_an_event():
    said = sample("copy_none", "--progress", "json")
    assert said.lines[-1]["code"] == "unknown_job_type"
    events = clipmill(*WORKING, "--progress", "json", catalogue=CATALOGUE).lines
    assert [event["stage"] for event in events][-1] == "done"
    assert events[-1]["progress"] == 100
    assert all(before["seq"] < after["seq"] for before, after in pairwise(events))


def test_quiet_says_nothing_beside_the_result(tmp_path: Path):
    video = make_video(tmp_path / "a.mp4", Recipe(size=(64, 64), frames=3, sound=None))
    picture = tmp_path / "a.png"
    assert clipmill("frame", video, "-o", picture).stderr != ""
    assert clipmill("frame", video, "-o", picture, "--quiet").stderr == ""


def test_quiet_does_not_silence_an_error():
    assert "unknown_job_type" in sample("nothing", "--quiet").stderr


def test_a_terminal_gets_a_bar_that_is_wiped_away():
    code, shown = on_a_terminal(*WORKING, program=PROGRAM_OF_SAMPLES)
    assert code == 0
    assert "fail_then_work" in shown
    assert COLOUR in shown
    assert "\x1b[?25h" in shown


def test_no_color_takes_the_colours_from_the_bar():
    code, shown = on_a_terminal(*WORKING, program=PROGRAM_OF_SAMPLES, env={"NO_COLOR": "1"})
    assert code == 0
    assert "fail_then_work" in shown
    assert COLOUR not in shown


@pytest.mark.parametrize("option", [["--quiet"], ["--progress", "none"]])
def test_a_terminal_gets_no_bar_when_none_is_wanted(option: list[str]):
    code, shown = on_a_terminal(*WORKING, *option, program=PROGRAM_OF_SAMPLES)
    assert (code, shown) == (0, "")


def test_a_terminal_that_cannot_move_its_cursor_gets_no_bar():
    code, shown = on_a_terminal(*WORKING, program=PROGRAM_OF_SAMPLES, env={"TERM": "dumb"})
    assert (code, shown) == (0, "")


@pytest.mark.parametrize("kind", ["bar", "auto"])
def test_a_pipe_gets_no_bar_whatever_is_asked_for(kind: str):
    said = called(*WORKING, "--progress", kind, program=PROGRAM_OF_SAMPLES)
    assert (said.code, said.stderr) == (0, "")


def test_a_title_in_a_file_cannot_steer_the_terminal(tmp_path: Path):
    said = clipmill("probe", joined_with_title(tmp_path, "a\x1b[2Jb"))
    assert "a\\x1b[2Jb" in said.stdout
    assert "\x1b" not in said.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_result_that_does_not_fit_on_the_disk_is_no_success():
    with Path("/dev/full").open("w") as full:
        said = called("functions", "--json", stdout=full)
    assert said.code == 8
    assert said.stderr.startswith("disk_full:")
    assert "Traceback" not in said.stderr


def test_a_reader_that_goes_away_ends_the_command_without_a_word():
    reading, writing = os.pipe()
    os.close(reading)
    said = called("schema", "process_framing", stdout=writing)
    os.close(writing)
    assert (said.code, said.stderr) == (141, "")


def test_a_listener_that_goes_away_does_not_end_the_job():
    process = started(*WORKING, "--progress", "json", "--json", program=PROGRAM_OF_SAMPLES)
    assert process.stderr is not None
    assert process.stdout is not None
    process.stderr.close()
    assert json.loads(process.stdout.read())["status"] == "success"
    assert process.wait() == 0
    process.stdout.close()


def test_a_terminal_with_few_letters_gets_the_whole_result(tmp_path: Path):
    joined = joined_with_title(tmp_path, "Tör \u26bd")
    asked = [sys.executable, "-c", PROGRAM, "probe", joined]
    said = subprocess.run(asked, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, check=False)
    assert said.returncode == 0
    assert "Tör \\u26bd" in said.stdout.decode("latin-1")


def joined_with_title(folder: Path, title: str) -> Path:
    clips = [make_video(folder / f"{name}.mp4", Recipe(size=(64, 64), frames=10, sound=None)) for name in "ab"]
    assert clipmill("concat", *clips, "-o", folder / "joined.mp4", "--title", title).code == 0
    return folder / "joined.mp4"
