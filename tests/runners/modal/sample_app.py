"""The app that the tests deploy: a few functions on the same worker as the real ones."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.contracts.runner_contract import OFFERED
from tests.jobs.sample_functions import Answer, Request

from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.stages import Stage
from clipmill.runners.modal.app import Bodies
from clipmill.runners.modal.worker import Worker

NAMES = ("echo", "copy", "fail_then_work", "raise_typed", "render_for_ever", "process_framing")


def _stay_twice(request: Request, context: Context) -> Answer:
    """Write down who we are; stay for ever the first two times, publish when we are begun once more."""
    begun = Path(request.path)
    with begun.open("a") as file:
        file.write(f"{os.getpid()}\n")
    stays = len(begun.read_text().split()) <= 2
    while stays:
        context.report(7, 1000, Stage.PROCESSING)
        time.sleep(0.02)
    target = context.new_file("late.mp4")
    target.write_text("at last")
    context.publish(target, request.output_key)
    return Answer(output_key=request.output_key)


def _plan(request: Request, context: Context) -> dict[str, Any]:
    del request, context
    return {}


stay_twice = Function(
    name="stay_twice",
    version="1",
    request=Request,
    run=_stay_twice,
    plan=_plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=100),
)

CATALOGUE = {name: OFFERED[name] for name in NAMES} | {"stay_twice": f"{__name__}:stay_twice"}
WORKER = Worker(CATALOGUE)


def plain(**parameters: Any) -> dict[str, Any]:
    return WORKER.run(parameters)


def stream(**parameters: Any) -> Iterator[dict[str, Any]]:
    yield from WORKER.stream(parameters)


BODIES = Bodies(plain, stream)
