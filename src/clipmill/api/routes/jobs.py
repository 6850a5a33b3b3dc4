"""Jobs: sent, planned, listed, looked at, cancelled and retried."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from clipmill.api.access import JobsReader, JobsWriter
from clipmill.api.answers import answer, problems, tagged
from clipmill.api.bodies import body_of, described
from clipmill.api.desk import Desk, Here
from clipmill.api.intake import check_addresses, checked, submission
from clipmill.api.leaving import while_there
from clipmill.api.shapes import JOB_ID, JobBody, JobPage, JobSummary, JobView, PlanView
from clipmill.api.visit import visit_of
from clipmill.errors import NotFoundError
from clipmill.jobs.ledger.listing import MOST_ON_A_PAGE, Wanted
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.states import State

router = APIRouter(prefix="/v1", tags=["jobs"])

LONGEST_WAIT_S = 60
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)


async def job_id_of(
    request: Request, job_id: Annotated[str, Path(json_schema_extra={"pattern": f"^{JOB_ID}$"})]
) -> str:
    """The id in the path; what can be no id stands for nothing."""
    if not re.fullmatch(JOB_ID, job_id):
        raise NotFoundError(f"there is no job {job_id!r:.140}. Check the id, and whose key asks.")
    visit_of(request).job_id = job_id
    return job_id


JobId = Annotated[str, Depends(job_id_of)]
AnyJob = Annotated[JobBody, Depends(body_of(JobBody))]
IdempotencyKey = Annotated[str | None, Header(pattern=r"^[\x21-\x7e]{1,255}$")]


class Listing(BaseModel):
    """Which jobs are wanted."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    function: str | None = Field(default=None, max_length=100)
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=MOST_ON_A_PAGE)


@router.post(
    "/jobs",
    status_code=202,
    responses=problems(409, 413, 415, 422),
    response_model=JobView,
    openapi_extra=described(JobBody),
)
def submit_job(
    request: Request, caller: JobsWriter, desk: Here, body: AnyJob, idempotency_key: IdempotencyKey = None
) -> Response:
    """Submit a job. The same Idempotency-Key with the same body is the same job for a day."""
    check_addresses(body, desk.options.webhooks)
    wanted = submission(desk.service, caller.tenant, body, idempotency_key)
    return _begun(request, desk, desk.service.ledger.submit(wanted, desk.service.limits.queued_jobs))


@router.post(
    "/jobs:plan", responses=problems(404, 413, 415, 422, 503), response_model=PlanView, openapi_extra=described(JobBody)
)
def plan_job(caller: JobsWriter, desk: Here, body: AnyJob) -> Response:
    """Tell what a job would do; nothing is rendered and no job is made."""
    check_addresses(body, desk.options.webhooks)
    checked(desk.service, caller.tenant, body)
    plan = desk.service.plan(body.function, body.request, caller.tenant)
    return answer(PlanView(function=body.function, plan=plan))


@router.get("/jobs", responses=problems(422), response_model=JobPage)
def list_jobs(caller: JobsReader, desk: Here, listing: Annotated[Listing, Query()]) -> Response:
    """List jobs, newest first, a page at a time."""
    page = desk.service.ledger.jobs(caller.tenant, Wanted(**listing.model_dump()))
    return answer(JobPage(jobs=[JobSummary.of(job) for job in page.jobs], cursor=page.cursor))


@router.get(
    "/jobs/{job_id}", responses={304: {"description": "you have it already"}} | problems(404), response_model=JobView
)
async def get_job(
    request: Request, caller: JobsReader, desk: Here, job_id: JobId, prefer: Annotated[str | None, Header()] = None
) -> Response:
    """Tell how a job stands. `Prefer: wait=30` answers when it has ended, or after 30 seconds."""
    job = await run_in_threadpool(desk.service.ledger.get, caller.tenant, job_id)
    wait_s = _wait_s(prefer)
    if not wait_s:
        return tagged(request, JobView.of(job))
    if not job.state.terminal:
        job = await _ended(request, desk, job, wait_s)
    return tagged(request, JobView.of(job), {"Preference-Applied": f"wait={wait_s}"})


@router.post("/jobs/{job_id}:cancel", status_code=202, responses=problems(404), response_model=JobView)
def cancel_job(caller: JobsWriter, desk: Here, job_id: JobId) -> Response:
    """Cancel a job; asked again, or when it has ended, nothing changes."""
    return answer(JobView.of(desk.service.cancel(caller.tenant, job_id)), 202)


@router.post("/jobs/{job_id}:retry", status_code=202, responses=problems(404, 409), response_model=JobView)
def retry_job(request: Request, caller: JobsWriter, desk: Here, job_id: JobId) -> Response:
    """Do again what a stopped job was asked for, as a job of its own; asked again, it is the same one."""
    again = desk.service.ledger.retry(caller.tenant, job_id, desk.service.limits.queued_jobs)
    return _begun(request, desk, again)


def _begun(request: Request, desk: Desk, job: JobRecord) -> Response:
    desk.service.wake()
    visit_of(request).job_id = job.id
    return answer(JobView.of(job), 202, {"Location": f"/v1/jobs/{job.id}"})


async def _ended(request: Request, desk: Desk, job: JobRecord, wait_s: int) -> JobRecord:
    """The job as it stands when it has ended, when the time is over, or when nobody waits any more."""
    with desk.hub.watching(job.tenant, [job], {job.id: job.last_seq}) as watch:

        async def wait() -> None:
            async for page in watch.told(wait_s):
                if not page:
                    return

        await while_there(request.receive, wait)
    return await run_in_threadpool(desk.service.ledger.get, job.tenant, job.id)


def _wait_s(prefer: str | None) -> int:
    """The wait that a caller prefers (RFC 7240), within ours."""
    asked = _WAIT.search(prefer or "")
    return min(int(asked[1]), LONGEST_WAIT_S) if asked else 0
