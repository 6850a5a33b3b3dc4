"""Functions that stay for a while, for each class of card, and the catalogue of the workers under test."""

import os
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


def _stay_once(request: Request, context: Context) -> Answer:
    """Stay until somebody else has begun too, or says so; then publish."""
    begun = Path(request.path)
    with begun.open("a") as file:
        file.write(f"{os.getpid()}\n")
    while len(begun.read_text().split()) == 1:
        context.report(7, 1000, Stage.PROCESSING)
        time.sleep(0.1)
    target = context.new_file("late.mp4")
    target.write_text("at last")
    context.publish(target, request.output_key)
    return Answer(output_key=request.output_key)


def _stay(request: Request, context: Context) -> Answer:
    """Stay for a second, and leave a file with the name of the job that tells from when to when."""
    began = time.monotonic()
    context.report(1, 2, Stage.PROCESSING)
    time.sleep(1)
    (Path(request.path) / f"{request.text}.span").write_text(f"{began} {time.monotonic()}")
    return Answer()


def _plan(request: Request, context: Context) -> dict[str, Any]:
    del request, context
    return {}


def _staying(gpu: Gpu) -> Function[Request]:
    return Function(name=f"stay_{gpu}", version="1", request=Request, run=_stay, plan=_plan, needs=Needs(gpu=gpu))


stay_none, stay_small, stay_medium, stay_large = map(_staying, Gpu)
stay_once = Function(
    name="stay_once", version="1", request=Request, run=_stay_once, plan=_plan, needs=Needs(gpu=Gpu.SMALL)
)
WAITING = {name: f"{__name__}:{name}" for name in ("stay_once", *(f"stay_{gpu}" for gpu in Gpu))}
KNOWN = {**CATALOG, **OFFERED, **WAITING}
