"""Runs one export in a process of its own, so that a test can kill it: ``python -m tests.crash.export FOLDER``."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.runners.local.runner import LocalRunner
from clipmill.settings import Settings
from clipmill.storage.folder import FolderStore
from clipmill.workflows.export_multi_clip import export_multi_clip

CLIPS = 5


def request() -> dict:
    """Five clips of two seconds with dissolves."""
    clips = [{"source_key": "source.mp4", "segments_data": {"trim_range": [2 * n, 2 * n + 2]}} for n in range(CLIPS)]
    transition = {"type": "dissolve", "duration": 0.5}
    size = {"output_width": 320, "output_height": 180, "quality": "draft"}
    return {"clips": clips, "transition": transition, "output_key": "out/reel.mp4"} | size


def main(folder: Path) -> None:
    """Export, tell how far it is on stderr, print the outcome on stdout."""
    settings = Settings.from_environment({"CLIPMILL_SCRATCH": str(folder / "scratch"), "CLIPMILL_THREADS": "1"})
    machine = replace(settings.machine(FolderStore(folder / "store"), CATALOG), threads=1)

    def on_event(event) -> None:
        print(event.stage.value, event.progress, file=sys.stderr, flush=True)

    with LocalRunner(machine, 2) as runner:
        job = Job(new_job_id(), "export_multi_clip", request(), kept=False)
        outcome = export_multi_clip(job, machine, runner, on_event=on_event)
    print(json.dumps(outcome.to_json()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
