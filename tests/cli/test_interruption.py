"""Ctrl-C on a real process."""

import json
import signal
import subprocess
from pathlib import Path

from tests.cli.reels import FRAMES, reel, source
from tests.cli.shell import PROGRAM_OF_SAMPLES, Said, clipmill, finished, started
from tests.jobs.machines import lives, nothing_left, pid_in, wait_until
from tests.workflows.clips import seen


def working(tmp_path: Path, function: str, *arguments: str) -> tuple[subprocess.Popen[str], int]:
    """A job under way, and the process that carries it out."""
    asked = ("run", function, "--set", f"path={tmp_path / 'pid'}", *arguments)
    process = started(*asked, program=PROGRAM_OF_SAMPLES)
    return process, pid_in(tmp_path / "pid")


def interrupted(process: subprocess.Popen[str]) -> Said:
    process.send_signal(signal.SIGINT)
    return finished(process)


def test_once_cancels_and_cleans_up(tmp_path: Path):
    process, child = working(tmp_path, "render_for_ever")
    said = interrupted(process)
    assert said.code == 130
    assert not lives(child)
    assert nothing_left(tmp_path)
    assert said.stdout == ""
    assert "Stopping. Ctrl-C once more ends at once." in said.stderr
    assert said.stderr.splitlines()[-1].startswith("cancelled: interrupted by Ctrl-C.")


def test_once_ends_a_job_that_does_not_listen(tmp_path: Path):
    process, child = working(tmp_path, "hang")
    assert interrupted(process).code == 130
    assert not lives(child)


def test_an_interruption_is_one_json_object_too(tmp_path: Path):
    process, _ = working(tmp_path, "render_for_ever", "--json")
    said = interrupted(process)
    assert (said.code, said.json["code"]) == (130, "cancelled")


def test_an_interruption_keeps_the_lines_of_progress_readable(tmp_path: Path):
    process, _ = working(tmp_path, "render_for_ever", "--progress", "json")
    lines = interrupted(process).lines
    assert lines[-1]["code"] == "cancelled"
    assert lines[-2]["stage"] == "cancelled"


def test_twice_ends_at_once(tmp_path: Path):
    process, child = working(tmp_path, "hang")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    wait_until(lambda: "Stopping" in process.stderr.readline())
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    wait_until(lambda: not lives(child))
    process.communicate()


def test_a_polite_request_to_end_cancels_too(tmp_path: Path):
    process, child = working(tmp_path, "render_for_ever")
    process.send_signal(signal.SIGTERM)
    said = finished(process)
    assert said.code == 9
    assert not lives(child)
    assert nothing_left(tmp_path)


def test_an_interrupted_reel_keeps_its_finished_clips(tmp_path: Path):
    written = endless_reel(tmp_path)
    process = started("reel", written, "--progress", "json")
    wait_until(lambda: list((tmp_path / "store/cache").rglob("result.json")))
    assert interrupted(process).code == 130
    assert not (tmp_path / "reel.mp4").exists()
    assert nothing_left(tmp_path)

    shortened = clipmill("reel", written, "--set", "clips.1.segments_data=null", "--json")
    assert shortened.json["cache"] == {"hits": 1, "misses": 1}
    assert seen(tmp_path / "reel.mp4") == [*range(FRAMES), *range(100, 100 + FRAMES)]


def test_an_interrupted_drawing_leaves_nothing(tmp_path: Path):
    process = started("demo", "-o", tmp_path / "out", "--progress", "json")
    assert process.stderr is not None
    wait_until(lambda: json.loads(process.stderr.readline())["frames_done"])
    assert interrupted(process).code == 130
    assert not (tmp_path / "out").exists()
    assert nothing_left(tmp_path)


def endless_reel(tmp_path: Path) -> Path:
    """A reel whose second clip is slowed down so far that it takes long to render."""
    written = reel(tmp_path)
    document = json.loads(written.read_text())
    document["clips"][1]["segments_data"] = {"segments": [{"start": 0, "end": 1.5, "speed": 0.05}]}
    document["clips"][1] |= {"motion": "blend"}
    source(tmp_path / "footage", "b.mp4", 100)
    written.write_text(json.dumps(document | {"output_width": 1080, "output_height": 1920}))
    return written


def test_a_command_without_a_job_is_interrupted_without_a_traceback(tmp_path: Path):
    pipe = tmp_path / "request.json"
    subprocess.run(["mkfifo", pipe], check=True)
    process = started("run", "echo", "--request", pipe)
    with pipe.open("wb"):
        # It opens only once the other end reads, and says nothing then.
        said = interrupted(process)
    assert said.code == 130
    assert "Traceback" not in said.stderr
