"""The worker as a process: our handler in the loop of RunPod's own SDK, which this module alone imports."""

from collections.abc import Mapping
from dataclasses import replace

from clipmill.functions.catalog import CATALOG
from clipmill.jobs.machine import Machine
from clipmill.jobs.scratch import sweep
from clipmill.jobs.webhooks.post import Post
from clipmill.runners.runpod.worker import Worker
from clipmill.settings import SIX_HOURS_S, Settings
from clipmill.storage.open import open_store


def serve(catalogue: Mapping[str, str] = CATALOG) -> None:
    """Take jobs until the platform ends this process; arguments of the command line are the SDK's."""
    import runpod  # pyright: ignore[reportMissingImports] - only in the image of workers

    settings = Settings.from_environment()
    machine = _machine(settings, catalogue)
    sweep(machine.scratch_root)
    worker = Worker(machine, Post(settings.webhook_policy), runpod.serverless.progress_update, settings.tenant)
    runpod.serverless.start({"handler": worker.handle})


def _machine(settings: Settings, catalogue: Mapping[str, str]) -> Machine:
    machine = settings.machine(open_store(settings.store, settings.environment), catalogue)
    if settings.timeout_s != SIX_HOURS_S:
        return machine
    # That default is for cores of one's own. Here a function has the time that it says it needs.
    return replace(machine, limits=replace(machine.limits, time_s=None))
