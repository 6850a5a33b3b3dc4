"""``join_parts``: the parts of an output put together by copying their packets, with the sound of the whole."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from clipmill.engines.made_stretches import MadeStretches, PartFile
from clipmill.errors import InvalidRequestError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.results import Result
from clipmill.function.wire import Count, Text, WireModel
from clipmill.functions.splitting import PartMet, SplitRequest
from clipmill.media.parts import Run


class JoinedPart(WireModel):
    """A rendered part: the ``part`` of its result, and the key of its file."""

    key: Text
    first: Count
    last: Count
    frames: Count
    concealed: Count = 0
    concealed_head: Count = 0
    concealed_tail: Count = 0
    concealed_in_a_row: Count = 0

    def file(self, context: Context) -> PartFile:
        met = PartMet.model_validate(self.model_dump(exclude={"key"}))
        return PartFile(context.open(self.key), Run(self.first, self.last), self.frames, met.met)


class JoinPartsRequest(SplitRequest):
    """What was rendered in parts, and the parts, in order."""

    parts: tuple[JoinedPart, ...]


def run(request: JoinPartsRequest, context: Context) -> Result:
    """Join rendered parts: pictures copied packet by packet, sound made once, as the function by itself would."""
    work = request.work(context)
    _check_tiling(request.parts, len(work.weights))
    files = [part.file(context) for part in request.parts]
    return work.written(context, MadeStretches(files) if files else None)


def plan(request: JoinPartsRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will join."""
    work = request.work(context)
    _check_tiling(request.parts, len(work.weights))
    return {"stretches": len(work.weights), "parts": len(request.parts), "frames": sum(work.weights)}


def _check_tiling(joined: Sequence[JoinedPart], stretches: int) -> None:
    edges = [(0, 0), *((part.first, part.last) for part in joined), (stretches, stretches)]
    gap = next((number for number, (left, right) in enumerate(pairwise(edges)) if left[1] != right[0]), None)
    if gap is not None:
        raise InvalidRequestError(
            f"parts: stretch {edges[gap][1]} is due at position {gap}, got {edges[gap + 1][0]}; "
            f"the parts must follow each other from stretch 0 to {stretches}",
            details={"field": "parts", "index": gap},
        )


join_parts = Function(
    name="join_parts",
    version="1",
    request=JoinPartsRequest,
    run=run,
    plan=plan,
    needs=Needs(timeout_s=600),
)
