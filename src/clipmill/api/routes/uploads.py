"""Uploads in parts: begun, sent part by part here or to the store itself, resumed, completed or aborted."""

from datetime import datetime
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from clipmill.api.access import Caller
from clipmill.api.answers import answer, problems
from clipmill.api.bodies import body_of, described
from clipmill.api.conditions import tag_of
from clipmill.api.content_types import type_of
from clipmill.api.desk import Desk, Here
from clipmill.api.incoming import Expected, body_blocks, written
from clipmill.api.places import ObjectsReader, ObjectsWriter, writable
from clipmill.api.routes.objects import BYTES_BODY, ObjectView
from clipmill.api.tidying import tidying
from clipmill.api.together import Shared
from clipmill.api.traffic import OnTheWay
from clipmill.api.upload_shapes import CompletionBody, PartView, SentPart, UploadBody, UploadView
from clipmill.errors import InvalidRequestError, LimitExceededError
from clipmill.storage.incoming import SignsPuts, put_blocks
from clipmill.storage.uploads import MOST_PARTS, Upload, Uploads, part_bytes_for

router = APIRouter(prefix="/v1", tags=["uploads"], lifespan=tidying)

_A_PAGE = 1000

UploadId = Annotated[str, Path(max_length=100, json_schema_extra={"pattern": "^upl_[0-9a-f]{32}$"})]


async def _completion(request: Request, desk: Here) -> CompletionBody:
    """The body of a completion, which may be left out."""
    if "content-type" not in request.headers:
        return CompletionBody()
    return await body_of(CompletionBody)(request, desk)


@router.post(
    "/uploads",
    status_code=201,
    responses=problems(413, 415, 422, 503),
    response_model=UploadView,
    openapi_extra=described(UploadBody),
)
def begin_upload(
    caller: ObjectsWriter, desk: Here, body: Annotated[UploadBody, Depends(body_of(UploadBody))]
) -> Response:
    """Announce a file. Its parts may come in any order and several at a time, for a day."""
    writable(desk, caller, body.key)
    most = desk.service.limits.input_bytes
    if body.size > most:
        raise LimitExceededError(f"size: an object may have {most:,} bytes at most, got {body.size:,}.")
    announced = {
        "key": body.key,
        "size": body.size,
        "content_type": body.content_type or type_of(body.key),
        "part_bytes": part_bytes_for(body.size, body.part_size),
    }
    upload = Uploads(desk.service.store).begin(caller.tenant, announced)
    return answer(_view(desk, caller, upload, (0, _A_PAGE)), 201, {"Location": f"/v1/uploads/{upload.id}"})


@router.get("/uploads/{upload_id}", responses=problems(404, 422, 503), response_model=UploadView)
def get_upload(
    caller: ObjectsReader,
    desk: Here,
    upload_id: UploadId,
    after: Annotated[int, Query(ge=0, le=MOST_PARTS, description="parts behind this one")] = 0,
    limit: Annotated[int, Query(ge=1, le=_A_PAGE)] = _A_PAGE,
) -> Response:
    """Tell which parts are there, and where the others go: what an upload that was interrupted goes on with."""
    upload = Uploads(desk.service.store).find(caller.tenant, upload_id)
    return answer(_view(desk, caller, upload, (after, limit)))


@router.put(
    "/uploads/{upload_id}/parts/{number}",
    status_code=204,
    responses=problems(400, 404, 408, 413, 422, 503),
    response_class=Response,
    openapi_extra=BYTES_BODY,
)
async def put_part(
    *,
    request: Request,
    caller: ObjectsWriter,
    desk: Here,
    traffic: OnTheWay,
    upload_id: UploadId,
    number: Annotated[int, Path(ge=1, le=MOST_PARTS)],
) -> Response:
    """Send a part; sent again it takes the place of the one before."""
    store = desk.service.store
    uploads = Uploads(store)
    upload = await to_thread.run_sync(uploads.find, caller.tenant, upload_id)
    place = uploads.part_key(caller.tenant, upload, number)
    size = upload.part_size(number)
    expected = Expected.of(request, desk.service.limits.input_bytes, size)
    write = partial(put_blocks, store, place, content_type=upload.content_type, size=size)
    with traffic.uploading(caller.tenant):
        info = await written(body_blocks(request, expected), write, traffic.writing)
    return Response(status_code=204, headers={"ETag": tag_of(info)})


