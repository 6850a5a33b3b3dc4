"""How jobs come to their end, each once: state, last event, message, usage and attempt in one transaction."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from clipmill.errors import CancelledError, ClipmillError, ConflictError, TimeoutError  # noqa: A004 - the job's own
from clipmill.function.stages import Stage
from clipmill.jobs.ledger import attempts, callbacks, messages, rows, usage
from clipmill.jobs.ledger.backoff import ATTEMPT_PAUSES_S, Chance, pause
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.moments import iso
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.states import ACTIVE, State
from clipmill.jobs.ledger.tables import jobs
from clipmill.jobs.ledger.usage import Usage
from clipmill.jobs.outcome import Outcome, without_secrets

_UNLEASED: dict[str, Any] = {"lease_owner": None, "lease_until": None}


@dataclass(frozen=True)
class Ending:
    """What an attempt came to and what it used; ``draw`` stretches the pause before the next one."""

    outcome: Outcome
    used: Usage | None
    draw: Chance = field(repr=False)


def begin_publishing(connection: Connection, now: datetime, lease: Lease) -> JobRecord:
    """The last moment before outputs appear; `CancelledError` if the job was cancelled by then."""
    job = rows.worked_on(connection, lease)
    if job.cancel_requested:
        raise CancelledError(f"job {job.id} was cancelled before it could publish.")
    if job.state is State.PUBLISHING:
        return job
    told = (EventKind.STATE, {"state": State.PUBLISHING, "attempt": job.attempt})
    return rows.change(connection, job, now, told, state=State.PUBLISHING, stage=Stage.PUBLISHING)


def commit(connection: Connection, now: datetime, lease: Lease, ending: Ending) -> JobRecord:
    """The end of an attempt, as its holder tells it; once it has ended the job, to tell it again changes nothing.

    Success ends a job whose outputs are in place. A retryable error sets it back to wait while attempts are left
    and nobody asked to cancel; any other error ends it.
    """
    job = rows.held(connection, lease)
    if job.state.terminal:
        return job
    error = ending.outcome.error
    if error is None and job.state is not State.PUBLISHING:
        raise ConflictError(f"job {job.id} is {job.state}: begin_publishing comes before the outputs and the success.")
    attempts.end(connection, now, job, error)
    job = usage.charge(connection, now, job, ending.used)
    if error is None:
        return _succeed(connection, now, job, ending.outcome)
    if job.cancel_requested:
        error = _cancelled(job)
    wait = pause(ATTEMPT_PAUSES_S, job.attempt, ending.draw) if error.retryable else None
    if wait is None or job.attempt >= job.max_attempts:
        return _stop(connection, now, job, error)
    told = {"state": job.state, "attempt": job.attempt, "retry_at": iso(now + wait), "failure": error.to_json()}
    return _wait(connection, now, job, told, handle=None, run_after=now + wait)


def release(connection: Connection, now: datetime, lease: Lease, *, runs_on: bool, wait: timedelta) -> JobRecord:
    """Nobody holds the job from now on, and its attempt goes on with the next holder; or it ends, if it was to stop."""
    job = rows.worked_on(connection, lease)
    if job.cancel_requested and not runs_on:
        return _stop(connection, now, job, _cancelled(job))
    told = {"state": job.state, "attempt": job.attempt}
    return _wait(connection, now, job, told, handle=job.handle if runs_on else None, run_after=now + wait)


def cancel(connection: Connection, now: datetime, tenant: str, job_id: str) -> JobRecord:
    """Cancel a job that nobody works on, else ask its holder, or the next, to stop; asked again, nothing changes."""
    job = rows.read(connection, tenant, job_id, locked=True)
    if job.state.terminal or job.cancel_requested:
        return job
    if job.lease_owner is None and job.handle is None:
        return _stop(connection, now, job, _cancelled(job), cancel_requested_at=now)
    return rows.change(connection, job, now, None, cancel_requested_at=now)


def expire(connection: Connection, now: datetime) -> JobRecord | None:
    """Give up one job that nobody works on and whose time is over; None when there is none."""
    due = (
        select(jobs)
        .where(jobs.c.state.in_(ACTIVE), jobs.c.expires_at <= now)
        .where(jobs.c.lease_owner.is_(None), jobs.c.handle.is_(None))
        .order_by(jobs.c.expires_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(due).mappings().one_or_none()
    if row is None:
        return None
    job = JobRecord.of(row)
    late = TimeoutError(f"job {job.id} waited for a place until its time was over. Send it again, or allow more time.")
    return _stop(connection, now, job, late, state=State.EXPIRED)


def _wait(connection: Connection, now: datetime, job: JobRecord, told: dict[str, Any], **values: Any) -> JobRecord:
    """Nobody holds the job any more. A handle that is left says that its work runs on somewhere."""
    waits = {"lease_token": job.lease_token + 1, "stage": Stage.QUEUED} | _UNLEASED
    return rows.change(connection, job, now, (EventKind.STATE, told), **waits, **values)


def _cancelled(job: JobRecord) -> CancelledError:
    return CancelledError(f"job {job.id} was cancelled.")


def _succeed(connection: Connection, now: datetime, job: JobRecord, outcome: Outcome) -> JobRecord:
    result = outcome.wire()
    well = {"state": State.SUCCEEDED, "stage": Stage.DONE, "percent_tenths": 1000, "eta_s": None}
    return _finish(connection, now, job, **well, result=result, warnings=list(result.get("warnings", [])))


def _stop(connection: Connection, now: datetime, job: JobRecord, error: ClipmillError, **more: Any) -> JobRecord:
    cancelled = error.code == CancelledError.code
    state, stage = (State.CANCELLED, Stage.CANCELLED) if cancelled else (State.FAILED, Stage.FAILED)
    failure = without_secrets(error.to_json())
    attempts.end(connection, now, job, error)
    return _finish(connection, now, job, **{"state": state, "stage": stage, "failure": failure, "eta_s": None} | more)


def _finish(connection: Connection, now: datetime, job: JobRecord, **values: Any) -> JobRecord:
    told = {name: values[name] for name in ("state", "result", "failure") if name in values}
    told |= {"attempt": job.attempt, "progress": values.get("percent_tenths", job.percent_tenths) / 10}
    ended = rows.change(connection, job, now, (EventKind.DONE, told), finished_at=now, **_UNLEASED, **values)
    messages.tell_end(connection, now, ended)
    callbacks.note_end(connection, now, ended)
    return ended
