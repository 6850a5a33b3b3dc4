"""What attempts used, each charged once.

Convention: whole milliseconds, bytes, and millionths of a dollar, so that sums are exact.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from clipmill.jobs.ledger import rows
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.tables import usage


@dataclass(frozen=True)
class Usage:
    """Of one attempt, or summed over many."""

    gpu_ms: int = 0
    output_ms: int = 0
    bytes: int = 0
    cost_microusd: int = 0


@dataclass(frozen=True)
class UsageTotal(Usage):
    """Of a tenant in a span of time; ``jobs`` is how many jobs had a share in it."""

    jobs: int = 0


def charge(connection: Connection, now: datetime, job: JobRecord, used: Usage | None) -> JobRecord:
    """Write down what the attempt under way used, and add it to its job."""
    if used is None:
        return job
    amounts = {field.name: getattr(used, field.name) for field in fields(Usage)}
    whose = {"job_id": job.id, "attempt": job.attempt, "tenant": job.tenant, "at": now}
    connection.execute(insert(usage).values(**whose, **amounts))
    sums = {"gpu_ms": job.gpu_ms + used.gpu_ms, "cost_microusd": job.cost_microusd + used.cost_microusd}
    return rows.change(connection, job, now, None, **sums)


def total(connection: Connection, tenant: str, since: datetime, until: datetime) -> UsageTotal:
    """What a tenant used from ``since`` up to but not including ``until``."""
    sums = [func.coalesce(func.sum(usage.c[field.name]), 0) for field in fields(Usage)]
    query = select(*sums, func.count(usage.c.job_id.distinct())).where(
        usage.c.tenant == tenant, usage.c.at >= since, usage.c.at < until
    )
    return UsageTotal(*(int(value) for value in connection.execute(query).one()))
