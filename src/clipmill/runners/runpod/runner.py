"""Sends jobs to RunPod and watches them from anywhere: a handle and the store are all it takes to come back to one.

RunPod forgets a job half an hour after its end, and may run one twice. What decides is in the store: the result kept
beside the output, and the outputs themselves.
"""

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from clipmill.errors import (
    CancelledError,
    ClipmillError,
    ConflictError,
    InvalidRequestError,
    SourceMissingError,
    TimeoutError,  # noqa: A004 - the job's time limit
    WorkerLostError,
)
from clipmill.function.needs import Gpu, Needs
from clipmill.functions.catalog import load_function
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.events import Event
from clipmill.jobs.gate import Gate, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.stored_results import StoredResults
from clipmill.runners.runner import Status
from clipmill.runners.runpod.course import Course
from clipmill.runners.runpod.endpoint import Bounds, Endpoint, Health, PlatformState, Told
from clipmill.runners.runpod.notes import Note, raised, reported
from clipmill.runners.runpod.place import Place, submission_key
from clipmill.runners.runpod.watch import Patience, Watch
from clipmill.storage.redact import redact

_LOG = logging.getLogger(__name__)

PLACES = 32
"""Jobs that are watched at a time; how many of them run is the endpoint's choice."""
_GRACE_S = 60.0
_PAUSES_S = (3.0, 6.0)
_JSON = "application/json"


@dataclass(frozen=True)
class Account:
    """Where RunPod answers, the key of an account there, and its endpoints by the class of their cards."""

    url: str
    key: str = field(repr=False)
    endpoints: Mapping[Gpu, str]

    def endpoint_for(self, gpu: Gpu) -> str:
        """The endpoint with the smallest card that is large enough."""
        classes = list(Gpu)
        for each in classes[classes.index(gpu) :]:
            if each in self.endpoints:
                return self.endpoints[each]
        raise InvalidRequestError(
            f"no RunPod endpoint has a card of class {gpu} or larger. Name one: RUNPOD_ENDPOINT_ID={gpu}=ID."
        )


