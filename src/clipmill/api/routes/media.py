"""Media: what a file is, and one frame of it as the render code draws it."""

import hashlib
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel
from starlette.concurrency import run_in_threadpool

from clipmill.api.answers import answer, problems
from clipmill.api.conditions import is_known, tag_of
from clipmill.api.desk import Here
from clipmill.api.looking import FRAME, drawing, looked, probing
from clipmill.api.places import ObjectsReader, readable
from clipmill.api.traffic import OnTheWay
from clipmill.functions.catalog import load_function
from clipmill.storage.store import ObjectInfo

router = APIRouter(prefix="/v1/media", tags=["media"])

_LONGEST_S = 6 * 3600
_NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_PICTURE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_ERRORS = problems(404, 413, 422, 503, 504)
_FRAME = {
    200: {"description": "the frame", "content": {"image/png": _PICTURE, "image/jpeg": _PICTURE}},
    304: {"description": "you have it already"},
} | _ERRORS

Key = Annotated[str, Query(min_length=1, max_length=1024)]


class PictureFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"

    @property
    def file_name(self) -> str:
        return {PictureFormat.PNG: "frame.png", PictureFormat.JPEG: "frame.jpg"}[self]


class FrameQuery(BaseModel):
    """Which frame of which file. Without crop and size the whole picture is shown in its own size."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=1, max_length=1024)
    t: float = Field(default=0, ge=0, le=_LONGEST_S, allow_inf_nan=False, description="seconds into the file")
    crop: str | None = Field(
        default=None, pattern=rf"^{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}$", description="x,y,width,height"
    )
    size: str | None = Field(default=None, pattern=r"^\d{1,5}x\d{1,5}$", description="WIDTHxHEIGHT, even numbers")
    format: PictureFormat = PictureFormat.PNG

    def request(self) -> dict[str, Any]:
        """The request of `preview_frame`."""
        asked: dict[str, Any] = {
            "input_key": self.key,
            "output_key": self.format.file_name,
            "time": self.t,
            "fps": "source",
        }
        if self.crop:
            x, y, width, height = map(float, self.crop.split(","))
            asked["crop_keyframes"] = [{"time": 0, "x": x, "y": y, "width": width, "height": height}]
            asked |= _sized(2 * max(1, round(width / 2)), 2 * max(1, round(height / 2)))
        if self.size:
            asked |= _sized(*map(int, self.size.split("x")))
        # An overlay of nothing shows the whole picture, whatever its size.
        return asked if self.crop or self.size else asked | {"overlay": {}}


class ProbeView(RootModel[dict[str, JsonValue]]):
    """What `clipmill probe --json` tells: container, picture, sound, chapters, duration."""


@router.get("/probe", responses=_ERRORS, response_model=ProbeView)
async def probe_object(request: Request, caller: ObjectsReader, desk: Here, traffic: OnTheWay, key: Key) -> Response:
    """Tell what a media file is: streams, sizes, rates, duration, rotation, colour, chapters."""
    await run_in_threadpool(desk.service.store.head, readable(desk, caller, key))
    outcome = await looked(request.receive, traffic, probing(desk, caller, key))
    return answer(ProbeView(outcome.value()))


@router.get("/frame", responses=_FRAME, response_class=Response)
async def draw_frame(
    request: Request, caller: ObjectsReader, desk: Here, traffic: OnTheWay, query: Annotated[FrameQuery, Query()]
) -> Response:
    """Draw one frame with the code that renders, as PNG or JPEG. Its ETag stays while file and query do."""
    info = await run_in_threadpool(desk.service.store.head, readable(desk, caller, query.key))
    tagged = await run_in_threadpool(_tagged, info, query)
    headers = {"ETag": tag_of(tagged), "Cache-Control": "private, no-cache", "Vary": "Authorization, X-API-Key"}
    if "if-none-match" in request.headers and is_known(request.headers, tagged):
        return Response(status_code=304, headers=headers)
    asked = await run_in_threadpool(partial(_checked, query))
    taken: dict[str, bytes] = {}
    look, output = drawing(desk, caller, asked, taken)
    (await looked(request.receive, traffic, look)).value()
    return Response(taken[output], headers=headers, media_type=f"image/{query.format}")


def _checked(query: FrameQuery) -> dict[str, Any]:
    """The request, refused here if no file could make it right."""
    asked = query.request()
    load_function(FRAME).parse(asked)
    return asked


def _tagged(info: ObjectInfo, query: FrameQuery) -> ObjectInfo:
    """The picture as an object: another file, query or way to draw is another version."""
    told = f"{load_function(FRAME).version} {tag_of(info)} {query.model_dump_json()}"
    return ObjectInfo(info.key, info.size, hashlib.sha256(told.encode()).hexdigest()[:32], info.modified)


def _sized(width: int, height: int) -> dict[str, int]:
    return {"output_width": width, "output_height": height}
