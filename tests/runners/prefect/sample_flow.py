"""The flow that the tests deploy: the sample functions on the same worker as the real ones."""

import time
from pathlib import Path
from typing import Any

from tests.contracts.runner_contract import OFFERED
from tests.jobs.sample_functions import Answer, Request

from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.stages import Stage
from clipmill.functions.catalog import CATALOG
from clipmill.runners.prefect.flows import job_flow
from clipmill.runners.prefect.worker import Worker


def _stay_once(request: Request, context: Context) -> Answer:
    """Stay for ever the first time, publish when begun once more."""
    begun = Path(request.path)
    with begun.open("a") as file:
        file.write("x")
    while len(begun.read_text()) == 1:
        context.report(7, 1000, Stage.PROCESSING)
        time.sleep(0.1)
    target = context.new_file("late.mp4")
    target.write_text("at last")
    context.publish(target, request.output_key)
    return Answer(output_key=request.output_key)


def _plan(request: Request, context: Context) -> dict[str, Any]:
    del request, context
    return {}


stay_once = Function(
    name="stay_once", version="1", request=Request, run=_stay_once, plan=_plan, needs=Needs(gpu=Gpu.SMALL)
)

KNOWN = {**CATALOG, **OFFERED, "stay_once": f"{__name__}:stay_once"}
clipmill_job = job_flow(Worker(KNOWN))
