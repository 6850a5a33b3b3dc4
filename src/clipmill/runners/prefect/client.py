"""Sends jobs to a Prefect server, watches and cancels them, and comes back to them by their handles.

The server may forget a run, and two workers may carry one job out. What decides is in the store: the result kept
beside the output, and the outputs themselves.
"""

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from clipmill.errors import (
    CancelledError,
    ClipmillError,
    ConflictError,
    InvalidRequestError,
    WorkerLostError,
)
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
from clipmill.runners.prefect import runs
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.board import Board, Told
from clipmill.runners.prefect.deployables import JOB_FLOW, NAME
from clipmill.runners.prefect.handle import Handle
from clipmill.runners.prefect.looks import Looks
from clipmill.runners.prefect.queues import gpu_of
from clipmill.runners.prefect.runs import Run, RunState
from clipmill.settings import Settings

_LOG = logging.getLogger(__name__)

PLACES = 32
"""Jobs that are watched at a time; how many of them run is decided by the limits of the queues."""
LOOK_S = 1.0
_UNSURE_S = (1.0, 2.0, 4.0, 8.0, 15.0)
_ENDS = frozenset({Stage.DONE, Stage.FAILED, Stage.CANCELLED})
_NOT_DEPLOYED = f"the Prefect server has no deployment {JOB_FLOW}/{NAME}. Run `clipmill deploy prefect`."


