"""What happens to jobs, told as it happens: Server-Sent Events, and the same messages over WebSocket."""

import re
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response, WebSocket
from starlette.concurrency import run_in_threadpool

from clipmill.api.access import JobsReader
from clipmill.api.answers import problems
from clipmill.api.desk import Desk, Here
from clipmill.api.event_stream import MEDIA_TYPE, EventStream, all_told, places
from clipmill.api.leaving import while_there
from clipmill.api.routes.jobs import JobId
from clipmill.api.shapes import JOB_ID
from clipmill.api.told import Told
from clipmill.api.visit import visit_of
from clipmill.errors import InvalidRequestError, NotFoundError
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.record import JobRecord

router = APIRouter(tags=["events"])

MOST_JOBS = 50
_ENDED = 1000

LastId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=1000)]
_EVENT = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "send it back as Last-Event-ID to go on behind this event"},
        "event": {"enum": [kind.value for kind in EventKind]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
_ANSWERS = {
    200: {"description": "events until the jobs have ended", "content": {MEDIA_TYPE: {"schema": _EVENT}}},
    204: {"description": "the jobs have ended, and you were told all of it"},
}


@router.get(
    "/v1/jobs/{job_id}/events", status_code=200, responses=_ANSWERS | problems(404, 422), response_class=EventStream
)
async def stream_job(caller: JobsReader, desk: Here, job_id: JobId, last_id: LastId = None) -> Response:
    """Stream what happens to a job: `state`, `progress`, `log`, and `done` as the last one."""
    return await _stream(desk, caller.tenant, [job_id], last_id)


@router.get("/v1/events", status_code=200, responses=_ANSWERS | problems(404, 422), response_class=EventStream)
async def stream_jobs(
    caller: JobsReader,
    desk: Here,
    jobs: Annotated[str, Query(description=f"ids of up to {MOST_JOBS} jobs, joined by commas", max_length=2000)],
    last_id: LastId = None,
) -> Response:
    """Stream what happens to several jobs on one connection. Name them in the same order to go on."""
    ids = list(dict.fromkeys(each.strip() for each in jobs.split(",")))
    if len(ids) > MOST_JOBS:
        wrong = f"jobs: expected at most {MOST_JOBS}, got {len(ids)}. Open a second connection for the rest."
        raise InvalidRequestError(wrong, details={"errors": [{"parameter": "jobs", "detail": "too many"}]})
    return await _stream(desk, caller.tenant, ids, last_id)


@router.websocket("/v1/ws/jobs/{job_id}")
async def tell_job(socket: WebSocket, caller: JobsReader, desk: Here, job_id: str, after: int = 0) -> None:
    """Tell what happens to a job behind event number ``after``, each event as one JSON message."""
    (job,) = await _known(desk, caller.tenant, [job_id])
    visit_of(socket).job_id = job_id
    seen = {job.id: max(min(after, job.last_seq), 0)}
    with desk.hub.watching(caller.tenant, [job], seen) as watch:
        await socket.accept()

        async def tell() -> None:
            async for page in watch.told(desk.options.heartbeat_s):
                desk.meters.events.inc(len(page))
                for told in page:
                    await socket.send_text(_message(told))
            await socket.close(_ENDED)

        await while_there(socket.receive, tell)


async def _stream(desk: Desk, tenant: str, ids: list[str], last_id: str | None) -> Response:
    jobs = await _known(desk, tenant, ids)
    seen = places(last_id, jobs)
    # An answer without events is how a browser learns not to come back.
    return Response(status_code=204) if last_id and all_told(jobs, seen) else EventStream(desk, tenant, jobs, seen)


async def _known(desk: Desk, tenant: str, ids: list[str]) -> list[JobRecord]:
    """The tenant's jobs of these ids; one that is not there fails them all."""

    def get() -> list[JobRecord]:
        for job_id in ids:
            if not re.fullmatch(JOB_ID, job_id):
                raise NotFoundError(f"there is no job {job_id!r:.140}. Check the id, and whose key asks.")
        return [desk.service.ledger.get(tenant, job_id) for job_id in ids]

    return await run_in_threadpool(get)


def _message(told: Told) -> str:
    return f'{{"event":"{told.kind.value}","id":"{told.seq}","data":{told.text}}}'
