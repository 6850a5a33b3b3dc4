"""An export that is killed at any point, started again, ends as if nothing had happened."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.machines import lives, wait_until
from tests.workflows.clips import fingerprints, numbered
from tests.workflows.processes import below

from clipmill.storage.atomic import is_unfinished

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to find the processes")

ROOT = Path(__file__).resolve().parents[2]
CLIPS = 5
KILLED, INTERRUPTED = -signal.SIGKILL, -signal.SIGINT


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered(tmp_path_factory.mktemp("crash") / "source.mp4", frames=36 * CLIPS)


class Place:
    """A folder with a source and a request, where exports run, are killed and run again."""

    def __init__(self, source: Path, folder: Path, **request: Any) -> None:
        self.folder = folder
        self.reel = folder / "store" / "out" / "reel.mp4"
        (folder / "store").mkdir(parents=True)
        shutil.copyfile(source, folder / "store" / "source.mp4")
        clips = [
            {"source_key": "source.mp4", "segments_data": {"trim_range": [12 * n / 10, 12 * (n + 1) / 10]}}
            for n in range(CLIPS)
        ]
        size = {"output_width": 180, "output_height": 320, "quality": "draft", "encoder": "x264"}
        whole = {"clips": clips, "transition": {"type": "dissolve", "duration": 0.5}, "output_key": "out/reel.mp4"}
        self.ask(**whole | size | request)

    def ask(self, **request: Any) -> None:
        """Change the request."""
        path = self.folder / "request.json"
        path.write_text(json.dumps((json.loads(path.read_text()) if path.exists() else {}) | request))

    def start(self, *orders: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.crash.export", str(self.folder), *orders]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *orders: str) -> tuple[int, dict[str, Any]]:
        """How an export ended, and what it printed."""
        told, complaints = (export := self.start(*orders)).communicate(timeout=300)
        assert export.returncode in {0, KILLED}, complaints
        return export.returncode, json.loads(told or "{}")

    def finish(self) -> dict[str, Any]:
        """The result of an export that nobody disturbs."""
        return self.run()[1]["result"]

    def steps(self) -> dict[str, tuple[int, int]]:
        """The finished steps, and when each was written."""
        marks = (self.folder / "store" / "cache").glob("*/*/result.json")
        return {
            mark.parent.name: (mark.stat().st_mtime_ns, mark.with_name("output.mp4").stat().st_mtime_ns)
            for mark in marks
        }

    def litter(self) -> list[Path]:
        """Files that are neither the source, nor the reel, nor a finished step, nor half an object."""
        steps = self.steps()
        objects = {path for path in (self.folder / "store").rglob("*") if path.is_file()} - set(self.halves())
        known = {self.reel, self.folder / "store" / "source.mp4"}
        parts = {"result.json", "output.mp4"}
        rest = [path for path in objects if path not in known]
        scratch = list((self.folder / "scratch").glob("*"))
        return scratch + [path for path in rest if path.name not in parts or path.parent.name not in steps]

    def halves(self) -> list[Path]:
        """Objects that were being written when their writer was killed."""
        return [path for path in (self.folder / "store").rglob("*") if is_unfinished(path.name)]

    def processes_then(self) -> list[int]:
        """What ran below an export when it killed itself."""
        return json.loads((self.folder / "below.json").read_text())


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The frames of an export that nobody disturbed."""
    place = Place(source, tmp_path_factory.mktemp("undisturbed") / "place")
    assert place.finish()["cache"] == {"hits": 0, "misses": CLIPS}
    assert place.litter() == []
    return fingerprints(place.reel)


@pytest.fixture
def place(source: Path, tmp_path: Path) -> Place:
    return Place(source, tmp_path / "place")


def ends_like(place: Place, undisturbed: Sequence[str]) -> bool:
    """Whether the next export uses every finished step, gives the right frames and leaves nothing behind."""
    before = place.steps()
    result = place.finish()
    assert result["cache"] == {"hits": len(before), "misses": CLIPS - len(before)}
    assert {step: times for step, times in place.steps().items() if step in before} == before
    assert fingerprints(place.reel) == undisturbed
    assert place.litter() == []
    return True


