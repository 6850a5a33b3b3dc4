"""A function whose moment of publishing is the test's to choose."""

import os
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


publish_when_told = Function(
    name="publish_when_told", version="1", request=Request, run=_publish_when_told, plan=lambda *_: {}, needs=Needs()
)

CATALOGUE = {"publish_when_told": f"{__name__}:publish_when_told"}
