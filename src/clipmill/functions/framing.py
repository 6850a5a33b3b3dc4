"""``process_framing``: one clip of a source, framed with a moving crop, trimmed, sped up or slowed down, turned."""

from typing import Any

from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import Result
from clipmill.functions.planning import ClipRequest
from clipmill.functions.rendering import render, told_plan


def run(request: ClipRequest, context: Context) -> Result:
    """Frame one clip: moving sub-pixel crop, trim, speed, rotation, in one encode."""
    return render(request, context)


def plan(request: ClipRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will draw."""
    return told_plan(request, context)


process_framing = Function(
    name="process_framing",
    version="1",
    request=ClipRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=600),
)