POINTS = [("starting", 0), ("processing", 10), ("processing", 30), ("encoding", 80), ("publishing", 95)]


@pytest.mark.parametrize(("stage", "percent"), POINTS)
def test_a_killed_export_resumes_and_ends_like_an_undisturbed_one(
    stage: str, percent: int, place: Place, undisturbed: list[str]
):
    assert place.run("--at", stage, str(percent))[0] == KILLED
    assert place.reel.exists() == (stage == "publishing")
    processes = place.processes_then()
    assert processes
    wait_until(lambda: not any(map(lives, processes)))
    assert ends_like(place, undisturbed)


def test_an_export_that_is_killed_again_and_again_still_ends_well(place: Place, undisturbed: list[str]):
    chance = random.Random(7)
    for _ in range(4):
        export = place.start()
        assert export.stderr is not None
        for _line in zip(range(chance.randrange(1, 8)), export.stderr, strict=False):
            pass
        export.kill()
        export.communicate(timeout=60)
    assert ends_like(place, undisturbed)


# An undisturbed export names the output and the mark of each clip, then the reel.
NAMES = 2 * CLIPS + 1


@pytest.mark.parametrize("number", [1, NAMES])
def test_a_kill_just_after_an_object_got_its_name_loses_nothing(number: int, place: Place, undisturbed: list[str]):
    assert place.run("--rename", str(number), "after")[0] == KILLED
    assert place.reel.exists() == (number == NAMES)
    assert ends_like(place, undisturbed)


@pytest.mark.parametrize("number", [1, NAMES])
def test_a_kill_just_before_an_object_gets_its_name_leaves_nothing(number: int, place: Place, undisturbed: list[str]):
    assert place.run("--rename", str(number), "before")[0] == KILLED
    assert place.halves()
    assert not place.reel.exists()
    assert ends_like(place, undisturbed)
    assert place.halves() == []


def test_the_reel_of_before_stays_when_a_new_export_is_killed(place: Place, undisturbed: list[str]):
    place.finish()
    place.ask(transition={"type": "fade", "duration": 0.5})
    assert place.run("--at", "encoding", "80")[0] == KILLED
    assert fingerprints(place.reel) == undisturbed


def test_a_worker_that_is_killed_does_not_lose_the_export(place: Place, undisturbed: list[str]):
    export = place.start()
    assert export.stderr is not None
    for line in export.stderr:
        if line.startswith("processing") and (workers := below(export.pid)[1:]):
            os.kill(workers[0], signal.SIGKILL)
            break
    told, _ = export.communicate(timeout=300)
    assert json.loads(told)["result"]["frames"] == len(undisturbed)
    assert fingerprints(place.reel) == undisturbed
    assert place.litter() == []


def test_an_export_whose_warm_process_is_killed_goes_on(place: Place, undisturbed: list[str]):
    export = place.start()
    assert export.stderr is not None
    for line in export.stderr:
        if line.startswith("processing"):
            os.kill(below(export.pid)[0], signal.SIGKILL)
            break
    told, _ = export.communicate(timeout=300)
    assert json.loads(told)["result"]["frames"] == len(undisturbed)
    assert fingerprints(place.reel) == undisturbed
    assert place.litter() == []


@pytest.mark.parametrize(("stage", "percent"), [("processing", 10), ("encoding", 80)])
def test_an_export_that_is_interrupted_stops_at_once_and_tidies_up(
    stage: str, percent: float, source: Path, tmp_path: Path
):
    place = Place(source, tmp_path / "place", output_width=540, output_height=960, quality="high")
    export = place.start()
    assert export.stderr is not None
    for line in export.stderr:
        if line.startswith(stage) and float(line.split()[1]) > percent:
            break
    processes = below(export.pid)
    export.send_signal(signal.SIGINT)
    told, complaints = export.communicate(timeout=60)
    assert (export.returncode, told) == (INTERRUPTED, ""), complaints
    assert complaints.endswith("KeyboardInterrupt\n")
    assert not any(map(lives, processes))
    assert not place.reel.exists()
    assert place.litter() == []
    if stage != "encoding":
        assert len(place.steps()) < CLIPS
