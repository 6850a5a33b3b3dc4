"""An export that is killed at any point, started again, ends as if nothing had happened."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from tests.crash.export import CLIPS
from tests.media_factory import Recipe, Sound, make_video

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = Recipe(size=(640, 360), rate=Fraction(30), frames=300, sound=Sound())
    return make_video(tmp_path_factory.mktemp("crash") / "source.mp4", recipe)


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = workplace(source, tmp_path_factory.mktemp("undisturbed"))
    assert finished(started(folder))["result"]["cache"] == {"hits": 0, "misses": CLIPS}
    return pictures(folder)


def workplace(source: Path, folder: Path) -> Path:
    (folder / "store").mkdir()
    shutil.copy(source, folder / "store" / "source.mp4")
    return folder


def started(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.export", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(export: subprocess.Popen) -> dict:
    told, complaints = export.communicate(timeout=300)
    assert export.returncode == 0, complaints
    return json.loads(told)


def killed_at(export: subprocess.Popen, stage: str, progress: float) -> None:
    """Kill the export without warning once it has come so far."""
    for line in export.stderr:
        name, _, percent = line.partition(" ")
        if name == stage and float(percent) >= progress:
            break
    os.kill(export.pid, signal.SIGKILL)
    export.communicate(timeout=60)


def pictures(folder: Path) -> list[str]:
    """The digest of every decoded picture of the output."""
    with av.open(folder / "store" / "out" / "reel.mp4") as reel:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in reel.decode(video=0)]


def committed(folder: Path) -> dict[Path, int]:
    return {
        mark.parent: mark.parent.stat().st_mtime_ns for mark in (folder / "store" / "cache").glob("*/*/result.json")
    }


def unexpected(folder: Path) -> list[Path]:
    """Files that are neither the source, nor the output, nor parts of a committed step."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    known = {folder / "store" / "source.mp4", folder / "store" / "out" / "reel.mp4"}
    return [path for path in files if path not in known and path.parent not in committed(folder)]


@pytest.mark.parametrize(
    ("stage", "progress"),
    [("starting", 0), ("processing", 12), ("processing", 35), ("processing", 60), ("encoding", 80), ("encoding", 86)],
)
def test_a_killed_export_resumes_and_ends_like_an_undisturbed_one(
    source: Path, undisturbed: list[str], tmp_path: Path, stage: str, progress: float
):
    folder = workplace(source, tmp_path)
    killed_at(started(folder), stage, progress)
    assert not (folder / "store" / "out" / "reel.mp4").exists()
    before = committed(folder)

    result = finished(started(folder))["result"]

    assert result["cache"] == {"hits": len(before), "misses": CLIPS - len(before)}
    assert {step: time for step, time in committed(folder).items() if step in before} == before
    assert pictures(folder) == undisturbed
    assert unexpected(folder) == []


def test_an_export_that_was_killed_takes_its_children_with_it(source: Path, tmp_path: Path):
    folder = workplace(source, tmp_path)
    export = started(folder)
    killed_at(export, "processing", 20)
    remaining = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False)
    deadline = 100
    while remaining.stdout.split() and deadline:
        deadline -= 1
        remaining = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False)
    assert remaining.stdout.split() == []


def test_a_worker_that_is_killed_does_not_lose_the_export(source: Path, undisturbed: list[str], tmp_path: Path):
    folder = workplace(source, tmp_path)
    export = started(folder)
    for line in export.stderr:
        if line.startswith("processing") and float(line.split()[1]) >= 20:
            break
    workers = workers_below(export.pid)
    os.kill(workers[-1], signal.SIGKILL)
    told = finished(export)
    assert told["result"]["frames"] == len(undisturbed)
    assert pictures(folder) == undisturbed
    assert unexpected(folder) == []


def workers_below(process: int) -> list[int]:
    """Every descendant of a process, the deepest last."""
    found: list[int] = []
    below = [process]
    while below:
        asked = subprocess.run(["pgrep", "-P", ",".join(map(str, below))], capture_output=True, text=True, check=False)
        below = [int(number) for number in asked.stdout.split()]
        found += below
    return found
