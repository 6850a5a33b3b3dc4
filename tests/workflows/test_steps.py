import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.jobs.machines import job, limits, lives, machine, pid_in, wait_until

from clipmill.errors import CancelledError, EncoderFailedError, StorageUnavailableError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.runners.local import LocalRunner
from clipmill.runners.runner import Status
from clipmill.workflows.steps import Steps

QUICK = "quick"


class Slow:
    """Takes two steps at once beside a quick one, answers once it is let, and cannot be reached about the deaf one."""

    def __init__(self, deaf: str = "") -> None:
        self.arrived = threading.Barrier(3, timeout=30)
        self.answer, self.followed, self.over = threading.Event(), threading.Event(), threading.Event()
        self.submitted: set[str] = set()
        self.cancelled: set[str] = set()
        self._deaf = deaf

    def submit(self, job: Job) -> str:
        self.submitted.add(job.id)
        if job.id != QUICK:
            self.arrived.wait()
            self.answer.wait(30)
        return job.id

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        del after
        self.followed.set()
        self.over.wait(30)
        yield Outcome(error=CancelledError(f"{handle} was cancelled."))

    def cancel(self, handle: str) -> None:
        if handle == self._deaf:
            raise StorageUnavailableError("the platform does not answer.")
        self.cancelled.add(handle)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[LocalRunner]:
    with LocalRunner(machine(tmp_path, limits=limits()), cores=2) as runner:
        yield runner


def test_a_step_tells_its_progress_and_ends_with_its_outcome(runner: LocalRunner):
    events: list[Event] = []
    with Steps(runner, threading.Event()) as steps:
        outcome = steps.run(job("echo", text="hi"), events.append)
    assert outcome.value()["text"] == "hi"
    assert events[-1].stage is Stage.DONE


def test_a_step_that_fails_ends_with_its_error(runner: LocalRunner):
    with Steps(runner, threading.Event()) as steps:
        assert isinstance(steps.run(job("raise_typed")).error, EncoderFailedError)


def test_the_callers_cancel_stops_the_step_that_runs(runner: LocalRunner, tmp_path: Path):
    cancel = threading.Event()

    def stop(event: Event) -> None:
        if event.stage is Stage.PROCESSING:
            cancel.set()

    with Steps(runner, cancel) as steps:
        outcome = steps.run(job("render_for_ever", path=str(tmp_path / "pid")), stop)
    assert isinstance(outcome.error, CancelledError)
    assert not lives(pid_in(tmp_path / "pid"))


@pytest.mark.parametrize("by", ["the caller", "a step that failed"])
def test_nothing_is_started_once_the_walk_was_stopped(by: str, runner: LocalRunner):
    cancel = threading.Event()
    task = job("echo")
    with Steps(runner, cancel) as steps:
        if by == "the caller":
            cancel.set()
        else:
            steps.stop()
        assert isinstance(steps.run(task).error, CancelledError)
    assert runner.status(runner.handle_of(task)) is Status.UNKNOWN


def test_steps_are_handed_over_side_by_side_and_a_stop_cancels_what_is_on_its_way():
    """As to a cloud, which takes its time to answer."""
    runner = Slow()
    with Steps(runner, threading.Event()) as steps, ThreadPoolExecutor(4) as pool:
        pool.submit(steps.run, job("echo", job_id=QUICK))
        assert runner.followed.wait(30)
        ended = [pool.submit(steps.run, job("echo", job_id=name)) for name in ("one", "other")]
        runner.arrived.wait()
        stopping = pool.submit(steps.stop)
        wait_until(lambda: runner.cancelled)
        assert isinstance(steps.run(job("echo", job_id="late")).error, CancelledError)
        assert (stopping.done(), runner.cancelled) == (False, {QUICK})
        runner.answer.set()
        stopping.result()
        assert runner.cancelled == {QUICK, "one", "other"}
        runner.over.set()
        assert [type(step.result().error) for step in ended] == [CancelledError, CancelledError]
    assert runner.submitted == {QUICK, "one", "other"}


def test_a_step_that_cannot_be_stopped_keeps_no_other_from_it():
    runner = Slow(deaf="one")
    runner.answer.set()
    with Steps(runner, threading.Event()) as steps, ThreadPoolExecutor(2) as pool:
        ended = [pool.submit(steps.run, job("echo", job_id=name)) for name in ("one", "other")]
        runner.arrived.wait()
        steps.stop()
        runner.over.set()
        assert [step.result().error is None for step in ended] == [False, False]
    assert "other" in runner.cancelled


def test_stopping_reaches_steps_of_other_threads(runner: LocalRunner, tmp_path: Path):
    outcomes = []
    marks = [tmp_path / "one", tmp_path / "other"]
    with Steps(runner, threading.Event()) as steps:
        walkers = [
            threading.Thread(
                target=lambda mark=mark: outcomes.append(steps.run(job("render_for_ever", path=str(mark))))
            )
            for mark in marks
        ]
        for walker in walkers:
            walker.start()
        pids = [pid_in(mark) for mark in marks]
        steps.stop()
        for walker in walkers:
            walker.join()
    assert [type(outcome.error) for outcome in outcomes] == [CancelledError, CancelledError]
    assert not any(map(lives, pids))


def test_a_step_whose_watcher_is_interrupted_does_not_run_on(runner: LocalRunner, tmp_path: Path):
    def interrupt(event: Event) -> None:
        if event.stage is Stage.PROCESSING:
            raise KeyboardInterrupt

    task = job("render_for_ever", path=str(tmp_path / "pid"))
    with pytest.raises(KeyboardInterrupt), Steps(runner, threading.Event()) as steps:
        steps.run(task, interrupt)
    wait_until(lambda: runner.status(runner.handle_of(task)) is Status.FINISHED)
    assert not lives(pid_in(tmp_path / "pid"))
