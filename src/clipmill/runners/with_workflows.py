"""A runner that carries out workflows too: the walk is a thread of this process, its steps go to the runner below."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Protocol

from clipmill.jobs.cache import is_step
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.events import Event, OnEvent
from clipmill.jobs.faults import typed
from clipmill.jobs.gate import Gate, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.limits import GIB
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.runner import Runner, Status
from clipmill.runners.choice import open_runner
from clipmill.runners.local import LocalRunner
from clipmill.runners.register import Register, handle_of
from clipmill.runners.running import Running
from clipmill.settings import Settings
from clipmill.workflows.catalog import WORKFLOWS
from clipmill.workflows.steps import StepRunner

_WALK = "/walk/"
"""Begins the handles of walks: those of runners never begin with a slash and hold another one."""


class Workflow(Protocol):
    """A job that is made of several; it raises nothing."""

    def __call__(
        self, job: Job, machine: Machine, runner: StepRunner, *, on_event: OnEvent, cancel: threading.Event
    ) -> Outcome: ...


def open_with_workflows(settings: Settings, machine: Machine, cores: int) -> "WithWorkflows":
    """The runner of the settings, with every workflow of the catalogue on top of it."""
    runner = open_runner(settings, machine, cores)
    kept = int(settings.cache_gb * GIB)
    walks = {name: partial(workflow.load(), cache_bytes=kept) for name, workflow in WORKFLOWS.items()}
    return WithWorkflows(runner, runner.machine if isinstance(runner, LocalRunner) else machine, walks)


class WithWorkflows(Carrier):
    """Functions go to ``below``, workflows by name are walked here, as many at a time as there are places.

    ``machine`` is where the walks are.
    """

    def __init__(self, below: Carrier, machine: Machine, workflows: Mapping[str, Workflow]) -> None:
        self.name = below.name
        self.places = below.places
        self.shared = below.shared
        self._below = below
        self.machine = machine
        self._workflows = workflows
        self._walks = Register()
        self._pool = ThreadPoolExecutor(below.places, thread_name_prefix="clipmill-walk")

    def handle_of(self, job: Job) -> str | None:
        return _WALK + handle_of(job) if job.function in self._workflows else self._below.handle_of(job)

    def outlives(self, handle: str) -> bool:
        """A walk ends with this process, wherever its steps are."""
        return not handle.startswith(_WALK) and self._below.outlives(handle)

    def submit(self, job: Job, gate: Gate = open_gate) -> str:
        workflow = self._workflows.get(job.function)
        if workflow is None:
            return self._below.submit(job, gate)
        if (running := self._walks.enter(job)) is not None:
            self._pool.submit(self._walk, workflow, running, gate)
        return _WALK + handle_of(job)

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        walk = self._walk_of(handle)
        return self._below.events(handle, after) if walk is None else self._walks.find(walk).follow(after)

    def cancel(self, handle: str) -> None:
        walk = self._walk_of(handle)
        if walk is None:
            self._below.cancel(handle)
        else:
            self._walks.find(walk).cancel.set()

    def status(self, handle: str) -> Status:
        walk = self._walk_of(handle)
        return self._below.status(handle) if walk is None else self._walks.status(walk)

    def close(self) -> None:
        self._walks.close()
        self._pool.shutdown(wait=True)
        self._below.close()

    def _walk_of(self, handle: str) -> str | None:
        """The walk that a handle names; None for one of the runner below."""
        return handle.removeprefix(_WALK) if handle.startswith(_WALK) else None

    def _walk(self, workflow: Workflow, running: Running, gate: Gate) -> None:
        def on_event(event: Event) -> None:
            # That the job waited was event 1.
            running.tell(replace(event, seq=event.seq + 1))

        try:
            steps = _Steps(self._below, gate)
            outcome = workflow(running.job, self.machine, steps, on_event=on_event, cancel=running.cancel)
        except BaseException as fault:  # noqa: BLE001 - whoever waits must hear of the end
            outcome = Outcome(error=typed(fault))
        running.finish(outcome)


class _Steps(StepRunner):
    """Only the step that makes the output has to pass the gate; entries of the step cache are nobody's output."""

    def __init__(self, below: Runner, gate: Gate) -> None:
        self._below = below
        self._gate = gate

    def submit(self, job: Job) -> str:
        output = job.request.get("output_key")
        published = isinstance(output, str) and not is_step(output)
        return self._below.submit(job, self._gate if published else open_gate)

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        return self._below.events(handle, after)

    def cancel(self, handle: str) -> None:
        self._below.cancel(handle)