@router.post(
    "/uploads/{upload_id}:complete",
    responses=problems(404, 409, 413, 415, 422, 503),
    response_model=ObjectView,
    openapi_extra={"requestBody": described(CompletionBody)["requestBody"] | {"required": False}},  # pyright: ignore[reportOperatorIssue]
)
async def complete_upload(  # noqa: PLR0917
    caller: ObjectsWriter,
    desk: Here,
    traffic: OnTheWay,
    together: Shared,
    upload_id: UploadId,
    body: Annotated[CompletionBody, Depends(_completion)],
) -> Response:
    """Make the parts one object under its key; nothing else is left of the upload. Twins get one answer."""

    def complete() -> ObjectView:
        uploads = Uploads(desk.service.store)
        upload = uploads.find(caller.tenant, upload_id)
        if body.parts is not None:
            _check_sent(uploads, caller, upload, body.parts)
        return ObjectView.of(upload.key, uploads.complete(caller.tenant, upload, writable(desk, caller, upload.key)))

    async def completed() -> ObjectView:
        with traffic.uploading(caller.tenant):
            return await to_thread.run_sync(complete, limiter=traffic.writing)

    made = await together.once((caller.tenant, upload_id), completed)
    return answer(made, headers={"ETag": made.etag})


@router.post("/uploads/{upload_id}:abort", status_code=204, responses=problems(404, 422, 503), response_class=Response)
def abort_upload(caller: ObjectsWriter, desk: Here, upload_id: UploadId) -> Response:
    """Give an upload up; nothing is left of it."""
    uploads = Uploads(desk.service.store)
    uploads.abort(caller.tenant, uploads.find(caller.tenant, upload_id).id)
    return Response(status_code=204)


def _check_sent(uploads: Uploads, caller: Caller, upload: Upload, parts: list[SentPart]) -> None:
    """Whether the caller means the parts that are there: all of them, in order, as they were sent."""
    numbers = [part.number for part in parts]
    if numbers != list(range(1, upload.parts + 1)):
        raise InvalidRequestError(
            f"parts: expected the numbers 1 to {upload.parts} in order, got {len(numbers)}: {numbers[:20]}."
        )
    there = {number: tag_of(info) for number, info in uploads.received(caller.tenant, upload).items()}
    for part in parts:
        if part.etag is not None and part.number in there and part.etag.strip('"') != there[part.number].strip('"'):
            raise InvalidRequestError(
                f"part {part.number}: expected the ETag {there[part.number]}, got {part.etag!r}. Send the part again."
            )


def _view(desk: Desk, caller: Caller, upload: Upload, page: tuple[int, int]) -> UploadView:
    after, limit = page
    uploads = Uploads(desk.service.store)
    received = uploads.received(caller.tenant, upload)
    numbers = range(after + 1, min(after + limit, upload.parts) + 1)
    tags = {number: tag_of(info) for number, info in received.items()}
    last = after + limit
    expires: datetime = upload.expires_at
    return UploadView(
        id=upload.id,
        key=upload.key,
        size=upload.size,
        content_type=upload.content_type,
        part_size=upload.part_bytes,
        part_count=upload.parts,
        received=len(received),
        expires_at=expires,
        parts=[_part(desk, caller, upload, number, tags.get(number)) for number in numbers],
        after=last if last < upload.parts else None,
    )


def _part(desk: Desk, caller: Caller, upload: Upload, number: int, etag: str | None) -> PartView:
    store = desk.service.store
    key = Uploads(store).part_key(caller.tenant, upload, number)
    lasting = desk.options.links_last_s
    signed = store.sign_put(key, upload.content_type, lasting) if isinstance(store, SignsPuts) else None
    return PartView(
        number=number,
        offset=(number - 1) * upload.part_bytes,
        size=upload.part_size(number),
        url=signed.url if signed else f"/v1/uploads/{upload.id}/parts/{number}",
        headers=dict(signed.headers) if signed else {},
        needs_key=signed is None,
        etag=etag,
    )
