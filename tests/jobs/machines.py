"""A machine for tests: the sample functions, a store of their own, and patience measured in seconds."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.jobs.sample_functions import CATALOGUE

from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.limits import Limits
from clipmill.jobs.machine import Machine
from clipmill.storage.open import open_store
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import Store

DEADLINE_S = 120.0
"""Only what never happens takes so long; a busy machine may need a good part of it."""


def folder_store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), {})


def remote_store() -> Store:
    """A store without files: all reading and writing goes through the broker."""
    return open_store("memory://", {})


def machine(tmp_path: Path, store: Store | None = None, **changes: Any) -> Machine:
    values: dict[str, Any] = {
        "store": store or folder_store(tmp_path),
        "catalogue": CATALOGUE,
        "scratch_root": tmp_path / "scratch",
        "retry": RetryPolicy(pauses_s=(0.0, 0.0)),
        "environment": os.environ,
    }
    return Machine(**(values | changes))


def limits(**changes: Any) -> Limits:
    return Limits(**({"grace_s": 0.5} | changes))


def job(function: str, tenant: str = "team", job_id: str | None = None, **request: Any) -> Job:
    return Job(job_id or new_job_id(), function, request, tenant)


def wait_until(condition: Callable[[], object], within_s: float = DEADLINE_S) -> None:
    """Wait for something that is bound to happen."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process still runs; a zombie that its parent has not collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def pid_in(path: Path) -> int:
    """The process id that a sample function wrote down, once it did."""
    wait_until(lambda: path.exists() and path.read_text())
    return int(path.read_text())


def nothing_left(tmp_path: Path) -> bool:
    """Whether the scratch root is empty."""
    root = tmp_path / "scratch"
    return not root.exists() or not list(root.iterdir())
