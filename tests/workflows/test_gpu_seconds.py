import threading
from collections.abc import Iterator
from typing import Any

from tests.jobs.machines import job

from clipmill.errors import EncoderFailedError
from clipmill.jobs.events import Event
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.workflows.steps import StepRunner, Steps


class Told(StepRunner):
    """Every job ends at once with the result that it asks for, or dies after half a second."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def submit(self, job: Job) -> str:
        self._jobs[job.id] = job
        return job.id

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        result: Any = self._jobs[handle].request.get("result")
        died = Outcome(error=EncoderFailedError("it died"), timings={"gpu_s": 0.5})
        yield died if result is None else Outcome(result=result)

    def cancel(self, handle: str) -> None:
        pass


def test_the_seconds_of_all_steps_on_cards_are_added_up_those_of_failed_ones_too():
    with Steps(Told(), threading.Event()) as steps:
        for result in ({"timings": {"gpu_s": 1.5}}, {"timings": {"gpu_s": 2.0}}, {"plan": {}}, {"timings": {}}, None):
            steps.run(job("echo", result=result))
        assert steps.gpu_s == 4.0
