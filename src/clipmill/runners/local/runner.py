"""Runs jobs on this machine, as many at a time as its cores allow.

Jobs live as long as the process that submitted them. A job that ended is remembered for those who watch it late; sent
again it begins anew, and is answered from its stored result if that is still good.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Self

from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.faults import typed
from clipmill.jobs.gate import Gate, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.nursery import Nursery
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform
from clipmill.jobs.scratch import sweep
from clipmill.runners.register import Register, handle_of
from clipmill.runners.runner import Status
from clipmill.runners.running import Running


class LocalRunner(Carrier):
    """A bounded pool of warm children. Use it as a context manager, or `close` it."""

    name = "local"
    shared = False

    def __init__(self, machine: Machine, cores: int = 1) -> None:
        self.places = max(1, cores // machine.threads)
        self.machine = replace(machine, nursery=_nursery(machine))
        self._jobs = Register()
        self._opening = threading.Lock()
        self._pool = ThreadPoolExecutor(self.places, thread_name_prefix="clipmill-job")
        sweep(machine.scratch_root)

    def handle_of(self, job: Job) -> str:
        return handle_of(job)

    def submit(self, job: Job, gate: Gate = open_gate) -> str:
        """Queue a job; while one of that tenant and id is under way, it is that one."""
        running = self._jobs.enter(job)
        if running is not None:
            running.start = self._pool.submit(self._carry_out, running, gate)
        return handle_of(job)

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        """Replay what is kept of a job's events from number ``after`` on, follow the rest, end with the outcome."""
        return self._jobs.find(handle).follow(after)

    def outcome(self, handle: str, timeout_s: float | None = None) -> Outcome | None:
        """Wait for the end of a job; None when it did not come in time."""
        return self._jobs.find(handle).wait(timeout_s)

    def cancel(self, handle: str) -> None:
        """Stop the work of a job; one that still waits for a place ends at once."""
        running = self._jobs.find(handle)
        running.cancel.set()
        if running.start is not None and running.start.cancel():
            running.end_unstarted()

    def status(self, handle: str) -> Status:
        return self._jobs.status(handle)

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
        self._jobs.close()
        self._pool.shutdown(wait=True)
        if self.machine.nursery is not None:
            self.machine.nursery.close()

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

    def _carry_out(self, running: Running, gate: Gate) -> None:
        try:
            outcome = perform(running.job, self._warm_machine(), cancel=running.cancel, meter=running.meter, gate=gate)
        except BaseException as fault:  # noqa: BLE001 - whoever waits must hear of the end
            outcome = Outcome(error=typed(fault))
        running.finish(outcome)

    def _warm_machine(self) -> Machine:
        """The machine, with another warm process where the old one was killed."""
        with self._opening:
            nursery = self.machine.nursery
            if nursery is not None and nursery.is_gone:
                nursery.close()
                self.machine = replace(self.machine, nursery=_nursery(self.machine))
            return self.machine


def _nursery(machine: Machine) -> Nursery | None:
    modules = [entry.partition(":")[0] for entry in machine.catalogue.values()]
    return Nursery.open(machine.scratch_root, machine.environment, machine.threads, modules)