class RunPodRunner(Carrier):
    """The runner of one account. ``machine`` has the store that its workers see; nothing runs on it."""

    name = "runpod"
    shared = True

    def __init__(
        self, machine: Machine, account: Account, patience: Patience | None = None, http: httpx.Client | None = None
    ) -> None:
        self.places = PLACES
        self._machine = machine
        self._account = account
        self._patience = patience or Patience()
        self._stored = StoredResults(machine.store)
        self._http = http or httpx.Client()
        self._closed = threading.Event()

    def handle_of(self, job: Job) -> None:
        """Only RunPod can tell: it gives the id."""
        del job

    def submit(self, job: Job, gate: Gate = open_gate) -> str:
        """Queue a job; while one of that tenant and id is under way, it is that one. The gate is out of its reach."""
        del gate
        self._check_open(job.id)
        if (known := self._under_way(job)) is not None:
            return known
        needs = load_function(job.function, self._machine.catalogue).needs
        endpoint = self._account.endpoint_for(needs.gpu)
        attempts = min(len(self._machine.retry.pauses_s), needs.retries) + 1
        platform_id = self._at(endpoint).run(_order(job, attempts), _bounds(needs, attempts))
        handle = Place(endpoint, platform_id, job.digest, job.id, job.tenant).handle
        self._machine.store.put_bytes(submission_key(job.tenant, job.id), json.dumps(handle).encode(), _JSON)
        return handle

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        """What can still be heard of a job's events from number ``after`` on, the rest as it comes, its outcome."""
        return self._followed(_place(handle), Course(_place(handle).job_id, after))

    def cancel(self, handle: str) -> None:
        """Stop a job. RunPod may lose the word on its way to a worker, which therefore looks for a flag too."""
        place = _place(handle)
        if self.status(handle) is Status.FINISHED:
            return
        self._machine.store.put_bytes(place.cancel_key, b"")
        self._at(place.endpoint).cancel(place.platform_id)

    def status(self, handle: str) -> Status:
        """Finished if RunPod says so or the result is there; no answer and no knowledge are unknown."""
        place = Place.parse(handle)
        if place is None:
            return Status.UNKNOWN
        try:
            told = self._at(place.endpoint).status(place.platform_id)
            if told is not None and told.state is not None:
                return Status.RUNNING if told.state.goes_on else Status.FINISHED
            return Status.UNKNOWN if self._found(place) is None else Status.FINISHED
        except ClipmillError as fault:
            _LOG.warning("job %s: how it stands is unknown: %s", place.job_id, fault.message)
            return Status.UNKNOWN

    def health(self) -> Mapping[str, Health | None]:
        """How each endpoint stands; None for one that is not there."""
        return {endpoint: self._at(endpoint).health() for endpoint in sorted(set(self._account.endpoints.values()))}

    def close(self) -> None:
        """Jobs go on; the next process finds them by their handles."""
        self._closed.set()
        self._http.close()

    def _at(self, endpoint: str) -> Endpoint:
        return Endpoint(self._http, f"{self._account.url}/{endpoint}", self._account.key)

    def _under_way(self, job: Job) -> str | None:
        """The handle of a job that was sent before and goes on."""
        try:
            handle = json.loads(self._machine.store.get_bytes(submission_key(job.tenant, job.id)))
        except (SourceMissingError, ValueError):
            return None
        place = Place.parse(str(handle))
        if place is None or self.status(place.handle) is not Status.RUNNING:
            return None
        if place.digest != job.digest:
            raise ConflictError(
                f"job {job.id} is already known with another request. Send a new job_id, or the same request."
            )
        return place.handle

    def _followed(self, place: Place, course: Course) -> Iterator[Event | Outcome]:
        watch = Watch(self._patience)
        while True:
            told = self._heard(place, watch)
            report = _report(told)
            yield from course.news(Note.of(report))
            outcome = self._end(place, told, report, watch)
            if outcome is not None:
                yield from course.end(outcome)
                self._forget(place)
                yield outcome
                return
            self._closed.wait(self._patience.look_s)
            self._check_open(place.job_id)

    def _check_open(self, job_id: str) -> None:
        if self._closed.is_set():
            raise CancelledError(f"job {job_id}: this process shuts down and has no more to do with it.")

    def _heard(self, place: Place, watch: Watch) -> Told | None:
        """What RunPod says now; None if it knows nothing, or says nothing, which the watch keeps apart."""
        try:
            told = self._at(place.endpoint).status(place.platform_id)
        except ClipmillError as fault:
            watch.unsure(fault)
            return None
        watch.answered(known=told is not None)
        return told

    def _end(self, place: Place, told: Told | None, report: Any, watch: Watch) -> Outcome | None:
        """How the job ended, if it did."""
        if told is None or told.state is None:
            return self._found(place) or watch.verdict(place.job_id)
        match told.state:
            case PlatformState.COMPLETED | PlatformState.FAILED:
                return reported(report) or self._found(place) or _lost(place, told)
            case PlatformState.TIMED_OUT:
                return self._found(place) or _timed_out(place)
            case PlatformState.CANCELLED:
                return self._found(place) or self._stopped(place, told, watch)
            case PlatformState.IN_QUEUE | PlatformState.IN_PROGRESS:
                return None

    def _stopped(self, place: Place, told: Told, watch: Watch) -> Outcome | None:
        """Cancelled is told at once; a worker that had begun clears the flag when its work has ended."""
        if told.begun and watch.waits_for_stop and self._is_flagged(place):
            self._at(place.endpoint).cancel(place.platform_id)
            return None
        return Outcome(error=CancelledError(f"job {place.job_id} was cancelled."))

    def _is_flagged(self, place: Place) -> bool:
        return self._machine.store.exists(place.cancel_key)

    def _found(self, place: Place) -> Outcome | None:
        """The result kept in the store."""
        try:
            return self._stored.recall(place.tenant, place.job_id, place.digest)
        except ConflictError:
            return None
        except ClipmillError as fault:
            _LOG.warning("job %s: its result cannot be looked for: %s", place.job_id, fault.message)
            return None

    def _forget(self, place: Place) -> None:
        for key in (submission_key(place.tenant, place.job_id), place.cancel_key):
            try:
                self._machine.store.delete(key)
            except ClipmillError as fault:
                _LOG.warning("%s is left: %s", key, fault.message)


def _place(handle: str) -> Place:
    place = Place.parse(handle)
    if place is None:
        raise InvalidRequestError(f"{handle!r:.140} is no handle of a job at RunPod. Send the job again.")
    return place


def _order(job: Job, attempts: int) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "function": job.function,
        "request": dict(job.request),
        "user_id": job.tenant,
        "kept": job.kept,
        "attempts": attempts,
    }


def _bounds(needs: Needs, attempts: int) -> Bounds:
    """The worker's own limit is the shorter one, so that what is too slow fails with our words."""
    return Bounds(needs.timeout_s * attempts + sum(_PAUSES_S[: attempts - 1]) + _GRACE_S)


def _report(told: Told | None) -> Any:
    """Where a note may be: in the output, or in the words of a handler that raised."""
    if told is None:
        return None
    return raised(told.error) if told.state is PlatformState.FAILED else told.output


def _lost(place: Place, told: Told) -> Outcome:
    said = redact(str(told.error))[:300]
    return Outcome(error=WorkerLostError(f"job {place.job_id}: RunPod says {told.state} and tells no outcome: {said}"))


def _timed_out(place: Place) -> Outcome:
    return Outcome(
        error=TimeoutError(
            f"job {place.job_id} reached the time limit of its RunPod endpoint. Ask for less, or raise it."
        )
    )
