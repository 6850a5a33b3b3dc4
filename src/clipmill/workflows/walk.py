"""What every workflow does around its own steps: answer what is known, tell how far it is, keep what was made.

A walk through a workflow that is killed leaves its finished steps in the step cache, where the next one finds them.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from clipmill.errors import ClipmillError
from clipmill.function.stages import Stage
from clipmill.jobs.cache import StepCache
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.faults import typed
from clipmill.jobs.job import Job
from clipmill.jobs.limits import GIB
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter
from clipmill.jobs.source_identity import source_identity
from clipmill.jobs.stored_results import StoredResults, warn_unkept
from clipmill.jobs.windows import MESSAGES, MULTI_CLIP, Windows
from clipmill.settings import Settings
from clipmill.storage.keys import full_key
from clipmill.storage.store import ObjectInfo
from clipmill.workflows.steps import StepRunner, Steps

CACHE_BYTES = int(Settings().cache_gb * GIB)
KEPT = timedelta(days=14)


def walked(
    way: Callable[["Walk"], Outcome],
    job: Job,
    machine: Machine,
    runner: StepRunner,
    *,
    on_event: OnEvent = nobody,
    cancel: threading.Event | None = None,
    cache_bytes: int = CACHE_BYTES,
    windows: Windows = MULTI_CLIP,
    messages: Mapping[Stage, str] = MESSAGES,
) -> Outcome:
    """Go the way of a workflow to its end, whatever happens; raises nothing but what interrupts us."""
    meter = ProgressMeter(job.id, on_event, windows, messages=messages)
    with meter.beating(), Steps(runner, cancel or threading.Event()) as steps:
        walk = Walk(job, machine, steps, meter, cache_bytes)
        try:
            outcome = walk.known() or way(walk)
        except ClipmillError as error:
            outcome = Outcome(error=error, timings=walk.spent)
        except Exception as fault:  # noqa: BLE001 - the end of the line for every error
            outcome = Outcome(error=typed(fault), timings=walk.spent)
    meter.finish(outcome)
    return outcome


@dataclass
class Walk:
    """One workflow on its way: its job, its steps, and what it tells."""

    job: Job
    machine: Machine
    steps: Steps
    meter: ProgressMeter
    cache_bytes: int
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.cache = StepCache(self.machine.store, self.job.tenant)
        self._stored = StoredResults(self.machine.store)

    def known(self) -> Outcome | None:
        """The stored outcome of the same job."""
        return self._stored.find(self.job) if self.job.kept else None

    def step(self, name: str, function: str, request: Mapping[str, Any]) -> Job:
        """A step of the job."""
        return Job(f"{self.job.id[:100]}.{name}", function, request, self.job.tenant, kept=False)

    def full_key(self, key: str) -> str:
        return full_key(self.job.tenant, key, self.machine.shared_prefixes)

    def identity(self, key: str) -> str:
        """What an input is, whatever it is called."""
        return source_identity(self.machine.store, self.full_key(key))

    def planned(self, name: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """What the planner of this workflow says of a request."""
        return self.steps.run(self.step("plan", name, request), self._starting).value()["plan"]

    def joined(self, job: Job) -> dict[str, Any]:
        """The result of the last step, which writes the output."""
        return self.steps.run(job, self._joining).value()

    def finished(self, result: Mapping[str, Any], further: Mapping[str, Any]) -> Outcome:
        """The outcome of the last step's result, bounded cache, kept result.

        The output is there by now, so a fault of either is a warning.
        """
        timings = result["timings"] | self.spent
        outcome = Outcome(result={**result, "timings": timings, **further})
        output = self.machine.store.head(self.full_key(result["output_key"]))
        try:
            self.cache.prune(self.cache_bytes, KEPT)
        except ClipmillError as fault:
            outcome = _warned(outcome, "cache_not_pruned", f"old entries of the step cache are left: {fault.message}")
        return self.kept(outcome, [output])

    @property
    def spent(self) -> dict[str, float]:
        """Seconds so far, by stage and in all, and those for which the steps held cards, together."""
        total_s = time.monotonic() - self.started
        return self.meter.timings | {"total_s": round(total_s, 3), "gpu_s": round(self.steps.gpu_s, 3)}

    def kept(self, outcome: Outcome, outputs: Sequence[ObjectInfo]) -> Outcome:
        """The outcome, stored to answer the same job when it is sent again."""
        try:
            if self.job.kept:
                self._stored.keep(self.job, outcome, list(outputs))
        except ClipmillError as fault:
            return warn_unkept(outcome, fault)
        return outcome

    def _starting(self, event: Event) -> None:
        if event.stage is Stage.PREPARING:
            self.meter.report(int(event.progress * 10), 1000, Stage.STARTING)

    def _joining(self, event: Event) -> None:
        if event.stage is Stage.PROCESSING and event.frames_total:
            self.meter.report(event.frames_done or 0, event.frames_total, Stage.ENCODING)
        elif event.stage is Stage.UPLOADING:
            self.meter.report(event.bytes_done or 0, event.bytes_total or 0, Stage.UPLOADING)


def _warned(outcome: Outcome, code: str, message: str) -> Outcome:
    result = outcome.value()
    return Outcome(result=result | {"warnings": [*result["warnings"], {"code": code, "message": message}]})
