"""How far the work is, as its worker tells it: the bar never falls, and is full only when the job has succeeded."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.ledger import rows
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.record import JobRecord, Lease

_MOST_TENTHS = 999
_ENDS = frozenset({Stage.DONE, Stage.FAILED, Stage.CANCELLED})


def report(connection: Connection, now: datetime, lease: Lease, event: Event) -> JobRecord:
    """Take note of an event; one that was heard before, came too late or tells the end changes nothing."""
    job = rows.worked_on(connection, lease)
    if event.seq <= job.heard_seq or event.stage in _ENDS:
        return job
    tenths = max(job.percent_tenths, min(round(event.progress * 10), _MOST_TENTHS))
    values = {
        "stage": event.stage,
        "percent_tenths": tenths,
        "frames_done": event.frames_done,
        "frames_total": event.frames_total,
        "eta_s": event.eta_s,
        "heard_seq": event.seq,
    }
    return rows.change(connection, job, now, (EventKind.PROGRESS, _told(job, event, tenths)), **values)


def log(connection: Connection, now: datetime, lease: Lease, text: str) -> JobRecord:
    """Tell watchers a line for people."""
    return rows.change(connection, rows.worked_on(connection, lease), now, (EventKind.LOG, {"text": text}))


def _told(job: JobRecord, event: Event, tenths: int) -> dict[str, Any]:
    return event.to_json() | {"job_id": job.id, "seq": job.last_seq + 1, "progress": tenths / 10}
