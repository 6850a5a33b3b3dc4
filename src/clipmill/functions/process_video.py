"""``process_video``: the one entry for editors that name the kind of job in the request."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from clipmill.errors import InvalidRequestError, UnknownJobTypeError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import AnyResult
from clipmill.function.wire import Text, WireModel
from clipmill.functions.framing import process_framing

JOB_TYPES: Mapping[str, Function[Any]] = {"framing": process_framing}
"""What each job type runs."""


class ProcessVideoRequest(WireModel):
    """A kind of job, its input and output, and the parameters of that kind."""

    aliases: ClassVar = {"input_key": ("input_video_key",)}

    job_type: Text
    input_key: Text
    output_key: Text
    params: dict[str, Any] = Field(default_factory=dict[str, Any])


def run(request: ProcessVideoRequest, context: Context) -> AnyResult:
    """Run the job type that the request names: framing."""
    function = _chosen(request)
    return function(_flat(request), context)


def plan(request: ProcessVideoRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will do."""
    function = _chosen(request)
    return function.plan(function.parse(_flat(request)), context)


def _chosen(request: ProcessVideoRequest) -> Function[Any]:
    function = JOB_TYPES.get(request.job_type)
    if function is None:
        raise UnknownJobTypeError(f"job_type: expected one of {', '.join(JOB_TYPES)}, got {request.job_type[:40]!r}")
    return function


def _flat(request: ProcessVideoRequest) -> dict[str, Any]:
    for name in ("input_key", "output_key"):
        if request.params.get(name, getattr(request, name)) != getattr(request, name):
            raise InvalidRequestError(
                f"{name} is given twice, in the request and in params, with different values; send one"
            )
    return {**request.params, "input_key": request.input_key, "output_key": request.output_key}


process_video = Function(
    name="process_video",
    version="1",
    request=ProcessVideoRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=300),
)
