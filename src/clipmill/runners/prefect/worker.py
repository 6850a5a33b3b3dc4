"""What a worker machine does for a run: the job goes through `perform`, in a walled child as everywhere.

The work is in that child, so a flow needs no process of its own: a crash in native code, a time limit and a cancel end
the child and nothing else.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial

from clipmill.errors import CancelledError, InvalidRequestError
from clipmill.function.stages import Stage
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.events import Event
from clipmill.jobs.faults import typed
from clipmill.jobs.job import Job
from clipmill.jobs.limits import GIB
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform
from clipmill.jobs.progress import ProgressMeter
from clipmill.runners.local import LocalRunner
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.entry import entered
from clipmill.runners.prefect.hold import Hold
from clipmill.runners.prefect.places import Places, Terms
from clipmill.runners.prefect.pulse import BEAT_S
from clipmill.runners.prefect.telling import Stop, Telling
from clipmill.settings import Settings, cores
from clipmill.storage.open import open_store
from clipmill.storage.retry import RetryPolicy
from clipmill.workflows.catalog import WORKFLOWS

ENDING = threading.Event()
"""Set once this process is told to end: what runs is stopped, and left to another worker."""


class Worker:
    """Carries out the jobs of this process's runs, in whatever threads they come; opened by the first of them.

    Each run says every ``beat_s`` that it lives, and holds its place under some terms.
    """

    def __init__(
        self, catalogue: Mapping[str, str] = CATALOG, beat_s: float = BEAT_S, terms: Terms | None = None
    ) -> None:
        self._catalogue = catalogue
        self._beat_s = beat_s
        self._terms = terms or Terms()

    def carry_out(self, run_id: str, job: Job, store: str, *, once: bool) -> Outcome | Stop:
        """How a job ended, or why it did not, so that somebody else is to begin it again.

        ``store`` is where the caller's keys lie, ``once`` is for callers that count attempts themselves. Whatever
        interrupts the calling thread stops the work before it goes on.
        """
        places = Places(self._api, self._terms)
        place = entered(self._api, places, run_id)
        if isinstance(place, Stop):
            return place
        stop = threading.Event()
        telling = Telling(self._api, run_id, stop, ENDING, self._beat_s)
        telling.start()
        ended: Outcome | Stop = Stop.TAKEN_AWAY
        try:
            with (
                Hold(places, place, run_id, partial(telling.end, Stop.TAKEN_AWAY)),
                # A signal is heard by the main thread only, and there only by one that waits.
                ThreadPoolExecutor(1, thread_name_prefix="clipmill-work") as pool,
            ):
                work = pool.submit(self._performed, job, store, once, telling, stop)
                try:
                    ended = _ended(work.result(), telling)
                finally:
                    stop.set()
        finally:
            telling.finish(ended if isinstance(ended, Outcome) else None)
        return ended

    def _performed(self, job: Job, store: str, once: bool, telling: Telling, stop: threading.Event) -> Outcome:
        try:
            machine = self._machine_for(store, once=once)
        except Exception as fault:  # noqa: BLE001 - whoever waits gets the outcome of a job, whatever went wrong
            return Outcome(error=typed(fault))
        if job.function in WORKFLOWS:
            return self._walked(job, machine, telling, stop)
        meter = ProgressMeter(job.id, telling.tell)
        meter.enter(Stage.QUEUED)
        return perform(job, machine, cancel=stop, meter=meter)

    def _walked(self, job: Job, machine: Machine, telling: Telling, stop: threading.Event) -> Outcome:
        def tell(event: Event) -> None:
            # That the job waited was event 1.
            telling.tell(replace(event, seq=event.seq + 1))

        walk = WORKFLOWS[job.function].load()
        with LocalRunner(machine, cores()) as steps:
            return walk(job, machine, steps, on_event=tell, cancel=stop, cache_bytes=int(self._settings.cache_gb * GIB))

    def _machine_for(self, store: str, *, once: bool) -> Machine:
        if store != self._settings.store:
            raise InvalidRequestError(
                f"this worker of the Prefect pool works on {self._settings.store!r:.200}, the keys of this job lie in "
                f"{store!r:.200}. Set CLIPMILL_STORE to the same on both sides."
            )
        return replace(self._machine, retry=RetryPolicy(pauses_s=())) if once else self._machine

    @cached_property
    def _settings(self) -> Settings:
        return Settings.from_environment()

    @cached_property
    def _api(self) -> Api:
        return Api(self._settings.prefect)

    @cached_property
    def _machine(self) -> Machine:
        settings = self._settings
        return settings.machine(open_store(settings.store, settings.environment), self._catalogue)


def _ended(outcome: Outcome, telling: Telling) -> Outcome | Stop:
    """The end of a job, unless it was only stopped here."""
    stopped = isinstance(outcome.error, CancelledError)
    return Stop.TAKEN_AWAY if stopped and telling.why is Stop.TAKEN_AWAY else outcome
