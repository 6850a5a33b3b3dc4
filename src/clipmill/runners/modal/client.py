"""Sends jobs to the functions on Modal, watches and cancels them, and comes back to them by their handles."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from clipmill.errors import ConflictError, InvalidRequestError, WorkerLostError
from clipmill.function.stages import Stage
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.events import Event
from clipmill.jobs.gate import Gate, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.runner import Status
from clipmill.jobs.stored_results import StoredResults
from clipmill.jobs.windows import MESSAGES
from clipmill.runners.modal.asking import Asking, ForgottenError, UnsureError
from clipmill.runners.modal.board import Board, Taken
from clipmill.runners.modal.faults import told_as_ours
from clipmill.runners.modal.handle import Handle
from clipmill.runners.modal.payload import parameters
from clipmill.settings import Settings

if TYPE_CHECKING:
    import modal

_LOG = logging.getLogger(__name__)

_LOOK_S = 0.5
"""How long the platform may wait with its answer before the board is looked at again."""
_UNSURE_S = (1.0, 2.0, 4.0, 8.0, 15.0)
_TWIN_S = 10.0
"""How long another caller has to tell which call it made for the same job."""
_TWIN_LOOK_S = 0.2
_ENDS = frozenset({Stage.DONE, Stage.FAILED, Stage.CANCELLED})


class ModalRunner(Carrier):
    """Jobs as calls of deployed functions; they outlive this process. The job's id is what makes a call one call."""

    name = "modal"
    shared = True

    def __init__(self, settings: Settings, machine: Machine) -> None:
        self.places = settings.modal.max_containers
        self._deployed = settings.modal
        self._store = settings.store
        self._once = not machine.retry.pauses_s
        self._board = Board.open(settings.modal.app, settings.modal.environment)
        self._asking = Asking(self._board, StoredResults(machine.store))
        self._functions: dict[str, modal.Function[Any, Any, Any]] = {}

    def check(self, function: str) -> None:
        """Raise unless the platform answers and has this function."""
        with told_as_ours(f"has no function {function} in the app {self._deployed.app}"):
            self._function(function)

    def handle_of(self, job: Job) -> str | None:
        """Only the platform can tell."""
        del job

    def submit(self, job: Job, gate: Gate = open_gate) -> str:
        """Call the job's function; while a call for that job is under way, it is that one."""
        del gate
        with told_as_ours(f"did not take job {job.id}"):
            call = self._under_way(job) or self._spawned(job)
        return str(Handle.of(call, job))

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        """What a job tells, for as long as it takes; a platform that does not answer is asked again."""
        return self._followed(_parsed(handle), after)

    def cancel(self, handle: str) -> None:
        import modal

        call = _parsed(handle).call
        with told_as_ours(f"did not stop {call}"):
            self._board.ask_to_stop(call)
            modal.FunctionCall.from_id(call).cancel()

    def status(self, handle: str) -> Status:
        known = Handle.parse(handle)
        if known is None:
            return Status.UNKNOWN
        try:
            outcome = self._asking.outcome(known, wait_s=0)
        except UnsureError:
            return Status.UNKNOWN
        return Status.RUNNING if outcome is None else Status.FINISHED

    def close(self) -> None:
        """Nothing runs here."""

    def _function(self, name: str) -> "modal.Function[Any, Any, Any]":
        """The deployed function, looked up once; a handle is only a name before it is hydrated."""
        import modal

        if name not in self._functions:
            found = modal.Function.from_name(self._deployed.app, name, environment_name=self._deployed.environment)
            self._functions[name] = found.hydrate()
        return self._functions[name]

    def _spawned(self, job: Job) -> str:
        asked = parameters(job, self._store, once=self._once)
        try:
            call = self._function(job.function).spawn(**asked).object_id
        except BaseException:
            self._board.give_up(job.tenant, job.id)
            raise
        self._board.take(job.tenant, job.id, Taken(job.digest, call), over=True)
        return call

    def _under_way(self, job: Job) -> str | None:
        """The call that carries the job out already; None once it is written down that we are about to make it."""
        deadline = time.monotonic() + _TWIN_S
        while not self._board.take(job.tenant, job.id, Taken(job.digest)):
            taken = self._board.taken(job.tenant, job.id)
            if taken is None:
                continue
            if taken.call is not None:
                return self._still_running(job, taken)
            if time.monotonic() > deadline:
                return None
            time.sleep(_TWIN_LOOK_S)
        return None

    def _still_running(self, job: Job, taken: Taken) -> str | None:
        assert taken.call is not None
        handle = Handle(taken.call, taken.digest, job.id, job.tenant)
        if self.status(str(handle)) is not Status.RUNNING:
            return None
        if taken.digest != job.digest:
            raise ConflictError(
                f"job {job.id} is already known with another request. Send a new job_id, or the same request."
            )
        return taken.call

    def _followed(self, handle: Handle, after: int) -> Iterator[Event | Outcome]:
        if after < 1:
            yield _queued(handle)
        seen = max(after, 1)
        while True:
            outcome = self._ended(handle)
            events = self._asking.told(handle).events
            if outcome is not None and not (events and events[-1].stage in _ENDS):
                # A container that is taken away may not come to tell its end.
                events = [*events, _last(handle, events, outcome)]
            for event in events:
                if event.seq > seen:
                    yield event
                    seen = event.seq
            if outcome is not None:
                yield outcome
                return

    def _ended(self, handle: Handle) -> Outcome | None:
        pauses_s = iter(_UNSURE_S)
        while True:
            try:
                return self._asking.outcome(handle, _LOOK_S)
            except ForgottenError as fault:
                return Outcome(
                    error=WorkerLostError(
                        f"Modal has forgotten job {handle.job_id} ({fault}), and its result is not in the store."
                    )
                )
            except UnsureError as fault:
                _LOG.warning("Modal does not say how job %s is: %s", handle.job_id, fault)
                time.sleep(next(pauses_s, _UNSURE_S[-1]))


def _last(handle: Handle, before: Sequence[Event], outcome: Outcome) -> Event:
    """The end of a job, in the place of one that it did not tell."""
    latest = before[-1] if before else _queued(handle)
    if outcome.error is None:
        stage, told = Stage.DONE, MESSAGES[Stage.DONE]
    else:
        stage = Stage.CANCELLED if outcome.error.code == Stage.CANCELLED else Stage.FAILED
        told = outcome.wire()["error"]
    return replace(
        latest,
        seq=latest.seq + 1,
        stage=stage,
        message=told,
        progress=100.0 if stage is Stage.DONE else latest.progress,
    )


def _parsed(text: str) -> Handle:
    handle = Handle.parse(text)
    if handle is None:
        raise InvalidRequestError(f"{text!r:.140} is no handle of a job on Modal. Send the job again.")
    return handle


def _queued(handle: Handle) -> Event:
    """The first event, which nobody over there can tell: the container does not exist yet."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Event(handle.job_id, 1, now, Stage.QUEUED, 0.0, MESSAGES[Stage.QUEUED])
