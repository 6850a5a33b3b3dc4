"""Functions whose moment of publishing is the test's to choose, or that take their service down with them."""

import os
import signal
import time
from pathlib import Path

from tests.jobs.sample_functions import Answer, Request

from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs


def _publish_when_told(request: Request, context: Context) -> Answer:
    """Note the process, wait for the file ``go`` beside the notes, and publish the process's number."""
    notes = Path(request.path)
    (notes / f"{os.getpid()}.waits").touch()
    while not (notes / "go").exists():
        time.sleep(0.01)
    target = context.new_file("out.mp4")
    target.write_text(str(os.getpid()))
    (notes / f"{os.getpid()}.offers").touch()
    context.publish(target, request.output_key)
    return Answer(output_key=request.output_key)


def _kill_the_service(request: Request, context: Context) -> Answer:
    """Wait for a file with the number of a process, take it away, and kill that process."""
    del context
    order = Path(request.path)
    while not (order.exists() and order.read_text()):
        time.sleep(0.01)
    victim = int(order.read_text())
    order.unlink()
    os.kill(victim, signal.SIGKILL)
    time.sleep(60)
    return Answer()


kill_the_service = Function(
    name="kill_the_service", version="1", request=Request, run=_kill_the_service, plan=lambda *_: {}, needs=Needs()
)
publish_when_told = Function(
    name="publish_when_told", version="1", request=Request, run=_publish_when_told, plan=lambda *_: {}, needs=Needs()
)

CATALOGUE = {name: f"{__name__}:{name}" for name in ("publish_when_told", "kill_the_service")}
