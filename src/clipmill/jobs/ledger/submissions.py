"""Jobs as they are sent: once each, however often a caller repeats itself."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from clipmill.errors import ConflictError, InvalidRequestError, TooManyJobsError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.ledger import callbacks, labels, rows
from clipmill.jobs.ledger.database import one_at_a_time
from clipmill.jobs.ledger.events import append
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.tables import idempotency_keys, jobs
from clipmill.jobs.ledger.tiers import Tier

MOST_ATTEMPTS = 3
KEYS_KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Submission:
    """What a caller asks for: ``function`` to ``labels``. The rest is what this deployment makes of it.

    ``runner`` None means any. A job that nobody works on at ``expires_at`` is given up.
    """

    function: str
    request: Mapping[str, Any]
    tenant: str
    runner: str | None = None
    tier: Tier = Tier.FREE
    webhook: str | None = None
    callback_url: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    idempotency_key: str | None = None
    function_version: str = ""
    gpu: Gpu = Gpu.NONE
    max_attempts: int = MOST_ATTEMPTS
    expires_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for two submissions with the same body."""
        body = [self.function, self.request, self.tenant, self.runner, self.tier, self.webhook, self.labels]
        if self.callback_url is not None:
            body.append(self.callback_url)
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def submit(connection: Connection, now: datetime, wanted: Submission, room: int | None) -> JobRecord:
    """A new job, or the job that this idempotency key stands for; `ConflictError` if that had another body.

    ``room`` bounds the jobs of a tenant that wait, None does not; what is there already needs none.
    """
    job = Job(new_job_id(), wanted.function, wanted.request, wanted.tenant)
    key = wanted.idempotency_key
    if key is None or (known := _claim_key(connection, now, wanted, key, job.id)) == job.id:
        _check_room(connection, wanted.tenant, room)
        return _insert(connection, now, job.id, wanted)
    return rows.read(connection, wanted.tenant, known)


def retry(connection: Connection, now: datetime, tenant: str, job_id: str, room: int | None) -> JobRecord:
    """A new job that does what a stopped one was asked for; while that is under way or did well, that one again."""
    job = rows.read(connection, tenant, job_id, locked=True)
    while (newer := _retry_of(connection, job)) is not None:
        job = rows.read(connection, tenant, newer, locked=True)
    if job.state.terminal and job.state is not State.SUCCEEDED:
        _check_room(connection, tenant, room)
        again = replace(_again(job), callback_url=callbacks.address_of(connection, job.id))
        return _insert(connection, now, new_job_id(), again, retry_of=job.id)
    if job.id == job_id:
        raise ConflictError(
            f"job {job.id} is {job.state}. Only a job that failed, was cancelled or expired is retried."
        )
    return job


def forget_keys(connection: Connection, now: datetime) -> None:
    """Drop the idempotency keys whose time is over."""
    connection.execute(delete(idempotency_keys).where(idempotency_keys.c.expires_at <= now))


def _check_room(connection: Connection, tenant: str, room: int | None) -> None:
    if room is None:
        return
    one_at_a_time(connection, f"clipmill.ledger.queue.{tenant}")
    queued = select(func.count()).where(jobs.c.tenant == tenant, jobs.c.state == State.QUEUED)
    if (waiting := connection.execute(queued).scalar_one()) >= room:
        raise TooManyJobsError(
            f"{waiting} jobs of this tenant wait, of {room} at most. Send more when some have ended."
        )


def _claim_key(connection: Connection, now: datetime, wanted: Submission, key: str, job_id: str) -> str:
    """The id of the job that the key stands for from now on, ``job_id`` itself if the key was free.

    One statement decides, so that of two twins the second waits for the first.
    """
    if not _KEY.fullmatch(key):
        raise InvalidRequestError(f"idempotency key {key!r:.300} is not 1 to 255 visible ASCII characters.")
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    table = idempotency_keys
    fresh = {"job_id": job_id, "fingerprint": wanted.fingerprint, "expires_at": now + KEYS_KEPT}
    claim = make(table).values(tenant=wanted.tenant, key=key, **fresh)
    over = claim.on_conflict_do_update(
        index_elements=[table.c.tenant, table.c.key], set_=fresh, where=table.c.expires_at <= now
    )
    connection.execute(over)
    known = connection.execute(select(table).where(table.c.tenant == wanted.tenant, table.c.key == key)).one()
    if known.fingerprint != wanted.fingerprint:
        raise ConflictError(
            f"idempotency key {key!r:.80} was sent before with another body, for job {known.job_id}. "
            "Send the same body, or another key."
        )
    return known.job_id


def _retry_of(connection: Connection, job: JobRecord) -> str | None:
    return connection.execute(select(jobs.c.id).where(jobs.c.retry_of == job.id)).scalar()


def _again(job: JobRecord) -> Submission:
    names = ("function", "request", "tenant", "runner", "tier", "webhook", "labels")
    same = Submission(**{name: getattr(job, name) for name in names})
    return replace(same, function_version=job.function_version, gpu=job.gpu, max_attempts=job.max_attempts)


def _insert(
    connection: Connection, now: datetime, job_id: str, wanted: Submission, retry_of: str | None = None
) -> JobRecord:
    if not 1 <= wanted.max_attempts <= MOST_ATTEMPTS:
        raise InvalidRequestError(f"max_attempts: expected 1 to {MOST_ATTEMPTS}, got {wanted.max_attempts}")
    asked = {
        "function": wanted.function,
        "function_version": wanted.function_version,
        "request": dict(wanted.request),
        "labels": dict(wanted.labels),
        "tier": wanted.tier,
        "gpu": wanted.gpu,
        "webhook": wanted.webhook,
        "max_attempts": wanted.max_attempts,
        "expires_at": wanted.expires_at,
        "runner": wanted.runner,
    }
    begun = {"state": State.QUEUED, "stage": Stage.QUEUED, "run_after": now, "warnings": [], "last_seq": 1}
    zero = dict.fromkeys(("attempt", "lease_token", "percent_tenths", "heard_seq", "gpu_ms", "cost_microusd"), 0)
    values = {"id": job_id, "tenant": wanted.tenant, "retry_of": retry_of, "created_at": now} | asked | begun | zero
    row = connection.execute(insert(jobs).values(**values).returning(*jobs.c)).mappings().one()
    labels.note(connection, wanted.tenant, job_id, wanted.labels)
    if wanted.callback_url is not None:
        callbacks.begin(connection, now, job_id, wanted.callback_url)
    append(connection, job_id, 1, now, (EventKind.STATE, {"state": State.QUEUED, "attempt": 0}))
    return JobRecord.of(row)
