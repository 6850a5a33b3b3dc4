"""The command line as people use it: in this process where that shows enough, as a process of its own elsewhere."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from clipmill.cli.main import run

REPOSITORY = Path(__file__).parents[2]
PROGRAM = "from clipmill.cli.main import main; main()"
PROGRAM_OF_SAMPLES = (
    "from clipmill.cli.main import main; from tests.jobs.sample_functions import CATALOGUE; main(catalogue=CATALOGUE)"
)
DEADLINE_S = 60


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said on its two streams."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Stdout, which must be one JSON object and nothing else."""
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[Any]:
        """Stderr, which must be JSON on every line."""
        return [json.loads(line) for line in self.stderr.splitlines()]


def clipmill(*arguments: object, catalogue: Mapping[str, str] | None = None, stdin: str | None = None) -> Said:
    """Run a command in this process."""
    with CliRunner().isolation(input=stdin) as (stdout, stderr, _):
        code = run([str(argument) for argument in arguments], catalogue)
        return Said(code, stdout.getvalue().decode(), stderr.getvalue().decode())


def started(*arguments: object, program: str = PROGRAM, **options: Any) -> subprocess.Popen[str]:
    """A command as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])}
    given: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
        "env": environment | options.pop("env", {}),
    }
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], **(given | options))


def finished(process: subprocess.Popen[str]) -> Said:
    """What a process said, once it has ended."""
    try:
        stdout, stderr = process.communicate(timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        raise
    return Said(process.returncode, stdout or "", stderr or "")


def called(*arguments: object, **options: Any) -> Said:
    """Run a command as a process of its own to its end."""
    return finished(started(*arguments, **options))


def on_a_terminal(*arguments: object, **options: Any) -> tuple[int, str]:
    """Run a command whose stderr is a terminal: its exit code and all that the terminal got."""
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm-256color", "COLUMNS": "100"} | options.pop("env", {})
    process = started(*arguments, stderr=theirs, env=environment, **options)
    os.close(theirs)
    try:
        shown = _drained(ours)
    finally:
        os.close(ours)
    finished(process)
    return process.returncode, shown


def _drained(terminal: int) -> str:
    shown = b""
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError:
            # Linux says so when the other end of a terminal is closed.
            return shown.decode()
        if not block:
            return shown.decode()
        shown += block


def request_file(folder: Path, value: Any, name: str = "request.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path
