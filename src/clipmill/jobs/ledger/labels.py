"""The callers' own names for jobs, kept beside them so that a job is found by one."""

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select

from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.tables import jobs, labels


def note(connection: Connection, tenant: str, job_id: str, given: Mapping[str, str]) -> None:
    """Write down the labels of a new job."""
    rows = [{"job_id": job_id, "tenant": tenant, "name": name, "value": value} for name, value in given.items()]
    if rows:
        connection.execute(insert(labels), rows)


def latest(connection: Connection, tenant: str, name: str, value: str) -> JobRecord | None:
    """The newest job of a tenant with this label."""
    named = select(labels.c.job_id).where(labels.c.tenant == tenant, labels.c.name == name, labels.c.value == value)
    query = select(jobs).where(jobs.c.id.in_(named)).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else JobRecord.of(row)
