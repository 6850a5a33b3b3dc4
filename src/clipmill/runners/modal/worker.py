"""What runs in a container: one body for all functions, which ends in `perform`, in a walled child as everywhere.

This module is imported in the container; `clipmill.runners.modal.app` registers its two bodies under every name.
"""

import queue
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

from clipmill.errors import ClipmillError, InvalidRequestError
from clipmill.function.stages import Stage
from clipmill.functions.catalog import CATALOG, entry_of
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.faults import typed
from clipmill.jobs.job import Job
from clipmill.jobs.limits import Limits
from clipmill.jobs.machine import Machine
from clipmill.jobs.nursery import Nursery
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform
from clipmill.jobs.progress import ProgressMeter
from clipmill.jobs.wire_call import call, called_job
from clipmill.runners.modal.app import FUNCTION
from clipmill.runners.modal.board import Board
from clipmill.runners.modal.payload import JOB, JobFailed
from clipmill.runners.modal.telling import Telling
from clipmill.runners.modal.underway import Stop, Underway
from clipmill.settings import Settings
from clipmill.storage.open import open_store
from clipmill.storage.retry import RetryPolicy

_LOOK_S = 0.2


class Worker:
    """The function of this container, with all that its calls share; opened by the first of them."""

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        self._catalogue = catalogue

    def run(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one call: a whole job with its outcome, flat parameters as the function by that name does."""
        # The platform tells the thread of a call which call it is, and no other one.
        own = _own_call()
        if JOB in given:
            return self._whole_job(given, own)
        return Underway(lambda stop: self._called(given, own, nobody, stop)).result()

    def stream(self, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Tell the events of one call with flat parameters as they come, the first one with the call's id; then answer."""
        told: queue.SimpleQueue[Event] = queue.SimpleQueue()
        own = _own_call()
        first = {"call_id": own}
        work = Underway(lambda stop: self._called(given, own, told.put, stop))
        try:
            while not (work.has_ended and told.empty()):
                with suppress(queue.Empty):
                    yield told.get(timeout=_LOOK_S).to_json() | first
                    first = {}
        finally:
            work.stop()
        yield work.result()

    @property
    def name(self) -> str:
        return self._settings.environment[FUNCTION]

    @cached_property
    def _settings(self) -> Settings:
        return Settings.from_environment()

    @cached_property
    def _board(self) -> Board:
        return Board.open(self._settings.modal.app)

    @cached_property
    def _machine(self) -> Machine:
        settings = self._settings
        store = open_store(settings.store, settings.environment)
        module = entry_of(self.name, self._catalogue).partition(":")[0]
        return replace(
            settings.machine(store, self._catalogue),
            # What functions need was meant for machines such as this one.
            limits=Limits(memory_bytes=settings.limits.memory_bytes),
            nursery=Nursery.open(settings.scratch_root, settings.environment, settings.threads, [module]),
        )

    def _whole_job(self, given: Mapping[str, Any], own: str) -> dict[str, Any]:
        job = Job.from_json(given[JOB])
        outcome = Underway(lambda stop: self._performed(job, given, own, stop)).result()
        if not outcome.succeeded:
            raise JobFailed.of(job, outcome)
        return outcome.to_json()

    def _performed(self, job: Job, given: Mapping[str, Any], own: str, stop: Stop) -> Outcome:
        try:
            telling = Telling(self._board, job.tenant, job.id, own)
            machine = self._machine_for(given)
        except Exception as fault:  # noqa: BLE001 - whoever waits gets the outcome of a job, whatever went wrong
            return Outcome(error=typed(fault))
        telling.start()
        meter = ProgressMeter(job.id, lambda event: telling.tell(event) if stop.for_good else None)
        meter.enter(Stage.QUEUED)
        outcome = perform(job, machine, cancel=stop, meter=meter)
        telling.finish(outcome if stop.for_good else None)
        return outcome

    def _machine_for(self, given: Mapping[str, Any]) -> Machine:
        if given["store"] != self._settings.store:
            raise InvalidRequestError(
                f"the functions on Modal work on {self._settings.store!r:.200}, the keys of this job lie in "
                f"{given['store']!r:.200}. Set CLIPMILL_STORE to one of them, or deploy again."
            )
        return replace(self._machine, retry=RetryPolicy(pauses_s=())) if given["once"] else self._machine

    def _called(self, given: Mapping[str, Any], own: str, on_event: OnEvent, stop: Stop) -> dict[str, Any]:
        telling = self._telling_of(given, own)

        def tell(event: Event) -> None:
            on_event(event)
            if telling is not None and stop.for_good:
                telling.tell(event)

        try:
            return call(self._machine, self.name, on_event=tell, cancel=stop, **given)
        finally:
            if telling is not None:
                telling.finish(None)

    def _telling_of(self, given: Mapping[str, Any], own: str) -> Telling | None:
        """Where a call with flat parameters tells its progress; nowhere if they name no job."""
        try:
            job = called_job(self.name, given)
        except ClipmillError:
            return None
        telling = Telling(self._board, job.tenant, job.id, own)
        telling.start()
        return telling


def _own_call() -> str:
    import modal

    call_id = modal.current_function_call_id()
    assert call_id is not None, "a container has no work but calls"
    return call_id


WORKER = Worker(CATALOG)


def plain(**parameters: Any) -> dict[str, Any]:
    """The body of every deployed function."""
    return WORKER.run(parameters)


def stream(**parameters: Any) -> Iterator[dict[str, Any]]:
    """The body of every deployed generator."""
    yield from WORKER.stream(parameters)
