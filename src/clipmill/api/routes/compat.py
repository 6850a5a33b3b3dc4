"""Exports as editors post them: a form with videos, or JSON; how they stand comes over a WebSocket."""

import asyncio
import re
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response, WebSocket
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from clipmill.api.access import Caller, JobsReader, JobsWriter
from clipmill.api.answers import answer, problems
from clipmill.api.bodies import read_bytes
from clipmill.api.desk import Desk, Here
from clipmill.api.export_sources import ExportSources
from clipmill.api.export_status import ExportStatus
from clipmill.api.exports import Export, find_export, from_form, from_json
from clipmill.api.forms import FormPart, form_parts
from clipmill.api.incoming import Expected, blocks_of, written
from clipmill.api.journal import LOG
from clipmill.api.leaving import while_there
from clipmill.api.places import writable
from clipmill.api.traffic import OnTheWay, Traffic
from clipmill.api.visit import visit_of
from clipmill.errors import BodyTooLargeError, ClipmillError, InvalidRequestError, LimitExceededError
from clipmill.function.job_types import JobType
from clipmill.function.strict_json import read_object
from clipmill.jobs.ledger.record import JobRecord
from clipmill.storage.incoming import put_blocks

router = APIRouter(tags=["exports"])

FIELDS = frozenset({"export_id", "multi_clip_data_json", "include_audio", "target_fps", "project_id", "project_name"})
_VIDEO = re.compile(r"video_(\d{1,4})")
_ENDED = 1000
_FORM_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["export_id", "multi_clip_data_json"],
                    "properties": {name: {"type": "string"} for name in sorted(FIELDS)},
                    "patternProperties": {r"^video_\d{1,4}$": {"type": "string", "format": "binary"}},
                    "additionalProperties": False,
                }
            }
        },
    }
}
_JSON_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
_RUNNING: set[asyncio.Task[None]] = set()
"""Tasks that nobody else holds."""


class Accepted(BaseModel):
    """An export that was taken on; ``WS /ws/export/{export_id}`` tells how it stands."""

    status: str = "accepted"
    export_id: str


@router.post(
    "/api/export/multi-clip",
    status_code=202,
    responses=problems(400, 408, 409, 413, 415, 422, 503),
    response_model=Accepted,
    openapi_extra=_FORM_BODY,
)
async def export_multi_clip(request: Request, caller: JobsWriter, desk: Here, traffic: OnTheWay) -> Response:
    """Export several clips as one reel. Videos go straight to the store, and are deleted when the export has ended."""
    sources = ExportSources(desk.service.store, desk.service.ledger)
    form = _Form(desk, caller, traffic, sources)
    try:
        with traffic.uploading(caller.tenant):
            async for part in form_parts(request):
                await form.take(part)
        job, export = await run_in_threadpool(form.submit)
    except BaseException:
        await asyncio.shield(run_in_threadpool(sources.delete, caller.tenant, form.id))
        raise
    _begin(_deleted_at_the_end(desk, sources, form.id, job))
    return _accepted(request, export, job)


@router.post(
    "/api/export/{kind}",
    status_code=202,
    responses=problems(404, 409, 413, 415, 422, 503),
    response_model=Accepted,
    openapi_extra=_JSON_BODY,
)
async def export_video(request: Request, caller: JobsWriter, desk: Here, kind: JobType) -> Response:
    """Export one video: framing, overlay or annotate."""
    data = await read_bytes(request, desk.service.limits.body_bytes)

    def submit() -> tuple[JobRecord, Export]:
        export = from_json(kind, read_object(data, "body"))
        return export.submit(desk.service, caller.tenant), export

    job, export = await run_in_threadpool(submit)
    return _accepted(request, export, job)


@router.websocket("/ws/export/{export_id}")
async def tell_export(socket: WebSocket, caller: JobsReader, desk: Here, export_id: str) -> None:
    """Tell how an export stands, each time that changes, until it has ended."""
    job = await run_in_threadpool(find_export, desk.service, caller.tenant, export_id)
    visit_of(socket).job_id = job.id
    shown = ExportStatus.of(job)
    with desk.hub.watching(caller.tenant, [job], {job.id: job.last_seq}) as watch:
        await socket.accept()

        async def tell() -> None:
            await socket.send_json(shown.to_json())
            if not shown.done:
                async for page in watch.told(desk.options.heartbeat_s):
                    for told in page:
                        shown.take(told)
                    await socket.send_json(shown.to_json())
            await socket.close(_ENDED)

        await while_there(socket.receive, tell)


