"""Flow runs as the server tells of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from clipmill.jobs.job import Job
from clipmill.runners.prefect.api import Api
from clipmill.storage.redact import redact


class RunState(StrEnum):
    """Where Prefect says that a run stands."""

    SCHEDULED = "SCHEDULED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    CANCELLING = "CANCELLING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CRASHED = "CRASHED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        return self in {RunState.COMPLETED, RunState.FAILED, RunState.CRASHED, RunState.CANCELLED}


@dataclass(frozen=True)
class Run:
    """One run: its state, Prefect's words about it, and the job that it was made for, if it was one.

    ``queue`` is the id of the work queue that gave it away, if one did.
    """

    id: str
    state: RunState
    words: str
    job: Job | None
    queue: str | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        state: Mapping[str, Any] = told.get("state") or {}
        given = (told.get("parameters") or {}).get("job")
        job = Job.from_json(json.loads(given)) if isinstance(given, str) else None
        words = redact(str(state.get("message") or ""))[:300]
        kind = RunState(state.get("type") or RunState.SCHEDULED)
        return cls(str(told["id"]), kind, words, job, told.get("work_queue_id"))


def run(api: Api, run_id: str) -> Run | None:
    """How a run stands; None if the server has none of that id."""
    told = api.ask("GET", f"/flow_runs/{run_id}")
    return None if told is None else Run.of(told)


def of_ids(api: Api, ids: Sequence[str]) -> dict[str, Run]:
    """How some runs stand, 200 at most; those that the server does not know are left out."""
    told = api.ask("POST", "/flow_runs/filter", {"flow_runs": {"id": {"any_": ids}}}) or []
    found = map(Run.of, told)
    return {run.id: run for run in found}


def cancel(api: Api, run_id: str) -> None:
    """Ask for the end of a run; one that waits ends at once, one that has ended stays as it is."""
    state = {"type": RunState.CANCELLING.value, "name": "Cancelling"}
    api.ask("POST", f"/flow_runs/{run_id}/set_state", {"state": state})


def put_back(api: Api, run_id: str, wait_s: float, words: str) -> bool:
    """Have a run wait in its queue again, for so long at least; false if the server wants something else of it."""
    due = api.now() + timedelta(seconds=wait_s)
    details = {"scheduled_time": due.isoformat()}
    state = {"type": RunState.SCHEDULED.value, "message": words, "state_details": details}
    answer = api.ask("POST", f"/flow_runs/{run_id}/set_state", {"state": state})
    return answer is not None and answer["status"] == "ACCEPT"
