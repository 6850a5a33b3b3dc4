"""What every runner promises: inherit `RunnerContract` and give it a runner that knows the sample functions."""

from itertools import pairwise
from pathlib import Path

import pytest
from tests.jobs.machines import job, lives, pid_in

from clipmill.errors import CancelledError, ClipmillError, ConflictError, EncoderFailedError, UnsupportedCodecError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.runners.runner import Runner, Status


def ended(runner: Runner, handle: str, after: int = 0) -> tuple[list[Event], Outcome]:
    """All that a job tells, and its outcome."""
    *events, outcome = runner.events(handle, after)
    assert isinstance(outcome, Outcome)
    assert all(isinstance(event, Event) for event in events)
    return [event for event in events if isinstance(event, Event)], outcome


def finished(runner: Runner, task: Job) -> tuple[list[Event], Outcome]:
    return ended(runner, runner.submit(task))


class RunnerContract:
    @pytest.fixture
    def runner(self, tmp_path: Path) -> Runner:
        raise NotImplementedError

    def test_a_job_tells_its_progress_and_then_its_outcome(self, runner: Runner):
        task = job("echo", text="hi")
        events, outcome = finished(runner, task)
        assert outcome.value()["text"] == "hi"
        assert events[-1].stage is Stage.DONE
        assert {event.job_id for event in events} == {task.id}

    def test_real_frames_are_told_in_order(self, runner: Runner, tmp_path: Path):
        task = job("fail_then_work", path=str(tmp_path / "attempts"), count=1, output_key="out.mp4")
        events, outcome = finished(runner, task)
        assert outcome.succeeded
        assert any(event.frames_done == 9 for event in events)
        assert all(first.seq < second.seq and first.progress <= second.progress for first, second in pairwise(events))

    @pytest.mark.parametrize(("text", "kind"), [("codec", UnsupportedCodecError), ("", EncoderFailedError)])
    def test_a_typed_failure_arrives_typed(self, runner: Runner, text: str, kind: type[ClipmillError]):
        events, outcome = finished(runner, job("raise_typed", text=text))
        assert type(outcome.error) is kind
        assert events[-1].stage is Stage.FAILED

    def test_the_same_request_has_the_same_outcome(self, runner: Runner):
        outcomes = [finished(runner, job("echo", text="hi"))[1] for _ in range(2)]
        assert outcomes[0] == outcomes[1]

    def test_a_watcher_that_comes_late_sees_the_same_end(self, runner: Runner):
        handle = runner.submit(job("echo", text="hi"))
        first, second = ended(runner, handle), ended(runner, handle)
        assert first[1] == second[1]
        assert first[0][-1] == second[0][-1]

    def test_only_events_behind_the_given_one_are_told(self, runner: Runner):
        handle = runner.submit(job("echo"))
        events, outcome = ended(runner, handle)
        rest, same = ended(runner, handle, after=events[0].seq)
        assert events[0] not in rest
        assert same == outcome

    def test_a_running_job_can_be_found_by_its_handle_and_cancelled(self, runner: Runner, tmp_path: Path):
        mark = tmp_path / "pid"
        handle = str(runner.submit(job("render_for_ever", path=str(mark))))
        pid = pid_in(mark)
        assert runner.status(handle) is Status.RUNNING
        runner.cancel(handle)
        runner.cancel(handle)
        _, outcome = ended(runner, handle)
        assert isinstance(outcome.error, CancelledError)
        assert not lives(pid)
        assert runner.status(handle) is Status.FINISHED

    def test_a_cancel_after_the_end_changes_nothing(self, runner: Runner):
        handle = runner.submit(job("echo"))
        _, outcome = ended(runner, handle)
        runner.cancel(handle)
        assert ended(runner, handle)[1] == outcome

    def test_the_same_job_sent_twice_runs_once(self, runner: Runner, tmp_path: Path):
        task = job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key="out.mp4")
        one, other = runner.submit(task), runner.submit(task)
        assert ended(runner, one)[1] == ended(runner, other)[1]
        assert (tmp_path / "attempts").read_text() == "x"

    def test_one_id_for_two_requests_is_a_conflict(self, runner: Runner):
        runner.submit(job("echo", job_id="job_1", text="one"))
        with pytest.raises(ConflictError):
            finished(runner, job("echo", job_id="job_1", text="two"))[1].value()

    def test_an_unknown_handle_is_not_taken_for_a_dead_job(self, runner: Runner):
        assert runner.status("job_never_seen") is Status.UNKNOWN
