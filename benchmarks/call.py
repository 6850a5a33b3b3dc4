"""Run one function as the command line does: ``python -m benchmarks.call FUNCTION REQUEST.json``."""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.runners.local.runner import LocalRunner
from clipmill.settings import Settings, cores
from clipmill.storage.mounted import MountedStore
from clipmill.storage.open import open_store
from clipmill.workflows.export_multi_clip import export_multi_clip


def main(function: str, request: dict[str, object], data: str) -> None:
    """Run it and fail loudly."""
    settings = Settings.from_environment()
    store = MountedStore(open_store(data, {}), {"files": open_store("/", {})})
    job = Job(new_job_id(), function, request, kept=False)
    if function == "export_multi_clip":
        machine = replace(settings.machine(store, CATALOG), threads=1)
        with LocalRunner(machine, cores()) as runner:
            export_multi_clip(job, machine, runner).value()
    else:
        with LocalRunner(settings.machine(store, CATALOG), cores()) as runner:
            runner.run(job).value()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as fresh:
        main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), sys.argv[3] if len(sys.argv) > 3 else fresh)
