"""What a test reads of runs: on the server, in files and among processes."""

import os
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from tests.runners.prefect.platform import START_S, Platform

LONG = pytest.mark.skipif(
    os.environ.get("CLIPMILL_PREFECT_LONG") != "1", reason="takes minutes; CLIPMILL_PREFECT_LONG=1 runs it"
)


def written(path: Path) -> str:
    """What a sample function writes down once it was begun, however long its worker takes to start."""
    deadline = time.monotonic() + START_S
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return path.read_text()


def run_of(handle: str) -> str:
    return handle.partition("/")[0]


def state_of(platform: Platform, handle: str) -> str:
    return platform.ask("GET", f"/flow_runs/{run_of(handle)}")["state"]["type"]


def in_places(platform: Platform) -> list[str]:
    """The queue of each run that has a place now."""
    state = {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}
    found: list[dict[str, Any]] = platform.ask("POST", "/flow_runs/filter", flow_runs={"state": state})
    return [each["work_queue_name"] for each in found]


def most_at_once(folder: Path, kind: str) -> int:
    """How many jobs of a kind were at work at the same time, by what they wrote down while they worked."""
    spans = [[float(moment) for moment in path.read_text().split()] for path in folder.glob(f"{kind}-*.span")]
    # At the same moment one ends before another begins.
    moves = sorted((moment, step) for span in spans for moment, step in zip(span, (1, -1), strict=True))
    return max(accumulate(step for _, step in moves), default=0)


def places(platform: Platform) -> list[dict[str, Any]]:
    """The places that the server keeps, whether or not their holders live."""
    asked = {"tags": {"all_": ["clipmill"]}}
    return platform.ask("POST", "/variables/filter", variables=asked)


def flow_process(child: int) -> int:
    """The process of the run that a child works for."""
    return int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
