"""``process_video``: the one entry for editors that name the kind of job in the request."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from clipmill.errors import InvalidRequestError, UnknownJobTypeError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.job_types import COMPILATION, FUNCTION_NAMES, JobType
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import AnyResult
from clipmill.function.wire import Text, WireModel
from clipmill.functions.extract import extract_clips
from clipmill.functions.framing import process_framing
from clipmill.functions.overlay import render_overlay

_FUNCTIONS: Mapping[str, Function[Any]] = {each.name: each for each in (process_framing, render_overlay, extract_clips)}


class ProcessVideoRequest(WireModel):
    """A kind of job, its input and output, and the parameters of that kind."""

    aliases: ClassVar = {"input_key": ("input_video_key",)}

    job_type: Text
    input_key: Text
    output_key: Text
    params: dict[str, Any] = Field(default_factory=dict[str, Any])


def run(request: ProcessVideoRequest, context: Context) -> AnyResult:
    """Run the job type that the request names: framing, overlay or annotate."""
    kind = _kind(request)
    return _FUNCTIONS[FUNCTION_NAMES[kind]](_flat(request, kind), context)


def plan(request: ProcessVideoRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will do."""
    kind = _kind(request)
    function = _FUNCTIONS[FUNCTION_NAMES[kind]]
    return function.plan(function.parse(_flat(request, kind)), context)


def _kind(request: ProcessVideoRequest) -> JobType:
    try:
        return JobType(request.job_type)
    except ValueError:
        known = ", ".join(JobType)
        raise UnknownJobTypeError(f"job_type: expected one of {known}, got {request.job_type[:40]!r}") from None


def _flat(request: ProcessVideoRequest, kind: JobType) -> dict[str, Any]:
    for name in ("input_key", "output_key"):
        if request.params.get(name, getattr(request, name)) != getattr(request, name):
            raise InvalidRequestError(
                f"{name} is given twice, in the request and in params, with different values; send one"
            )
    defaults = COMPILATION if kind is JobType.ANNOTATE else {}
    return {**defaults, **request.params, "input_key": request.input_key, "output_key": request.output_key}


process_video = Function(
    name="process_video",
    version="1",
    request=ProcessVideoRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=300),
)
