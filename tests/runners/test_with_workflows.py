import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contracts.runner_contract import OFFERED, RunnerContract, ended
from tests.jobs.machines import folder_store, job, limits, machine
from tests.lent_nursery import lent_nursery

from clipmill.errors import CancelledError, ConflictError, InternalError
from clipmill.function.stages import Stage
from clipmill.jobs.events import OnEvent
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter
from clipmill.runners.local import LocalRunner
from clipmill.runners.runner import Status
from clipmill.runners.with_workflows import WithWorkflows
from clipmill.storage.store import Store
from clipmill.workflows.steps import StepRunner

__all__ = ["lent_nursery"]


def one_step(job: Job, machine: Machine, runner: StepRunner, *, on_event: OnEvent, cancel: threading.Event) -> Outcome:
    """Does what its request names, as a step."""
    del machine, cancel
    meter = ProgressMeter(job.id, on_event)
    meter.enter(Stage.STARTING)
    step = Job(f"{job.id}.step", job.request["function"], job.request["request"], job.tenant, kept=False)
    *_, outcome = runner.events(runner.submit(step))
    assert isinstance(outcome, Outcome)
    meter.finish(outcome)
    return outcome


def wait_for_cancel(
    job: Job, machine: Machine, runner: StepRunner, *, on_event: OnEvent, cancel: threading.Event
) -> Outcome:
    del machine, runner, on_event
    cancel.wait(30)
    return Outcome(error=CancelledError(f"job {job.id} was cancelled."))


def stumble(job: Job, machine: Machine, runner: StepRunner, *, on_event: OnEvent, cancel: threading.Event) -> Outcome:
    raise KeyError("oops")


WORKFLOWS = {"one_step": one_step, "wait_for_cancel": wait_for_cancel, "stumble": stumble}


def closed() -> None:
    raise ConflictError("somebody else has the job")


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[WithWorkflows]:
    place = machine(tmp_path, limits=limits(), catalogue=OFFERED)
    place.store.put_bytes("team/a.mp4", b"source")
    below = LocalRunner(place, cores=2)
    runner = WithWorkflows(below, below.machine, WORKFLOWS)
    yield runner
    runner.close()


class TestFunctions(RunnerContract):
    @pytest.fixture
    def runner(self, runner: WithWorkflows) -> WithWorkflows:
        return runner

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return folder_store(tmp_path)


def walk(function: str, **request: object) -> Job:
    return Job(new_job_id(), "one_step", {"function": function, "request": request}, "team")


def test_a_workflow_tells_of_its_wait_and_its_stages_in_order(runner: WithWorkflows):
    events, outcome = ended(runner, runner.submit(walk("echo", text="hi")))
    assert outcome.value()["text"] == "hi"
    assert [event.stage for event in events] == [Stage.QUEUED, Stage.STARTING, Stage.DONE]
    assert [event.seq for event in events] == [1, 2, 3]


def test_the_output_of_a_workflow_passes_its_gate(runner: WithWorkflows, tmp_path: Path):
    handle = runner.submit(walk("copy", input_key="a.mp4", output_key="out.mp4"), closed)
    assert isinstance(ended(runner, handle)[1].error, ConflictError)
    assert not (tmp_path / "store" / "team" / "out.mp4").exists()


def test_a_step_for_the_cache_needs_no_gate(runner: WithWorkflows, tmp_path: Path):
    handle = runner.submit(walk("copy", input_key="a.mp4", output_key="cache/ab/ab/output.mp4"), closed)
    assert ended(runner, handle)[1].succeeded
    assert (tmp_path / "store" / "team" / "cache" / "ab" / "ab" / "output.mp4").exists()


def test_a_workflow_is_found_by_its_handle_and_cancelled(runner: WithWorkflows):
    handle = runner.submit(job("wait_for_cancel"))
    assert runner.status(handle) is Status.RUNNING
    runner.cancel(handle)
    assert isinstance(ended(runner, handle)[1].error, CancelledError)
    assert runner.status(handle) is Status.FINISHED


def test_a_workflow_with_a_bug_ends_as_internal(runner: WithWorkflows):
    assert isinstance(ended(runner, runner.submit(job("stumble")))[1].error, InternalError)


def test_a_walk_ends_with_this_process_though_its_steps_may_not(tmp_path: Path):
    class Cloud(LocalRunner):
        shared = True

    below = Cloud(machine(tmp_path))
    runner = WithWorkflows(below, below.machine, WORKFLOWS)
    walk, function = job("wait_for_cancel"), job("echo")
    assert not runner.outlives(runner.handle_of(walk) or "")
    assert runner.outlives(runner.handle_of(function) or "")
    runner.close()


def test_closing_stops_workflows(tmp_path: Path):
    below = LocalRunner(machine(tmp_path))
    runner = WithWorkflows(below, below.machine, WORKFLOWS)
    handle = runner.submit(job("wait_for_cancel"))
    runner.close()
    assert runner.status(handle) is Status.FINISHED
