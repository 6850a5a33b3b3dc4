"""What jobs made."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response

from clipmill.api.access import JobsReader
from clipmill.api.answers import answer, problems
from clipmill.api.desk import Desk, Here
from clipmill.api.routes.jobs import JobId
from clipmill.api.shapes import Output, ResultView
from clipmill.errors import ConflictError
from clipmill.jobs.ledger.record import JobRecord
from clipmill.storage.keys import full_key
from clipmill.storage.store import SignsUrls

router = APIRouter(prefix="/v1/jobs", tags=["results"])


@router.get("/{job_id}/result", responses=problems(404, 409), response_model=ResultView)
def get_result(caller: JobsReader, desk: Here, job_id: JobId) -> Response:
    """Tell what a job returned, with links to the objects that it wrote; 409 until there is something to tell."""
    job = desk.service.ledger.get(caller.tenant, job_id)
    if job.result is None:
        raise ConflictError(_why_not(job))
    outputs = [Output(key=key, url=_link(desk, caller.tenant, key)) for key in dict.fromkeys(_keys(job.result))]
    return answer(ResultView(id=job.id, result=dict(job.result), outputs=outputs))


def _why_not(job: JobRecord) -> str:
    if job.failure is None:
        return f"job {job.id} is {job.state}: there is no result yet. Ask again when it has succeeded."
    return f"job {job.id} is {job.state} and has no result: {job.failure.get('error', 'no reason is known')}"


def _keys(result: Mapping[str, Any]) -> Iterator[str]:
    for written in (result, *result.get("clips", ())):
        if isinstance(written, Mapping) and isinstance(key := written.get("output_key"), str):
            yield key


def _link(desk: Desk, tenant: str, key: str) -> str:
    """Where the store itself serves the object, else where we do."""
    store, machine = desk.service.store, desk.service.machine
    full = full_key(tenant, key, machine.shared_prefixes)
    signed = store.sign_get(full, desk.options.links_last_s) if isinstance(store, SignsUrls) else None
    return signed or f"/v1/objects/{quote(key)}"
