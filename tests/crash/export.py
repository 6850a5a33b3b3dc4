"""One export in a process of its own, to be killed: ``python -m tests.crash.export FOLDER [--at STAGE PERCENT | --rename N WHEN]``.

It exports ``request.json`` of the folder and prints its outcome, or kills itself where it is told to, once it has noted the
processes below it in ``below.json``. How far it is stands on stderr.
"""

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from tests.crash.rendering import RENDERING
from tests.workflows.processes import below

from clipmill.jobs.events import Event
from clipmill.jobs.job import Job, new_job_id
from clipmill.runners.local import LocalRunner
from clipmill.settings import Settings
from clipmill.storage import atomic
from clipmill.storage.folder import FolderStore
from clipmill.workflows.export_multi_clip import export_multi_clip


def main(folder: Path, *orders: str) -> None:
    """Export, and perhaps die on the way."""
    settings = Settings.from_environment({"CLIPMILL_SCRATCH": str(folder / "scratch"), "CLIPMILL_THREADS": "1"})
    machine = settings.machine(FolderStore(folder / "store"), RENDERING)
    request = json.loads((folder / "request.json").read_text())
    if orders[:1] == ("--rename",):
        _die_at_rename(folder, int(orders[1]), orders[2])

    def on_event(event: Event) -> None:
        print(event.stage.value, event.progress, file=sys.stderr, flush=True)
        if orders[:2] == ("--at", event.stage.value) and event.progress >= float(orders[2]):
            _die(folder)

    with LocalRunner(machine, 2) as runner:
        job = Job(new_job_id(), "export_multi_clip", request, kept=False)
        outcome = export_multi_clip(job, machine, runner, on_event=on_event)
    print(json.dumps(outcome.to_json()))


def _die(folder: Path) -> None:
    (folder / "below.json").write_text(json.dumps(below(os.getpid())))
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at_rename(folder: Path, number: int, when: str) -> None:
    """Die before or after the object of that number gets its name."""
    renames, rename = count(1), atomic._rename

    def dying(*asked: Any, **options: Any) -> None:
        due = next(renames) == number
        if due and when == "before":
            _die(folder)
        rename(*asked, **options)
        if due:
            _die(folder)

    atomic._rename = dying


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
