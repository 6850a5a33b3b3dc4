import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contracts.runner_contract import OFFERED, RunnerContract
from tests.jobs.machines import folder_store, job, limits, lives, machine, nothing_left, pid_in, wait_until
from tests.lent_nursery import Nurseries

from clipmill.errors import CancelledError, InvalidRequestError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.scratch import Scratch
from clipmill.runners.local import LocalRunner
from clipmill.runners.local import runner as local
from clipmill.runners.runner import Status
from clipmill.storage.store import Store


class TestLocalRunner(RunnerContract):
    @pytest.fixture
    def runner(self, tmp_path: Path, nurseries: Nurseries, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRunner]:
        monkeypatch.setattr(local, "_nursery", nurseries.lend)
        with LocalRunner(machine(tmp_path, limits=limits(), catalogue=OFFERED), cores=2) as runner:
            yield runner

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return folder_store(tmp_path)


@pytest.mark.parametrize(("cores", "threads", "places"), [(8, 2, 4), (2, 4, 1), (7, 2, 3)])
def test_there_are_as_many_places_as_the_cores_allow(cores: int, threads: int, places: int, tmp_path: Path):
    with LocalRunner(machine(tmp_path, threads=threads), cores) as runner:
        assert runner.places == places


def test_jobs_run_side_by_side_up_to_the_places_and_the_rest_waits(tmp_path: Path):
    marks = [tmp_path / f"pid{number}" for number in range(3)]
    with LocalRunner(machine(tmp_path, limits=limits()), cores=2) as runner:
        handles = [runner.submit(job("render_for_ever", path=str(mark))) for mark in marks]
        assert lives(pid_in(marks[0]))
        assert lives(pid_in(marks[1]))
        assert not marks[2].exists()
        assert runner.status(handles[2]) is Status.RUNNING
        runner.cancel(handles[0])
        assert lives(pid_in(marks[2]))


def test_a_job_that_waits_says_so(tmp_path: Path):
    events: list[Event] = []
    with LocalRunner(machine(tmp_path)) as runner:
        runner.run(job("echo"), events.append)
    assert [event.stage for event in events] == [Stage.QUEUED, Stage.STARTING, Stage.PUBLISHING, Stage.DONE]
    assert [event.seq for event in events] == [1, 2, 3, 4]


def test_a_job_cancelled_while_it_waits_never_starts(tmp_path: Path):
    mark = tmp_path / "pid"
    with LocalRunner(machine(tmp_path, limits=limits())) as runner:
        first = runner.submit(job("render_for_ever"))
        second = runner.submit(job("render_for_ever", path=str(mark)))
        runner.cancel(second)
        runner.cancel(first)
        outcome = runner.outcome(second)
    assert outcome is not None
    assert isinstance(outcome.error, CancelledError)
    assert not mark.exists()


def test_a_job_cancelled_while_it_waits_ends_before_a_place_is_free(tmp_path: Path):
    with LocalRunner(machine(tmp_path, limits=limits())) as runner:
        first = runner.submit(job("render_for_ever", path=str(tmp_path / "pid")))
        pid_in(tmp_path / "pid")
        second = runner.submit(job("echo"))
        runner.cancel(second)
        *events, outcome = runner.events(second)
        assert isinstance(outcome, Outcome)
        assert isinstance(outcome.error, CancelledError)
        assert [event.stage for event in events if isinstance(event, Event)] == [Stage.QUEUED, Stage.CANCELLED]
        assert runner.status(first) is Status.RUNNING


def test_two_tenants_may_use_one_id_at_a_time(tmp_path: Path):
    with LocalRunner(machine(tmp_path, limits=limits()), cores=2) as runner:
        one = runner.submit(job("render_for_ever", tenant="one", job_id="job_1", path=str(tmp_path / "one")))
        other = runner.submit(job("render_for_ever", tenant="other", job_id="job_1", path=str(tmp_path / "other")))
        pid_in(tmp_path / "one")
        pid = pid_in(tmp_path / "other")
        runner.cancel(one)
        assert runner.outcome(one)
        assert (runner.status(other), lives(pid)) == (Status.RUNNING, True)


def test_a_finished_job_makes_its_output_again_where_it_was_lost(tmp_path: Path):
    task = job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key="out.mp4")
    output = tmp_path / "store" / "team" / "out.mp4"
    with LocalRunner(machine(tmp_path)) as runner:
        runner.run(task)
        output.unlink()
        assert runner.run(task).succeeded
    assert output.read_text() == "at last"


