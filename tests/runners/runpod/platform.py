"""The platform for tests: the double as a process, and a runner that sends jobs there."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import httpx
from tests.jobs.machines import machine
from tests.jobs.sample_functions import CATALOGUE

from clipmill.function.needs import Gpu
from clipmill.functions.catalog import CATALOG
from clipmill.runners.runpod.runner import Account, RunPodRunner
from clipmill.runners.runpod.watch import Patience
from clipmill.storage.open import open_store

ENDPOINT, KEY = "ep1", "rpa_test"
ROOT = Path(__file__).resolve().parents[3]
QUICK = Patience(look_s=0.05, stop_s=10, forgotten_s=0.2, unsure_s=60)


class Platform:
    """The double with one worker, whose store is below ``folder``; use it in a ``with`` block."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.store = open_store(str(folder / "store"), {})
        unset = {name: value for name, value in os.environ.items() if not name.startswith(("CLIPMILL_", "RUNPOD_"))}
        own = {"CLIPMILL_STORE": str(folder / "store"), "CLIPMILL_SCRATCH": str(folder / "scratch")}
        places = os.pathsep.join([str(ROOT), str(ROOT / "src")])
        self._environment = unset | own | {"PYTHONPATH": places, "CLIPMILL_THREADS": "1"} | environment

    def __enter__(self) -> Self:
        worker = [sys.executable, "-m", "tests.runners.runpod.sample_worker"]
        double = [sys.executable, str(ROOT / "tests" / "doubles" / "runpod_double.py")]
        with (self.folder / "platform.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*double, "--endpoint", ENDPOINT, "--key", KEY, "--", *worker],
                env=self._environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        self.url, self._tests = told["url"], told["tests"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def runner(self, scratch: Path, key: str = KEY) -> RunPodRunner:
        here = machine(scratch, self.store, catalogue={**CATALOG, **CATALOGUE})
        return RunPodRunner(here, Account(self.url, key, dict.fromkeys(Gpu, ENDPOINT)), QUICK)

    @property
    def state(self) -> dict[str, Any]:
        return httpx.get(f"{self._tests}/state").json()

    def behave(self, **how: bool) -> None:
        httpx.post(f"{self._tests}/behave", json=how)

    def forget(self, handle: str) -> None:
        httpx.post(f"{self._tests}/forget/{handle.split('/')[1]}")

    def kill_worker(self) -> None:
        """End the worker's own process, as a machine that goes away would."""
        (pid,) = self.state["workers"].values()
        os.kill(pid, signal.SIGKILL)
