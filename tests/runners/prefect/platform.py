"""Prefect on this machine: its server on a free port, a pool, and workers as processes, all below one folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
from tests.jobs.ledger import postgres
from tests.jobs.machines import machine
from tests.jobs.sample_functions import CATALOGUE

from clipmill.functions.catalog import CATALOG
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.client import PrefectRunner
from clipmill.runners.prefect.deployables import FLOWS
from clipmill.runners.prefect.deployment import bring
from clipmill.runners.prefect.watches import WATCHES
from clipmill.settings import Settings
from clipmill.storage.open import open_store

ROOT = Path(__file__).resolve().parents[3]
PREFECT = str(Path(sys.executable).with_name("prefect"))
START_S = 300.0
"""The server takes ten seconds of processor time to start, more on a machine that is busy."""
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
QUICKLY_STARTED = {"PREFECT_API_DATABASE_MIGRATE_ON_START": "false"}
QUICK = (replace(WATCHES[0], within_s=20), *WATCHES[1:])
"""Silence is taken for death after half the time; `quick_flow` beats accordingly."""


class Platform:
    """A server and what was started for it; use it in a ``with`` block, which ends all of it.

    With the URL of a database, and only then, the server acts by itself as automations do: SQLite has one writer at a
    time. If it is not ``quick``, it is Prefect's server as people start it, with our watches as they are deployed.
    """

    def __init__(self, folder: Path, database: str = "", *, quick: bool = True, **more: str) -> None:
        self.folder = folder
        self._quick = quick
        self._options = ["--services"] if database else []
        module = "quick_flow" if quick else "sample_flow"
        self._flow = replace(FLOWS[0], entrypoint=f"tests.runners.prefect.{module}.clipmill_job")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api"
        unset = {name: value for name, value in os.environ.items() if not name.startswith(("CLIPMILL_", "PREFECT_"))}
        self.environment = unset | QUIET | {
            "PREFECT_HOME": str(folder / "home"),
            "PREFECT_API_URL": self.url,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "CLIPMILL_STORE": str(folder / "store"),
            "CLIPMILL_SCRATCH": str(folder / "scratch"),
            "CLIPMILL_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        } | (QUICKLY_STARTED if quick else {}) | more  # fmt: skip
        if database:
            self.environment["PREFECT_API_DATABASE_CONNECTION_URL"] = database
        self.settings = Settings.from_environment(self.environment)
        self.store = open_store(self.settings.store, {})
        self._numbers = count()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            self._start_the_server()
            bring(self.settings.prefect, [self._flow], QUICK if self._quick else WATCHES)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            end_all_of(process)

    def restart(self) -> None:
        """End the server by the hardest signal and start it again."""
        end_all_of(self._server)
        self._start_the_server()

    def start(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        """A process of its own group, which ends with the block at the latest."""
        with (self.folder / f"{next(self._numbers)}.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment | more, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        self._processes.append(process)
        return process

    def worker(self, **more: str) -> subprocess.Popen[bytes]:
        """Our own worker, which carries runs out in its threads."""
        self.workers.append(self.start(sys.executable, "-m", "clipmill.runners.prefect", **more))
        return self.workers[-1]

    def stock_worker(self, *options: str) -> subprocess.Popen[bytes]:
        """Prefect's own worker, which starts a process for each run."""
        return self.start(PREFECT, "worker", "start", "--pool", self.settings.prefect.pool, *options)

    def runner(self, scratch: Path, look_s: float = 0.3) -> PrefectRunner:
        here = machine(scratch, self.store, catalogue={**CATALOG, **CATALOGUE})
        return PrefectRunner(self.settings, here, look_s)

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """What the server answers; one whose database is busy is asked again."""
        with closing(Api(self.settings.prefect)) as api:
            return api.ask(method, path, body or None)

    def _start_the_server(self) -> None:
        ours = (sys.executable, "-m", "tests.runners.prefect.server", str(self.port), *self._options)
        self._server = self.start(*(ours if self._quick else (PREFECT, "server", "start", "--port", str(self.port))))
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert time.monotonic() < deadline, "the server did not start"
            assert self._server.poll() is None, "the server ended"
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health").is_success
        except httpx.HTTPError:
            return False


@contextmanager
def on_postgres(folder: Path, *, quick: bool = False, **more: str) -> Generator[tuple[Platform, str]]:
    """The platform with a server that acts by itself, and the URL of a database beside that of the server."""
    with postgres.server() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE prefect")
        database = url.replace("postgresql://", "postgresql+asyncpg://").replace("/postgres?", "/prefect?")
        with Platform(folder, database, quick=quick, CLIPMILL_DATABASE=url, **more) as platform:
            yield platform, url


def family(pid: int) -> list[int]:
    """A process and all below it: Prefect starts runs in groups of their own."""
    found = [pid]
    for each in found:
        # Each thread has the children that it started.
        for listed in Path(f"/proc/{each}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in listed.read_text().split()]
    return found


def end_all_of(process: subprocess.Popen[bytes]) -> None:
    """End a process and all below it by the hardest signal, as if its machine had lost power."""
    for pid in family(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