def test_a_finished_step_whose_result_was_not_kept_runs_again(tmp_path: Path):
    task = job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key="out.mp4")
    with LocalRunner(machine(tmp_path)) as runner:
        runner.run(replace(task, kept=False))
        runner.run(replace(task, kept=False))
    assert (tmp_path / "attempts").read_text() == "xx"


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a warm process")
def test_a_warm_process_that_was_killed_is_replaced(tmp_path: Path):
    with LocalRunner(machine(tmp_path)) as runner:
        runner.run(job("echo"))
        killed = runner.machine.nursery
        assert killed is not None
        killed._process.kill()
        wait_until(lambda: killed.is_gone)
        assert runner.run(job("echo", text="hi")).value()["text"] == "hi"
        assert runner.machine.nursery is not killed
        assert runner.machine.nursery is not None
        assert not runner.machine.nursery.is_gone


def test_closing_cancels_what_runs_and_what_waits(tmp_path: Path):
    mark = tmp_path / "pid"
    with LocalRunner(machine(tmp_path, limits=limits())) as runner:
        handles = [runner.submit(job("render_for_ever", path=str(mark))) for _ in range(2)]
        pid = pid_in(mark)
    outcomes = [runner.outcome(handle) for handle in handles]
    assert [outcome and type(outcome.error) for outcome in outcomes] == [CancelledError, CancelledError]
    assert not lives(pid)
    assert nothing_left(tmp_path)


def test_a_closed_runner_takes_no_job(tmp_path: Path):
    runner = LocalRunner(machine(tmp_path))
    runner.close()
    with pytest.raises(CancelledError):
        runner.submit(job("echo"))


def test_a_wait_that_is_interrupted_cancels_its_job(tmp_path: Path):
    mark = tmp_path / "pid"

    def interrupted(event: Event) -> None:
        if event.stage is Stage.PROCESSING:
            raise KeyboardInterrupt

    with LocalRunner(machine(tmp_path, limits=limits())) as runner:
        with pytest.raises(KeyboardInterrupt):
            runner.run(job("render_for_ever", path=str(mark)), interrupted)
        wait_until(lambda: not lives(pid_in(mark)))


def test_an_outcome_that_does_not_come_in_time_is_none(tmp_path: Path):
    with LocalRunner(machine(tmp_path, limits=limits())) as runner:
        handle = runner.submit(job("render_for_ever"))
        assert runner.outcome(handle, timeout_s=0.01) is None


def test_a_job_that_failed_runs_again_when_it_is_sent_again(tmp_path: Path):
    task = job("fail_then_work", path=str(tmp_path / "attempts"), count=3, output_key="out.mp4")
    with LocalRunner(machine(tmp_path)) as runner:
        assert not runner.run(task).succeeded
        assert runner.run(task).succeeded


def test_two_callers_of_one_job_get_one_result(tmp_path: Path):
    task = job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key="out.mp4")
    outcomes = []
    with LocalRunner(machine(tmp_path), cores=2) as runner:
        callers = [threading.Thread(target=lambda: outcomes.append(runner.run(task))) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert len(outcomes) == 4
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert (tmp_path / "attempts").read_text() == "x"


def test_a_new_runner_answers_a_finished_job_from_its_stored_result(tmp_path: Path):
    task = job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key="out.mp4")
    with LocalRunner(machine(tmp_path)) as runner:
        first = runner.run(task)
    with LocalRunner(machine(tmp_path)) as runner:
        assert runner.status(runner.handle_of(task)) is Status.UNKNOWN
        assert runner.run(task) == first
    assert (tmp_path / "attempts").read_text() == "x"


def test_a_handle_of_another_process_cannot_be_watched(tmp_path: Path):
    with LocalRunner(machine(tmp_path)) as runner, pytest.raises(InvalidRequestError, match="job_elsewhere"):
        runner.events("job_elsewhere")


def test_a_start_sweeps_what_a_killed_process_left(tmp_path: Path):
    left = Scratch.make(tmp_path / "scratch")
    with LocalRunner(machine(tmp_path)):
        assert left.folder.exists()
    assert left.remove() is None
    orphan = tmp_path / "scratch" / "clipmill-orphan"
    orphan.mkdir()
    (orphan / ".owner").write_text("")
    with LocalRunner(machine(tmp_path)):
        assert not orphan.exists()
