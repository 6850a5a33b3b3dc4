"""Services that are killed at any moment, with jobs in flight: every job still ends once, whole, and tidily.

``CLIPMILL_CRASH_RUNS=100`` asks for the long form.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.served import EXTRACT, PATIENCE_S, TENANT, Served, framing_request, holds, reel_request, truth_of
from tests.workflows.clips import numbered

from clipmill.jobs.ledger.states import State

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to find the processes")

RUNS = int(os.environ.get("CLIPMILL_CRASH_RUNS", "2"))
MOST_KILLS = 2
"""With a third one a job could lose all its attempts."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered(tmp_path_factory.mktemp("served") / "source.mp4", frames=60)


@pytest.fixture(scope="module")
def truth(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """What comes out when nobody is killed."""
    place = Served(source, tmp_path_factory.mktemp("undisturbed"))
    try:
        place.start()
        send(place)
        place.wait(place.ended)
        place.stop()
        truth = truth_of(place)
        assert holds(place, truth)
        assert all(place.get(job).attempt == 1 for job in place.jobs)
    finally:
        place.kill()
    return truth


@pytest.fixture
def place(source: Path, tmp_path: Path) -> Iterator[Served]:
    place = Served(source, tmp_path)
    yield place
    place.kill()


def send(place: Served) -> None:
    """A reel, a clip, and an extraction."""
    place.submit("export_multi_clip", reel_request("reel"))
    place.submit("process_framing", framing_request("framed"))
    place.submit("extract_clips", EXTRACT)


def test_a_job_that_kills_every_service_ends_when_its_attempts_are_used_up(source: Path, tmp_path: Path):
    place = Served(source, tmp_path, lease_s=0.5)
    try:
        order = tmp_path / "order"
        job = place.submit("kill_the_service", {"path": str(order)}, max_attempts=2)
        for _ in range(2):
            service = place.start()
            order.write_text(str(service.pid))
            assert service.wait(PATIENCE_S) == -signal.SIGKILL
            service.communicate()
        place.start()
        place.wait(place.ended)
        place.stop()
        assert (place.get(job).attempt, (place.get(job).failure or {})["code"]) == (2, "worker_lost")
        assert holds(place, {})
    finally:
        place.kill()


@pytest.mark.parametrize("seed", range(RUNS))
def test_every_job_ends_once_and_whole_whoever_is_killed_when(
    seed: int, place: Served, truth: dict[str, list[list[str]]]
):
    chance = random.Random(seed)
    service = place.start()
    send(place)
    cancelled = place.submit("render_for_ever", {})
    for _ in range(chance.randint(1, MOST_KILLS)):
        time.sleep(chance.uniform(0, 2))
        service = place.kill_someone(service, chance)
    time.sleep(chance.uniform(0, 1))
    place.ledger.request_cancel(TENANT, cancelled)
    place.wait(place.ended)
    place.stop()
    assert holds(place, truth)
    assert place.get(cancelled).state is State.CANCELLED
