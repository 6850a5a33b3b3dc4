"""``probe_media``: what a media file is, told by a child, because reading what strangers send is dangerous."""

from typing import Any

from clipmill.engines.probe import probe
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.results import PlanResult
from clipmill.function.wire import Text, WireModel


class ProbeRequest(WireModel):
    """Which file."""

    input_key: Text


def run(request: ProbeRequest, context: Context) -> PlanResult:
    """Tell what a media file is: streams, sizes, rates, duration, rotation, colour, chapters."""
    return PlanResult(plan=plan(request, context))


def plan(request: ProbeRequest, context: Context) -> dict[str, Any]:
    """The same words as ``clipmill probe --json``."""
    return probe(context.open(request.input_key)).to_json()


probe_media = Function(
    name="probe_media",
    version="1",
    request=ProbeRequest,
    run=run,
    plan=plan,
    needs=Needs(timeout_s=60, memory_gb=2),
)
