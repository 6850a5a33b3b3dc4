"""``render_part``: the pictures of some stretches of an output, to be joined with the others."""

from typing import Any

from clipmill.errors import InvalidRequestError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import Result
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Text
from clipmill.functions.splitting import PartMet, SplitRequest, Work
from clipmill.functions.writing import measured
from clipmill.media.parts import Run


class PartRequest(SplitRequest):
    """Some stretches of an output, and where the file with their pictures goes."""

    output_key: Text
    first: Count
    last: Count

    def run_of(self, work: Work) -> Run:
        """The stretches, which must be there."""
        if not 0 <= self.first < self.last <= len(work.weights):
            raise InvalidRequestError(
                f"first, last: expected a run within {len(work.weights)} stretches, got {self.first} to {self.last}; "
                "ask plan_parts for the parts",
                details={"field": "first"},
            )
        return Run(self.first, self.last)


class PartResult(Result):
    """A part of an output, to be handed to ``join_parts``."""

    part: PartMet


def run(request: PartRequest, context: Context) -> PartResult:
    """Render a part of a long output: pictures only, coded so that the parts join without another encode."""
    work = request.work(context)
    stretches = request.run_of(work)
    total = sum(work.weights[stretches.first : stretches.last])
    context.report(1, 1, Stage.PREPARING)
    path = context.new_file("part.mp4")
    met = work.write_part(stretches, path, lambda done: context.report(done, max(done, total), Stage.PROCESSING))
    context.report(1, 1, Stage.ENCODING)
    result = measured(path, request.output_key, work.encoder)
    context.publish(path, request.output_key)
    return PartResult(**result.model_dump(), part=PartMet.of(stretches, met))


def plan(request: PartRequest, context: Context) -> dict[str, Any]:
    """Which part ``run`` will draw."""
    work = request.work(context)
    stretches = request.run_of(work)
    frames = sum(work.weights[stretches.first : stretches.last])
    return {"stretches": len(work.weights), "first": stretches.first, "last": stretches.last, "frames": frames}


render_part = Function(
    name="render_part",
    version="1",
    request=PartRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=600),
)
