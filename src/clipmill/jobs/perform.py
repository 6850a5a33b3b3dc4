"""The one place where every runner ends: from a job to its outcome, whatever happens in between."""

import threading
import time
from dataclasses import replace
from typing import Any

from clipmill.errors import CancelledError, ClipmillError, InternalError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.attempt import Attempt, Done, Verb
from clipmill.jobs.events import OnEvent, nobody
from clipmill.jobs.faults import typed
from clipmill.jobs.gate import Gate, Reins, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter
from clipmill.jobs.stored_results import StoredResults, warn_unkept
from clipmill.storage.keys import full_key


def perform(
    job: Job,
    machine: Machine,
    *,
    on_event: OnEvent = nobody,
    cancel: threading.Event | None = None,
    meter: ProgressMeter | None = None,
    gate: Gate = open_gate,
) -> Outcome:
    """Run a job to its end in child processes and say how it ended; it raises nothing but what interrupts us.

    A job that finished before is answered from its stored result. When success is told, every output is in the
    store. Setting ``cancel`` stops the work; a job that was finished by then stays finished.
    A ``meter`` that has told of the job before goes on counting, in place of ``on_event``. The ``gate`` is asked
    when the work is done and before outputs appear.
    """
    meter = meter or ProgressMeter(job.id, on_event)
    with meter.beating():
        try:
            outcome = _performed(
                _Trial(job, Verb.RUN, machine, meter, Reins(cancel or threading.Event(), gate)), job, machine, meter
            )
        except Exception as fault:  # noqa: BLE001 - the end of the line for every error
            outcome = Outcome(error=typed(fault))
    meter.finish(outcome)
    return outcome


def plan(job: Job, machine: Machine, *, cancel: threading.Event | None = None) -> Outcome:
    """Ask the function of a job what it would do; nothing is rendered, published or kept."""
    trial = _Trial(job, Verb.PLAN, machine, ProgressMeter(job.id), Reins(cancel or threading.Event()))
    try:
        return Outcome(result=trial.run().result, attempts=trial.attempts)
    except ClipmillError as error:
        return Outcome(error=error, attempts=trial.attempts)


def _performed(trial: "_Trial", job: Job, machine: Machine, meter: ProgressMeter) -> Outcome:
    stored = StoredResults(machine.store)
    if job.kept and (outcome := stored.find(job)):
        return outcome
    started = time.monotonic()
    try:
        done = trial.run()
        _require_outputs(done, job, machine)
    except ClipmillError as error:
        spent = _spent(time.monotonic() - started, machine.gpu)
        return Outcome(error=error, attempts=trial.attempts, timings=spent)
    meter.enter(Stage.PUBLISHING)
    result = done.result | _timings(done, meter, time.monotonic() - started, machine.gpu)
    outcome = Outcome(result=result, attempts=trial.attempts)
    try:
        if job.kept:
            stored.keep(job, outcome, done.outputs)
    except ClipmillError as fault:
        return warn_unkept(outcome, fault)
    return outcome


class _Trial:
    """A job tried as often as the machine's policy and the function's needs both allow."""

    def __init__(self, job: Job, verb: Verb, machine: Machine, meter: ProgressMeter, reins: Reins) -> None:
        self.attempts = 0
        self._job = job
        self._verb = verb
        self._machine = machine
        self._meter = meter
        self._reins = reins

    def run(self) -> Done:
        """The first success, or the error of the last attempt."""
        try:
            return replace(self._machine.retry, sleep=self._pause).run(self._attempt)
        except _LastOneError as last:
            raise last.error from None

    def _attempt(self) -> Done:
        self.attempts += 1
        self._meter.enter(Stage.STARTING, None if self.attempts == 1 else f"starting, attempt {self.attempts}")
        attempt = Attempt(self._job, self._verb, self._machine, self._meter, self._reins)
        try:
            return attempt.run()
        except ClipmillError as error:
            if error.retryable and self.attempts > attempt.retries:
                raise _LastOneError(error) from error
            raise

    def _pause(self, seconds: float) -> None:
        if self._reins.cancel.wait(seconds):
            raise CancelledError(f"job {self._job.id} was cancelled between two attempts.")


class _LastOneError(Exception):
    """Carries an error past the policy when the function allows no further attempt."""

    def __init__(self, error: ClipmillError) -> None:
        super().__init__(error.message)
        self.error = error


def _require_outputs(done: Done, job: Job, machine: Machine) -> None:
    """A result that names an output is believed only if the object is there."""
    named = done.result.get("output_key")
    if not isinstance(named, str):
        return
    key = full_key(job.tenant, named, machine.shared_prefixes)
    if key not in {output.key for output in done.outputs} and not machine.store.exists(key):
        raise InternalError(f"{job.function} named the output {named!r:.200} but published nothing there")


def _timings(done: Done, meter: ProgressMeter, total_s: float, gpu: Gpu) -> dict[str, Any]:
    given = done.result.get("timings")
    if not isinstance(given, dict):
        return {}
    moved = {"download_s": round(done.moved.download_s, 3), "upload_s": round(done.moved.upload_s, 3)}
    return {"timings": given | meter.timings | moved | _spent(total_s, gpu)}


def _spent(total_s: float, gpu: Gpu) -> dict[str, float]:
    """How long a job was here; a card is held, and paid for, all that time."""
    names = ("total_s",) if gpu is Gpu.NONE else ("total_s", "gpu_s")
    return dict.fromkeys(names, round(total_s, 3))
