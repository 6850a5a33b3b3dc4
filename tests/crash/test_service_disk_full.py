"""A disk that runs full at random writes, under the ledger, the store and the scratch at once."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.crash.served import EXTRACT, Served, framing_request, holds, reel_request, truth_of
from tests.workflows.clips import numbered

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a file system of its own")

RUNS = max(1, int(os.environ.get("CLIPMILL_CRASH_RUNS", "1")) // 10)
FULL = {"disk_full", "storage_write_failed", "storage_unavailable"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount, "-t", "tmpfs", "-o", "size=6m", "tmpfs", place]
    if mount is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a file system of its own takes the right to mount one")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def send(place: Served) -> None:
    place.submit("export_multi_clip", reel_request("reel"))
    place.submit("process_framing", framing_request("framed"))
    place.submit("extract_clips", EXTRACT)


def fill(path: Path, chance: random.Random) -> None:
    """Take all the room that is left, but perhaps a little."""
    with path.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(65536))
        file.truncate(max(0, file.tell() - chance.randrange(0, 400_000)))


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_full_disk_costs_no_job_its_end_and_leaves_nothing_half_done(seed: int, disk: Path, tmp_path: Path):
    chance = random.Random(seed)
    source = numbered(tmp_path / "source.mp4", frames=60)
    place = Served(source, disk)
    filler = disk / "filler"
    try:
        place.start()
        send(place)
        for _ in range(6):
            time.sleep(chance.uniform(0, 0.7))
            fill(filler, chance)
            time.sleep(chance.uniform(0, 0.7))
            filler.unlink()
        place.wait(place.ended)
        first = list(place.jobs)
        send(place)
        place.wait(place.ended)
        place.stop()
        truth = truth_of(place)
        assert holds(place, truth, FULL)
        again = [place.get(job) for job in place.jobs if job not in first]
        assert all(job.result for job in again), again
        # Truth is what the second, undisturbed jobs made; an output of the first under the same key was replaced.
        assert all(frames for outputs in truth.values() for frames in outputs)
    finally:
        place.kill()
