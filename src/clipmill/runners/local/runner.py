"""Runs jobs on this machine, as many at a time as its cores allow.

Jobs live as long as the process that submitted them: nothing is remembered over a restart but the stored results
of jobs that succeeded.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Self

from clipmill.errors import CancelledError, ConflictError, InvalidRequestError
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.faults import typed
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.nursery import Nursery
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform
from clipmill.jobs.scratch import sweep
from clipmill.runners.local.running import Running
from clipmill.runners.runner import Runner, Status

FINISHED_KEPT = 1000


class LocalRunner(Runner):
    """A bounded pool of warm children; the handle of a job is its id. Use it as a context manager, or `close` it."""

    def __init__(self, machine: Machine, cores: int = 1) -> None:
        self.places = max(1, cores // machine.threads)
        modules = [entry.partition(":")[0] for entry in machine.catalogue.values()]
        self._nursery = Nursery.open(machine.scratch_root, machine.environment, machine.threads, modules)
        self._machine = replace(machine, nursery=self._nursery)
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Running] = OrderedDict()
        self._pool = ThreadPoolExecutor(self.places, thread_name_prefix="clipmill-job")
        self._closed = False
        sweep(machine.scratch_root)

    def submit(self, job: Job) -> str:
        """Queue a job. An id that is known stands for the same request, or is a conflict."""
        with self._lock:
            if self._closed:
                raise CancelledError(f"job {job.id}: this runner is shutting down and takes no more jobs.")
            known = self._jobs.get(job.id)
            if known and known.job.digest != job.digest:
                raise ConflictError(
                    f"job {job.id} is already known with another request. Send a new job_id, or the same request."
                )
            if known and not known.may_run_again():
                return job.id
            self._forget_the_oldest()
            running = self._jobs[job.id] = Running(job)
            self._pool.submit(self._carry_out, running)
        return job.id

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        """Replay what is kept of a job's events from number ``after`` on, follow the rest, end with the outcome."""
        return self._find(handle).follow(after)

    def outcome(self, handle: str, timeout_s: float | None = None) -> Outcome | None:
        """Wait for the end of a job; None when it did not come in time."""
        return self._find(handle).wait(timeout_s)

    def cancel(self, handle: str) -> None:
        self._find(handle).cancel.set()

    def status(self, handle: str) -> Status:
        with self._lock:
            running = self._jobs.get(handle)
        if running is None:
            return Status.UNKNOWN
        return Status.RUNNING if running.outcome is None else Status.FINISHED

    def run(self, job: Job, on_event: OnEvent = nobody) -> Outcome:
        """Submit a job and wait for its end; an interruption of the wait cancels it."""
        handle = self.submit(job)
        try:
            return self._watched(handle, on_event)
        except BaseException:
            self.cancel(handle)
            raise

    def close(self) -> None:
        """Cancel what runs and what waits, and return when all of it has ended."""
        with self._lock:
            self._closed = True
            running = list(self._jobs.values())
        for job in running:
            job.cancel.set()
        self._pool.shutdown(wait=True)
        if self._nursery is not None:
            self._nursery.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _watched(self, handle: str, on_event: OnEvent) -> Outcome:
        for item in self.events(handle):
            if isinstance(item, Outcome):
                return item
            on_event(item)
        raise AssertionError("the events of a job end with its outcome")

    def _carry_out(self, running: Running) -> None:
        try:
            outcome = perform(running.job, self._machine, cancel=running.cancel, meter=running.meter)
        except BaseException as fault:  # noqa: BLE001 - whoever waits must hear of the end
            outcome = Outcome(error=typed(fault))
        running.finish(outcome)

    def _find(self, handle: str) -> Running:
        with self._lock:
            running = self._jobs.get(handle)
        if running is None:
            raise InvalidRequestError(
                f"no job {handle!r:.140} was submitted to this process. Send the job again: if it succeeded before, "
                "its stored result is the answer."
            )
        return running

    def _forget_the_oldest(self) -> None:
        finished = [handle for handle, running in self._jobs.items() if running.outcome is not None]
        for handle in finished[: max(0, len(finished) - FINISHED_KEPT + 1)]:
            del self._jobs[handle]
