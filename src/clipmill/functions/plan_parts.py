"""``plan_parts``: how a long output is shared out to workers."""

from typing import Annotated, Any

from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.results import PlanResult
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, between
from clipmill.functions.render_part import render_part
from clipmill.functions.splitting import SplitRequest
from clipmill.media.parts import part_count, parts

MOST_PARTS = 1000


class PartsRequest(SplitRequest):
    """A call to be rendered in so many parts, or fewer where it is short; in parts of a minute unless it says so."""

    parts: Annotated[Count, between(1, MOST_PARTS)] | None = None


def run(request: PartsRequest, context: Context) -> PlanResult:
    """Tell how an output is shared out to parts, and what each of them depends on."""
    return PlanResult(plan=plan(request, context))


def plan(request: PartsRequest, context: Context) -> dict[str, Any]:
    """The parts with their frames, and what their pictures depend on."""
    work = request.work(context)
    context.report(1, 1, Stage.PREPARING)
    count = request.parts or min(part_count(work.weights, request.stretch_s), MOST_PARTS)
    version = f"{request.splittable.function.version}.{render_part.version}"
    return {
        "function": request.function,
        # Every worker must encode alike: what "auto" means is settled once, here.
        "request": request.request | {"encoder": work.encoder},
        "stretch_s": float(request.stretch_s),
        "output_key": work.output_key,
        "frames": sum(work.weights),
        "stretches": len(work.weights),
        "parts": [
            {"first": run.first, "last": run.last, "frames": sum(work.weights[run.first : run.last])}
            for run in parts(work.weights, count)
        ],
        "depends_on": {"version": version, "inputs": list(work.inputs), "canonical": dict(work.canonical)},
    }


plan_parts = Function(
    name="plan_parts",
    version="1",
    request=PartsRequest,
    run=run,
    plan=plan,
    needs=Needs(timeout_s=120, memory_gb=2),
)
