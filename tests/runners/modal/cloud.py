"""Modal on this machine: the double of its control plane, and the real client of this process pointed at it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from clipmill.jobs.machine import Machine
from clipmill.runners.modal.app import Bodies, build
from clipmill.runners.modal.client import ModalRunner
from clipmill.settings import Settings
from clipmill.storage.open import open_store
from clipmill.storage.store import Store

ROOT = Path(__file__).parents[3]
KEYS = {"R2_ACCESS_KEY_ID": "key", "R2_SECRET_ACCESS_KEY": "secret"}


@dataclass
class Cloud:
    """A platform whose containers see the store of ``folder``."""

    folder: Path
    control: str
    environment: dict[str, str]

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

    @property
    def store(self) -> Store:
        return open_store(self.settings.store, {})

    @property
    def log(self) -> str:
        return (self.folder / "state" / "containers.log").read_text()

    def deploy(self, catalogue: dict[str, str], bodies: Bodies) -> None:
        build(self.settings, catalogue, bodies).deploy()

    def runner(self, machine: Machine) -> ModalRunner:
        return ModalRunner(self.settings, machine)

    def post(self, what: str) -> None:
        httpx.post(f"{self.control}/{what}").raise_for_status()

    def functions(self) -> dict[str, Any]:
        """What is deployed, in the platform's words."""
        return httpx.get(f"{self.control}/functions").json()


@contextmanager
def cloud(folder: Path, secrets: Iterable[str] = ("r2-credentials", "wasabi")) -> Iterator[Cloud]:
    """The platform while the block runs; this process is its client. All its secrets hold the keys of R2."""
    (folder / "state").mkdir(parents=True)
    given = [part for name in secrets for part in ("--secret", f"{name}={json.dumps(KEYS)}")]
    places = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    surroundings = os.environ | {"PYTHONPATH": places, "TMPDIR": str(folder / "state")}
    arguments = [sys.executable, "-m", "tests.doubles.modal_double", "--state", str(folder / "state"), *given]
    with subprocess.Popen(arguments, env=surroundings, cwd=ROOT, stdout=subprocess.PIPE, text=True) as double:
        try:
            assert double.stdout is not None
            told = json.loads(double.stdout.readline())
            token = {
                "MODAL_SERVER_URL": told["url"],
                "MODAL_TOKEN_ID": "ak-1",
                "MODAL_TOKEN_SECRET": "as-1",
                "MODAL_CONFIG_PATH": str(folder / "no.toml"),
                # The sources may be edited while the tests run.
                "MODAL_BUILD_VALIDATION": "ignore",
            }
            with pytest.MonkeyPatch.context() as patch:
                for name, value in token.items():
                    patch.setenv(name, value)
                # One container of a function for all the tests, however long they take.
                own = {"CLIPMILL_STORE": str(folder / "store"), "CLIPMILL_MODAL_SCALEDOWN_S": "600"}
                yield Cloud(folder, told["control"], token | own)
        finally:
            double.terminate()