class _Form:
    """What has arrived of a form: its fields, and which of its videos are in the store."""

    def __init__(self, desk: Desk, caller: Caller, traffic: Traffic, sources: ExportSources) -> None:
        self.id = sources.new_form()
        self._desk = desk
        self._caller = caller
        self._traffic = traffic
        self._sources = sources
        self._fields: dict[str, str] = {}
        self._videos: dict[int, str] = {}
        self._room = desk.service.limits.body_bytes

    async def take(self, part: FormPart) -> None:
        """Read one part to its end."""
        video = _VIDEO.fullmatch(part.name)
        if video:
            await self._take_video(int(video[1]), part)
        elif part.name in FIELDS and part.name not in self._fields:
            self._fields[part.name] = await self._text(part)
        else:
            reason = "twice" if part.name in FIELDS else "which is unknown"
            raise InvalidRequestError(f"the form has the field {part.name!r:.80} {reason}. Known: {_known()}.")

    def submit(self) -> tuple[JobRecord, Export]:
        """The job of the form, and what was asked for."""
        if sorted(self._videos) != list(range(len(self._videos))):
            raise InvalidRequestError(
                f"videos: expected video_0, video_1 and so on, got the numbers {sorted(self._videos)}."
            )
        export = from_form(self._fields, [self._videos[index] for index in sorted(self._videos)])
        service, tenant = self._desk.service, self._caller.tenant
        job = export.submit(service, tenant)
        if self._videos:
            self._sources.belong_to(tenant, self.id, job.id)
        return job, export

    async def _take_video(self, index: int, part: FormPart) -> None:
        limits = self._desk.service.limits
        if index in self._videos or len(self._videos) >= limits.clips:
            raise LimitExceededError(f"video_{index}: expected each video once and {limits.clips} at most.")
        key = self._sources.key(self.id, index)
        target = writable(self._desk, self._caller, key)
        blocks = blocks_of(part.pieces, Expected(limits.input_bytes))
        write = partial(put_blocks, self._desk.service.store, target, content_type="video/mp4")
        await written(blocks, write, self._traffic.writing)
        self._videos[index] = key

    async def _text(self, part: FormPart) -> str:
        data = bytearray()
        async for piece in part.pieces:
            data += piece
            if len(data) > self._room:
                most = self._desk.service.limits.body_bytes
                raise BodyTooLargeError(
                    f"the fields of a form have {most:,} bytes at most. Send videos as video_0 and so on."
                )
        self._room -= len(data)
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise InvalidRequestError(f"{part.name}: expected UTF-8 text. Send it so.") from None


def _accepted(request: Request, export: Export, job: JobRecord) -> Response:
    visit_of(request).job_id = job.id
    return answer(Accepted(export_id=export.id), 202, {"Location": f"/v1/jobs/{job.id}"})


async def _deleted_at_the_end(desk: Desk, sources: ExportSources, form_id: str, job: JobRecord) -> None:
    """Delete the videos of a form as soon as nobody needs them; what is missed here is found when tidying up."""
    try:
        with desk.hub.watching(job.tenant, [job], {job.id: job.last_seq}) as watch:
            async for _ in watch.told(desk.options.heartbeat_s):
                pass
        await run_in_threadpool(_delete_if_over, desk, sources, form_id, job)
    except ClipmillError as fault:
        LOG.warning("the videos of a form are left for later", extra={"fields": {"job_id": job.id, "code": fault.code}})


def _delete_if_over(desk: Desk, sources: ExportSources, form_id: str, job: JobRecord) -> None:
    if desk.service.ledger.get(job.tenant, job.id).state.terminal:
        sources.delete(job.tenant, form_id)


def _begin(work: Any) -> None:
    task = asyncio.get_running_loop().create_task(work, name="clipmill-form")
    _RUNNING.add(task)
    task.add_done_callback(_RUNNING.discard)


def _known() -> str:
    return ", ".join(sorted(FIELDS)) + ", video_0 and so on"