class PrefectRunner(Carrier):
    """Jobs as runs of one deployment; they outlive this process. A job's id and attempt make a run one run."""

    name = "prefect"
    shared = True

    def __init__(self, settings: Settings, machine: Machine, look_s: float = LOOK_S) -> None:
        if not settings.prefect.url:
            raise InvalidRequestError("Prefect is not set up. Set PREFECT_API_URL, such as http://host:4200/api.")
        self.places = PLACES
        self._api = Api(settings.prefect)
        self._pool = settings.prefect.pool
        self._store = settings.store
        self._machine = machine
        self._results = StoredResults(machine.store)
        self._looks = Looks(self._api, look_s)
        self._look_s = look_s

    def check(self) -> None:
        """Raise unless the server answers and has the deployment; say so if nobody works there."""
        self._deployment()
        pool = self._api.ask("GET", f"/work_pools/{self._pool}")
        if pool is not None and pool.get("status") == "NOT_READY":
            _LOG.warning("no worker of the Prefect pool %s is online: jobs wait until one is started", self._pool)

    def handle_of(self, job: Job) -> None:
        """Only the server can tell: it gives the id."""
        del job

    def submit(self, job: Job, gate: Gate = open_gate) -> str:
        """Make a run for a job; while one is under way, it is that one. The gate is out of its reach."""
        del gate
        deployment = self._deployment()
        for attempt in count(1):
            run = self._made(deployment, job, attempt)
            if not self._has_ended(run):
                return self._taken(run, job)
        raise AssertionError("attempts are counted without end")

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        """What a job tells, for as long as it takes; a server that does not answer is asked again."""
        return self._followed(_parsed(handle), after)

    def cancel(self, handle: str) -> None:
        """Stop a job; one that nobody has begun ends at once, a worker sees the word within a second or two."""
        runs.cancel(self._api, _parsed(handle).run)

    def status(self, handle: str) -> Status:
        """Finished if the run or the store says so; no answer and no knowledge are unknown."""
        known = Handle.parse(handle)
        if known is None:
            return Status.UNKNOWN
        try:
            run = runs.run(self._api, known.run)
            if run is None:
                return Status.UNKNOWN if self._found(known) is None else Status.FINISHED
            return Status.FINISHED if self._has_ended(run) else Status.RUNNING
        except ClipmillError as fault:
            _LOG.warning("job %s: how it stands is unknown: %s", known.job_id, fault.message)
            return Status.UNKNOWN

    def close(self) -> None:
        """Jobs go on; the next process finds them by their handles."""
        self._looks.close()
        self._api.close()

    def _deployment(self) -> str:
        found = self._api.ask("GET", f"/deployments/name/{JOB_FLOW}/{NAME}")
        if found is None:
            raise InvalidRequestError(_NOT_DEPLOYED)
        return found["id"]

    def _made(self, deployment: str, job: Job, attempt: int) -> Run:
        """The run of that attempt, as it was made now or before."""
        asked = {
            # As text: the server reads templates in parameters that are objects.
            "parameters": {
                "job": json.dumps(job.to_json()),
                "store": self._store,
                "once": not self._machine.retry.pauses_s,
            },
            "name": job.id,
            "idempotency_key": f"{job.tenant}/{job.id}/{attempt}",
            "work_queue_name": gpu_of(job.function, self._machine.catalogue).value,
            "tags": [JOB_FLOW, f"function:{job.function}", f"tenant:{job.tenant}"],
        }
        told = self._api.ask("POST", f"/deployments/{deployment}/create_flow_run", asked)
        if told is None:
            raise InvalidRequestError(_NOT_DEPLOYED)
        return Run.of(told)

    def _taken(self, run: Run, job: Job) -> str:
        if run.job is None or run.job.digest != job.digest:
            raise ConflictError(
                f"job {job.id} is already known with another request. Send a new job_id, or the same request."
            )
        return str(Handle.of(run.id, job))

    def _has_ended(self, run: Run) -> bool:
        """A run tells its outcome a moment before Prefect hears of its end."""
        if run.state in {RunState.SCHEDULED, RunState.PENDING}:
            return False
        return run.state.is_final or self._told(run.id).outcome is not None

    def _told(self, run_id: str) -> Told:
        return Board(self._api, run_id).told()

    def _followed(self, handle: Handle, after: int) -> Iterator[Event | Outcome]:
        last = _queued(handle)
        if after < 1:
            yield last
        seen = max(after, 1)
        with self._looks.following(handle.run):
            while True:
                told, outcome = self._looked(handle)
                for event in told.events:
                    last = event
                    if event.seq > seen:
                        yield event
                        seen = event.seq
                if outcome is not None:
                    if last.stage not in _ENDS:
                        yield _end(last, seen + 1, outcome)
                    yield outcome
                    return
                time.sleep(self._look_s)

    def _looked(self, handle: Handle) -> tuple[Told, Outcome | None]:
        """What was told, and the end if there is one; asked until somebody answers."""
        pauses_s = iter(_UNSURE_S)
        while True:
            try:
                seen = self._looks.look(handle.run)
                return seen.told, seen.told.outcome or self._judged(handle, seen.run)
            except CancelledError:
                raise
            except ClipmillError as fault:
                _LOG.warning("how job %s stands is not known for now: %s", handle.job_id, fault.message)
                time.sleep(next(pauses_s, _UNSURE_S[-1]))

    def _judged(self, handle: Handle, run: Run | None) -> Outcome | None:
        """What the end of a run means whose worker told none; the store is asked first."""
        if run is not None and not run.state.is_final:
            return None
        if (known := self._found(handle)) is not None:
            return known
        if run is None:
            fault: ClipmillError = WorkerLostError(
                f"the Prefect server knows nothing of job {handle.job_id}, and no result is kept."
            )
        elif run.state is RunState.CANCELLED:
            fault = CancelledError(f"job {handle.job_id} was cancelled.")
        else:
            fault = WorkerLostError(f"job {handle.job_id}: its run is {run.state} and tells no outcome: {run.words}")
        return Outcome(error=fault)

    def _found(self, handle: Handle) -> Outcome | None:
        """The result kept in the store."""
        try:
            return self._results.recall(handle.tenant, handle.job_id, handle.digest)
        except ConflictError:
            return None


def _parsed(text: str) -> Handle:
    handle = Handle.parse(text)
    if handle is None:
        raise InvalidRequestError(f"{text!r:.140} is no handle of a job on Prefect. Send the job again.")
    return handle


def _queued(handle: Handle) -> Event:
    """The first event, which nobody over there can tell: no worker has the run yet."""
    return Event(handle.job_id, 1, _now(), Stage.QUEUED, 0.0, MESSAGES[Stage.QUEUED])


def _end(last: Event, seq: int, outcome: Outcome) -> Event:
    """The last event of a job whose worker could not tell it."""
    if outcome.error is None:
        return Event(last.job_id, seq, _now(), Stage.DONE, 100.0, MESSAGES[Stage.DONE])
    stage = Stage.CANCELLED if isinstance(outcome.error, CancelledError) else Stage.FAILED
    return Event(last.job_id, seq, _now(), stage, last.progress, outcome.wire()["error"])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
