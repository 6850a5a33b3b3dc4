import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jobs.machines import job, limits, lives, machine, pid_in, wait_until

from clipmill.errors import CancelledError, EncoderFailedError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.runners.local import LocalRunner
from clipmill.runners.runner import Status
from clipmill.workflows.steps import Steps


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
