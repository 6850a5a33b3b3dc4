"""What a worker is asked for: one of two inputs, each strict JSON.

An editor names a ``type`` (framing, overlay, annotate) and its source; any other caller names a ``function`` of the
catalogue and its request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from clipmill.errors import InvalidRequestError
from clipmill.function.overlay_shapes import OverlaySettings
from clipmill.function.wire import Count, Flag, Text, WireModel, between
from clipmill.functions.catalog import load_function
from clipmill.jobs.job import Job, new_job_id
from clipmill.storage.redact import redact

MOST_ATTEMPTS = 3
EFFECT, STROKE_WIDTH = "blur", 0
"""How an editor's overlays look here unless it says otherwise."""


@dataclass(frozen=True)
class Call:
    """A job, where its progress is told besides, and how often it may be tried; ``names_video`` is for editors."""

    job: Job
    callback_url: str | None
    attempts: int
    names_video: bool


class EditorInput(WireModel):
    """A kind of job, its source, and the parameters of that kind."""

    aliases: ClassVar = {"input_video_key": ("input_key",)}

    job_id: Text
    type: Text
    input_video_key: Text
    params: dict[str, Any] = Field(default_factory=dict[str, Any])
    callback_url: Text | None = None
    user_id: Text | None = None

    def call(self, tenant: str) -> Call:
        request = {
            "job_type": self.type,
            "input_key": self.input_video_key,
            "output_key": f"output/{self.job_id}/video.mp4",
            "params": _as_overlay(self.params) if self.type == "overlay" else self.params,
        }
        owner = tenant if self.user_id is None else self.user_id
        return Call(
            Job(self.job_id, "process_video", request, owner), self.callback_url, MOST_ATTEMPTS, names_video=True
        )


class FunctionInput(WireModel):
    """A function and its request."""

    function: Text
    request: dict[str, Any]
    job_id: Text | None = None
    callback_url: Text | None = None
    user_id: Text | None = None
    kept: Flag = True
    attempts: Annotated[Count, between(1, MOST_ATTEMPTS)] = MOST_ATTEMPTS

    def call(self, tenant: str) -> Call:
        owner = tenant if self.user_id is None else self.user_id
        job = Job(self.job_id or new_job_id(), self.function, self.request, owner, self.kept)
        return Call(job, self.callback_url, self.attempts, names_video=False)


def read_call(given: Any, tenant: str) -> Call:
    """The call in an input; ``tenant`` owns what names no ``user_id``."""
    if not isinstance(given, Mapping):
        raise InvalidRequestError(f"input: expected a JSON object, got {redact(repr(given)):.100}")
    return (FunctionInput if "function" in given else EditorInput).parse(given).call(tenant)


def _as_overlay(params: dict[str, Any]) -> dict[str, Any]:
    shape = load_function("render_overlay").request
    whole = _with_default(shape, params, "effect_type", EFFECT)
    place = next((name for name in whole if shape.spellings().get(name) == "overlay_settings"), "overlay_settings")
    settings = whole.get(place, {})
    if not isinstance(settings, dict):
        return whole
    return whole | {place: _with_default(OverlaySettings, settings, "stroke_width", STROKE_WIDTH)}


def _with_default(shape: type[WireModel], given: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """What was given goes before the default, under whatever spelling it came."""
    known = {shape.spellings().get(each) for each in given}
    return given if name in known else {**given, name: value}
