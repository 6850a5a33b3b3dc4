"""A service that is paused until another one has taken its jobs over, and wakes up again."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.served import Served, holds
from tests.workflows.clips import numbered

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to find the processes")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Served]:
    source = numbered(tmp_path / "source.mp4", frames=5)
    place = Served(source, tmp_path / "place", lease_s=1.0)
    yield place
    place.kill()


def waiting(notes: Path) -> set[str]:
    return {path.stem for path in notes.glob("*.waits")}


def test_a_service_that_lost_its_lease_while_it_was_paused_publishes_nothing(place: Served, tmp_path: Path):
    notes = tmp_path / "notes"
    notes.mkdir()
    paused = place.start()
    job = place.submit("publish_when_told", {"path": str(notes), "output_key": "out.mp4"})
    place.wait(lambda: waiting(notes))
    (old,) = waiting(notes)
    place.pause(paused)
    place.start()
    place.wait(lambda: len(waiting(notes)) == 2)
    (new,) = waiting(notes) - {old}
    (notes / "go").touch()
    place.wait(place.ended)
    # The old worker has done its work, and only waits for the paused service to take it.
    place.wait((notes / f"{old}.offers").exists)
    paused.send_signal(signal.SIGCONT)
    place.wait(lambda: "not ours" in (place.folder / "log.txt").read_text())
    time.sleep(0.2)
    place.stop()
    assert (place.objects / "out.mp4").read_text() == new
    assert place.get(job).attempt == 2
    assert holds(place, {})


def test_a_worker_that_is_paused_longer_than_a_lease_keeps_its_job(place: Served, tmp_path: Path):
    notes = tmp_path / "notes"
    notes.mkdir()
    place.start()
    job = place.submit("publish_when_told", {"path": str(notes), "output_key": "out.mp4"})
    place.wait(lambda: waiting(notes))
    (worker,) = waiting(notes)
    place.start()
    os.kill(int(worker), signal.SIGSTOP)
    time.sleep(2 * place.lease_s)
    os.kill(int(worker), signal.SIGCONT)
    (notes / "go").touch()
    place.wait(place.ended)
    place.stop()
    assert (place.objects / "out.mp4").read_text() == worker
    assert place.get(job).lease_token == 1
    assert holds(place, {})
