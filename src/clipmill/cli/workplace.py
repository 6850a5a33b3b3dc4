"""The deployment as the verbs use it: a store, a runner, and jobs carried out in front of the user."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from clipmill.cli.app import App
from clipmill.cli.paths import MOUNT
from clipmill.cli.stopping import Stop, stoppable
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.estimate import estimated_plan
from clipmill.jobs.events import OnEvent
from clipmill.jobs.job import Job
from clipmill.jobs.limits import GIB
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import plan
from clipmill.runners.choice import open_runner
from clipmill.settings import RunnerChoice, Settings, cores
from clipmill.storage.folder import FolderStore
from clipmill.storage.mounted import MountedStore
from clipmill.storage.open import open_store
from clipmill.workflows.catalog import WORKFLOWS, Workflow
from clipmill.workflows.steps import Steps


class Workplace:
    """Has jobs carried out, shows how far they are, and stops them when the user wants it.

    ``ran_on`` is the runner of the last one.
    """

    def __init__(self, app: App, settings: Settings, machine: Machine, stop: Stop) -> None:
        self.ran_on = ""
        self.settings = settings
        self.machine = machine
        self.stop = stop
        self.output = app.output

    def run(self, job: Job, title: str, at_once: int | None = None) -> dict[str, Any]:
        """The result of a job, or its error raised; ``at_once`` steps of a workflow share the cores, or one has each."""
        workflow = WORKFLOWS.get(job.function)
        with self.output.watching(title) as on_event:
            if workflow is None:
                with self._runner(self.machine) as runner, Steps(runner, self.stop.asked) as steps:
                    outcome = steps.run(job, on_event)
            else:
                outcome = self._walked(workflow, job, on_event, at_once or cores())
        return self._settled(outcome)

    def plan(self, job: Job) -> dict[str, Any]:
        """What a job would do."""
        workflow = WORKFLOWS.get(job.function)
        asked = job if workflow is None else replace(job, function=workflow.planner)
        told = self._settled(plan(asked, self.machine, cancel=self.stop.asked))
        return estimated_plan(asked.function, told, self.machine)

    def _walked(self, workflow: Workflow, job: Job, on_event: OnEvent, at_once: int) -> Outcome:
        # One core for each step: steps side by side use the cores better than one step spread over them.
        machine = replace(self.machine, threads=max(1, cores() // at_once))
        walk = workflow.load()
        with self._runner(machine, cores()) as runner:
            cache_bytes = int(self.settings.cache_gb * GIB)
            return walk(job, machine, runner, on_event=on_event, cancel=self.stop.asked, cache_bytes=cache_bytes)

    @contextmanager
    def _runner(self, machine: Machine, cores: int = 1) -> Generator[Carrier]:
        with closing(open_runner(self.settings, machine, cores)) as runner:
            self.ran_on = runner.name
            yield runner

    def _settled(self, outcome: Outcome) -> dict[str, Any]:
        if outcome.error is not None:
            raise self.stop.meant(outcome.error)
        return outcome.value()


@contextmanager
def workplace(app: App, store_url: str | None = None, runner: str | None = None) -> Generator[Workplace]:
    """A workplace on a store of the deployment, where keys are keys; ``runner`` stands for that of the settings."""
    settings = Settings.from_environment()
    chosen = settings.runner if runner is None else RunnerChoice(runner)
    settings = replace(settings, store=store_url or settings.store, runner=chosen)
    store = open_store(settings.store, settings.environment)
    with stoppable(app.output) as stop:
        yield Workplace(app, settings, settings.machine(store, app.catalogue), stop)


@contextmanager
def workplace_on_files(app: App) -> Generator[Workplace]:
    """A workplace where keys are the files of this machine, and jobs run here.

    What we keep for ourselves goes to the deployment's store.
    """
    with workplace(app, runner=RunnerChoice.LOCAL) as place:
        store = MountedStore(place.machine.store, {MOUNT: FolderStore(Path("/"))})
        machine = replace(place.machine, store=store, shared_prefixes=())
        yield Workplace(app, place.settings, machine, place.stop)


@contextmanager
def workplace_on_video(app: App, folder: Path, tenant: str) -> Generator[Workplace]:
    """A workplace on a folder that is all the tenant's, where the files of this machine are keys below ``MOUNT`` too."""
    with workplace(app, runner=RunnerChoice.LOCAL) as place:
        store = MountedStore(FolderStore(folder), {f"{tenant}/{MOUNT}": FolderStore(Path("/"))})
        machine = replace(place.machine, store=store, shared_prefixes=())
        yield Workplace(app, place.settings, machine, place.stop)
