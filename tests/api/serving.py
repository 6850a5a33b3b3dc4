"""A service behind a real socket, in a process of its own: ``python -m tests.api.serving FOLDER`` tells its port on stdout."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.api.worlds import service

from clipmill.api.app import create_app
from clipmill.api.journal import write_json_lines
from clipmill.api.listening import Listening
from clipmill.api.options import ApiOptions
from clipmill.api.server import serve
from clipmill.jobs.ledger import Ledger


@dataclass(frozen=True)
class Served:
    """A running service; ``process`` is killed when the test ends."""

    url: str
    process: subprocess.Popen[str]
    log: Path


@contextmanager
def served(folder: Path, **environment: str) -> Generator[Served]:
    """A service on the ledger in this folder."""
    log = folder / "service.log"
    command = [sys.executable, "-m", "tests.api.serving", str(folder)]
    with log.open("w") as stderr:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=os.environ | environment,
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
    try:
        yield Served(_said(process.stdout, log).strip(), process, log)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _said(stdout: IO[str] | None, log: Path) -> str:
    assert stdout is not None
    line = stdout.readline()
    assert line, log.read_text()
    return line


def main(folder: Path) -> None:
    write_json_lines()
    ledger = Ledger.open(f"sqlite:///{folder / 'ledger.db'}")
    options = ApiOptions(metrics=True, tick_s=0.02, heartbeat_s=0.2)
    app = create_app(service(ledger, folder, requests_per_minute=1_000_000), options)
    serve(app, Listening.at("127.0.0.1", 0), lambda host, port: print(f"http://{host}:{port}", flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
