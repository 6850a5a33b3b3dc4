"""Who works on what: leases on jobs that wait, renewed while the work goes on, taken over when they ran out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from clipmill.errors import WorkerLostError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.ledger import attempts, rows
from clipmill.jobs.ledger.database import one_at_a_time
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.moments import microseconds, since_start
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.states import ACTIVE, State
from clipmill.jobs.ledger.tables import jobs
from clipmill.jobs.ledger.tiers import BASE, HIGHEST, HIGHEST_BONUS, POINT

_WORKING = (State.RUNNING, State.PUBLISHING)
"""Named beside the lease in every query: their index leaves out the many jobs that have ended."""


@dataclass(frozen=True)
class Capacity:
    """How much a runner takes at a time: jobs for each class of GPU, and jobs of one tenant (None: no bound).

    The places of a ``shared`` runner, a cloud, are counted over all who lease for it; else each owner has its own.
    """

    runner: str
    places: Mapping[Gpu, int]
    per_tenant: int | None = None
    shared: bool = True


def take(connection: Connection, now: datetime, owner: str, capacity: Capacity, span: timedelta) -> Lease | None:
    """The next job for this runner; None when nothing waits or nothing is free.

    It is begun as a new attempt, unless the last one was given back: that goes on. The highest priority goes first; among equals the tenant with the least work under way, then the oldest job.
    """
    one_at_a_time(connection, "clipmill.ledger.lease")
    free = _free(connection, owner, capacity)
    row = connection.execute(_next(now, free, capacity)).mappings().one_or_none() if free else None
    return None if row is None else _begin(connection, now, JobRecord.of(row), (owner, capacity.runner, span))


def renew(connection: Connection, now: datetime, lease: Lease, span: timedelta) -> Lease:
    """The same lease for longer; its job tells whether it is to be stopped."""
    job = rows.change(connection, rows.worked_on(connection, lease), now, None, lease_until=now + span)
    return Lease(job, lease.owner, lease.token)


def keep_handle(connection: Connection, now: datetime, lease: Lease, handle: str) -> JobRecord:
    """Write down by which handle the work can be found again, before it starts."""
    job = rows.worked_on(connection, lease)
    attempts.keep_handle(connection, job, handle)
    return rows.change(connection, job, now, None, handle=handle)


def take_over(
    connection: Connection, now: datetime, owner: str, span: timedelta, held: Collection[str]
) -> Lease | None:
    """The lease that ran out first, with a new token; its old holder has lost it. Not one of the jobs ``held``.

    Attempt and handle are those of the old holder, whose work may go on; if it does not, `begin_again`.
    """
    over = (
        select(jobs)
        .where(jobs.c.state.in_(_WORKING), jobs.c.lease_until <= now, jobs.c.id.not_in(held))
        .order_by(jobs.c.lease_until, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(over).mappings().one_or_none()
    if row is None:
        return None
    token = row["lease_token"] + 1
    mine = {"lease_owner": owner, "lease_token": token, "lease_until": now + span}
    return Lease(rows.change(connection, JobRecord.of(row), now, None, **mine), owner, token, inherited=True)


def begin_again(connection: Connection, now: datetime, lease: Lease) -> JobRecord:
    """A new attempt under the same lease, as the inherited one is lost; `WorkerLostError` if it was the last one."""
    job = rows.worked_on(connection, lease)
    lost = WorkerLostError(
        f"job {job.id}: the process that worked on it died in attempt {job.attempt} of {job.max_attempts}. "
        "If that happens again, try a smaller request or a machine with more memory."
    )
    if job.attempt >= job.max_attempts:
        raise lost
    attempts.end(connection, now, job, lost)
    begun = attempts.begin(connection, now, job, lease.owner, job.runner or "")
    return rows.change(connection, job, now, _told(job.state, begun), **begun)


def _free(connection: Connection, owner: str, capacity: Capacity) -> list[Gpu]:
    """The classes of GPU for which there is a place."""
    taken = select(jobs.c.gpu, func.count().label("jobs")).where(
        jobs.c.state.in_(_WORKING), jobs.c.lease_owner.is_not(None), jobs.c.runner == capacity.runner
    )
    if not capacity.shared:
        taken = taken.where(jobs.c.lease_owner == owner)
    counts: dict[Gpu, int] = {row.gpu: row.jobs for row in connection.execute(taken.group_by(jobs.c.gpu))}
    return [gpu for gpu, most in capacity.places.items() if counts.get(gpu, 0) < most]


def _next(now: datetime, free: list[Gpu], capacity: Capacity) -> Select[Any]:
    under_way = _under_way()
    share = func.coalesce(under_way.c.jobs, 0)
    query = (
        select(jobs)
        .outerjoin(under_way, under_way.c.tenant == jobs.c.tenant)
        .where(
            jobs.c.state.in_(ACTIVE),
            jobs.c.lease_owner.is_(None),
            jobs.c.run_after <= now,
            jobs.c.gpu.in_(free),
            or_(jobs.c.runner.is_(None), jobs.c.runner == capacity.runner),
            or_(jobs.c.expires_at.is_(None), jobs.c.expires_at > now),
        )
        .order_by(_priority(now).desc(), share, jobs.c.created_at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=jobs)
    )
    return query if capacity.per_tenant is None else query.where(share < capacity.per_tenant)


def _under_way() -> Subquery:
    """How many jobs of each tenant somebody works on."""
    leased = jobs.alias("leased")
    counted = select(leased.c.tenant, func.count().label("jobs")).group_by(leased.c.tenant)
    return counted.where(leased.c.state.in_(_WORKING), leased.c.lease_owner.is_not(None)).subquery("under_way")


def _priority(now: datetime) -> ColumnElement[int]:
    """`tiers.priority`, counted by the database."""
    age = literal(since_start(now), BigInteger) - type_coerce(jobs.c.created_at, BigInteger)
    points = age // literal(microseconds(POINT), BigInteger)
    bonus = case((points < 0, 0), (points > HIGHEST_BONUS, HIGHEST_BONUS), else_=points)
    whole = case(*((jobs.c.tier == tier, base) for tier, base in BASE.items()), else_=0) + bonus
    return case((whole > HIGHEST, HIGHEST), else_=whole)


def _begin(connection: Connection, now: datetime, job: JobRecord, holder: tuple[str, str, timedelta]) -> Lease:
    owner, runner, span = holder
    token = job.lease_token + 1
    mine: dict[str, Any] = {"lease_owner": owner, "lease_token": token, "lease_until": now + span}
    if attempts.goes_on(connection, job):
        begun = {"attempt": job.attempt, "runner": runner, "stage": Stage.STARTING}
    else:
        begun = attempts.begin(connection, now, job, owner, runner)
    state = State.RUNNING if job.state is State.QUEUED else job.state
    mine |= begun | {"state": state, "started_at": job.started_at or now}
    held = rows.change(connection, job, now, _told(state, begun), **mine)
    return Lease(held, owner, token, inherited=held.handle is not None)


def _told(state: State, begun: Mapping[str, Any]) -> rows.Told:
    return (EventKind.STATE, {"state": state, "attempt": begun["attempt"], "runner": begun["runner"]})
