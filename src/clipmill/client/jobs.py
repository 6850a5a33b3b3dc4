"""Jobs of a service: sent, planned, looked at, waited for, cancelled and retried."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from clipmill.client.calls import Call
from clipmill.client.patience import Patience, answered
from clipmill.client.steps import Give, Pause, Steps
from clipmill.client.views import RemoteJob, RemoteResult
from clipmill.errors import TimeoutError, TooManyWatchersError  # noqa: A004 - the job's own

_LONGEST_WAIT_S = 30
_PLAN_S = 60.0
_LOOK_EVERY_S = 2.0
_PAGE = 100


@dataclass(frozen=True)
class JobOptions:
    """What may be said of a job beside its function and request."""

    idempotency_key: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    priority: str | None = None
    runner: str | None = None
    webhook: str | None = None
    callback_url: str | None = None

    def body(self, function: str, request: Mapping[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in vars(self).items() if name != "idempotency_key"}
        return {"function": function, "request": request} | {name: value for name, value in said.items() if value}


def submit(patience: Patience, function: str, request: Mapping[str, Any], options: JobOptions) -> Steps[RemoteJob]:
    """Send a job. It has a key in any case, so that an answer that was lost makes no second job."""
    key = options.idempotency_key or secrets.token_hex(16)
    call = Call.post("/v1/jobs", options.body(function, request), **{"Idempotency-Key": key})
    reply = yield from answered(patience, call)
    return RemoteJob.of(reply.json())


def plan(patience: Patience, function: str, request: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """What a job would do."""
    body = Call.post("/v1/jobs:plan", JobOptions().body(function, request))
    call = Call(body.method, body.url, headers=body.headers, body=body.body, within_s=_PLAN_S)
    reply = yield from answered(patience, call)
    return reply.json()["plan"]


def job(patience: Patience, job_id: str) -> Steps[RemoteJob]:
    """A job as it stands."""
    reply = yield from answered(patience, Call("GET", path_of(job_id)))
    return RemoteJob.of(reply.json())


def jobs(patience: Patience, wanted: Mapping[str, str | None]) -> Steps[None]:
    """Give the jobs, newest first, however many pages they take."""
    query = {"limit": str(_PAGE)} | {name: value for name, value in wanted.items() if value}
    while True:
        page = (yield from answered(patience, Call("GET", "/v1/jobs", query))).json()
        for each in page["jobs"]:
            yield Give(RemoteJob.of(each))
        if page["cursor"] is None:
            return
        query["cursor"] = page["cursor"]


def cancel(patience: Patience, job_id: str) -> Steps[RemoteJob]:
    """Cancel a job."""
    reply = yield from answered(patience, Call("POST", path_of(job_id, ":cancel")))
    return RemoteJob.of(reply.json())


def retry(patience: Patience, job_id: str) -> Steps[RemoteJob]:
    """Do again what a stopped job was asked for."""
    reply = yield from answered(patience, Call("POST", path_of(job_id, ":retry")))
    return RemoteJob.of(reply.json())


def wait(patience: Patience, job_id: str, timeout_s: float | None) -> Steps[RemoteJob]:
    """The job once it has ended, as soon as it has."""
    until = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        left_s = _LONGEST_WAIT_S if until is None else until - time.monotonic()
        found = yield from _looked(patience, job_id, min(_LONGEST_WAIT_S, int(left_s)))
        if found.ended:
            return found
        if until is not None and time.monotonic() >= until:
            raise TimeoutError(
                f"job {job_id} is {found.state} after {timeout_s:g} s, at {found.percent:g} %. It goes on."
            )


def result(patience: Patience, job_id: str, timeout_s: float | None) -> Steps[RemoteResult]:
    """What a job returned, once it has ended; its error raised if it failed."""
    found = yield from wait(patience, job_id, timeout_s)
    if found.error is not None:
        raise found.error
    reply = yield from answered(patience, Call("GET", path_of(job_id, "/result")))
    return RemoteResult.of(reply.json())


def path_of(job_id: str, rest: str = "") -> str:
    """Where a job is."""
    return f"/v1/jobs/{quote(job_id, safe='')}{rest}"


def _looked(patience: Patience, job_id: str, wait_s: int) -> Steps[RemoteJob]:
    """The job when it has ended, or after so long; asked now and then if the service lets nobody else wait."""
    if wait_s < 1:
        return (yield from job(patience, job_id))
    headers = {"Prefer": f"wait={wait_s}"}
    try:
        reply = yield from answered(patience, Call("GET", path_of(job_id), headers=headers, within_s=wait_s + 30.0))
    except TooManyWatchersError:
        yield Pause(min(wait_s, _LOOK_EVERY_S))
        return (yield from job(patience, job_id))
    found = RemoteJob.of(reply.json())
    if not found.ended and "preference-applied" not in reply.headers:
        yield Pause(min(wait_s, _LOOK_EVERY_S))
    return found
