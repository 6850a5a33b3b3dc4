"""`clipmill serve` as a process of its own, on a free port of this machine."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.cli.shell import Said, finished, started
from tests.ledgers import new_ledger

PROGRAM = (
    "from clipmill.cli.main import main; from clipmill.functions.catalog import CATALOG; "
    "from tests.jobs.sample_functions import CATALOGUE; main(catalogue={**CATALOG, **CATALOGUE})"
)
"""Serves the sample functions beside the real ones."""


class Served:
    """A service whose objects and ledger lie in ``folder / "data"``; its log is ``folder / "serve.log"``."""

    def __init__(self, folder: Path, *options: object, port: int = 0, **environment: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        new_ledger(self.data / "ledger.db")
        self._options = options
        self._environment = environment
        self._begin(port)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        return (self.folder / "serve.log").read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Said:
        """End it by a signal."""
        self.process.send_signal(number)
        return finished(self.process)

    def restart(self) -> None:
        """End it, and begin again at the same address."""
        assert self.stop().code == 0
        self._begin(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def _begin(self, port: int) -> None:
        environment = plain_environment(self.folder) | {"CLIPMILL_DRAIN_S": "0"} | self._environment
        with (self.folder / "serve.log").open("ab") as log:
            self.process: subprocess.Popen[str] = started(
                "serve", "--json", "--port", port, "--data", self.data, *self._options,
                program=PROGRAM, stderr=log, env=environment,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log
        self.url: str = json.loads(line)["url"]


def plain_environment(folder: Path) -> Mapping[str, str]:
    """No setting of the tests' own surroundings, scratch below the folder."""
    unset = {name: "" for name in os.environ if name.startswith("CLIPMILL_")}
    return unset | {"CLIPMILL_SCRATCH": str(folder / "scratch"), "CLIPMILL_URL": "", "CLIPMILL_API_KEY": ""}
