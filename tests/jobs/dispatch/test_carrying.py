import threading
import time
from pathlib import Path

import pytest
from tests.jobs.dispatch.carriers import END, GOOD, Told, frames
from tests.jobs.dispatch.conftest import MakeLedger
from tests.jobs.dispatch.test_hold import CAPACITY
from tests.jobs.machines import machine, wait_until

from clipmill.errors import CancelledError, CorruptMediaError, StorageUnavailableError
from clipmill.jobs.dispatch import carrying as carrying_module
from clipmill.jobs.dispatch.carrying import Carrying
from clipmill.jobs.events import Event
from clipmill.jobs.gate import Gate, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.runner import Status
from clipmill.jobs.stored_results import StoredResults


class Scene:
    """A ledger with one job, and a runner for it."""

    def __init__(self, ledger: Ledger, folder: Path, runner: Told | None = None, max_attempts: int = 3) -> None:
        self.ledger = ledger
        self.runner = runner or Told()
        self.machine = machine(folder)
        self.id = ledger.submit(Submission("copy", {}, "team", max_attempts=max_attempts)).id

    @property
    def job(self) -> JobRecord:
        return self.ledger.get("team", self.id)

    def leased(self) -> Lease:
        lease = self.ledger.lease("me", CAPACITY)
        assert lease is not None
        return lease

    def carry(self, lease: Lease | None = None) -> Carrying:
        carrying = Carrying(self.ledger, self.runner, self.machine, lease or self.leased(), threading.Event().set)
        carrying.start()
        return carrying

    def end(self, *said: object) -> JobRecord:
        """Let the job say this, and wait for what becomes of it."""
        self.runner.tell(self.id, *said)
        carrying = self.carry()
        carrying.join(30)
        assert carrying.ended
        return self.job


def taken_over(scene: Scene, *told: Event) -> Lease:
    """The lease of a holder that is gone, who left a handle and told of some events."""
    gone = scene.leased()
    scene.ledger.keep_handle(gone, f"h-{scene.id}")
    for event in told:
        scene.ledger.report(gone, event)
    return over(scene)


def over(scene: Scene) -> Lease:
    """The lease that runs out next."""
    while (lease := scene.ledger.take_over("me")) is None:
        time.sleep(0.01)
    return lease


@pytest.fixture
def scene(ledger: Ledger, tmp_path: Path) -> Scene:
    return Scene(ledger, tmp_path)


def test_a_job_is_carried_to_its_end_with_what_it_told(scene: Scene):
    job = scene.end(frames(1, done=50), GOOD)
    assert (job.state, job.frames_done, job.result) == (State.SUCCEEDED, 50, {"status": "success"})


def test_the_handle_is_written_down_before_the_work_starts(ledger: Ledger, tmp_path: Path):
    seen: list[str | None] = []

    class Watched(Told):
        def submit(self, job: Job, gate: Gate = open_gate) -> str:
            seen.append(ledger.get("team", job.id).handle)
            return super().submit(job, gate)

    scene = Scene(ledger, tmp_path, Watched())
    scene.end(GOOD)
    assert seen == [f"h-{scene.id}"]


def test_the_handle_of_a_cloud_is_written_down_as_soon_as_it_is_known(ledger: Ledger, tmp_path: Path):
    scene = Scene(ledger, tmp_path, Told(shared=True))
    assert scene.end(GOOD).handle == f"h-{scene.id}"


def test_finished_is_not_believed_without_the_output(scene: Scene):
    job = scene.end(Outcome(result={"status": "success", "output_key": "out.mp4"}))
    assert (job.state, job.failure) == (State.RUNNING, None)
    attempts = [
        event.data["failure"]["code"] for event in scene.ledger.events("team", job.id) if "failure" in event.data
    ]
    assert attempts == ["storage_write_failed"]


def test_what_a_success_used_is_measured_on_its_outputs(scene: Scene):
    for name in ("out.mp4", "one.mp4"):
        scene.machine.store.put_bytes(f"team/{name}", b"12345")
    result = {
        "output_key": "out.mp4",
        "clips": [{"output_key": "one.mp4"}],
        "duration": 1.5,
        "timings": {"gpu_s": 0.25},
    }
    job = scene.end(Outcome(result=result))
    used = scene.ledger.usage("team", job.created_at, job.created_at.replace(year=9999))
    assert (used.bytes, used.output_ms, used.gpu_ms, used.jobs) == (10, 1500, 250, 1)


@pytest.mark.parametrize(
    ("fault", "state"), [(CorruptMediaError("broken"), State.FAILED), (StorageUnavailableError("503"), State.RUNNING)]
)
def test_only_what_may_pass_is_tried_again(fault: Exception, state: State, scene: Scene):
    assert scene.end(Outcome(error=fault)).state is state
    assert (scene.ledger.lease("me", CAPACITY) is not None) == (state is State.RUNNING)


def test_a_stream_that_breaks_off_is_a_lost_worker(scene: Scene):
    scene.end(frames(1), END)
    (failure,) = [event.data["failure"] for event in scene.ledger.events("team", scene.id) if "failure" in event.data]
    assert failure["code"] == "worker_lost"


def test_a_bug_of_a_runner_ends_its_job_as_internal(scene: Scene):
    job = scene.end(KeyError("oops"))
    assert job.failure is not None
    assert (job.state, job.failure["code"]) == (State.FAILED, "internal")


def test_a_job_that_its_runner_still_has_is_followed_and_not_sent_again(open_ledger: MakeLedger, tmp_path: Path):
    scene = Scene(open_ledger(lease_s=0.01), tmp_path)
    lease = taken_over(scene, frames(5, done=5))
    scene.runner.statuses = [Status.RUNNING]
    scene.runner.tell(scene.id, frames(6, done=6), GOOD)
    scene.carry(lease).join(30)
    assert scene.runner.submitted == []
    assert scene.runner.after == [5]
    assert (scene.job.state, scene.job.attempt) == (State.SUCCEEDED, 1)


@pytest.mark.parametrize("handle", [None, "h"])
def test_a_job_whose_process_is_gone_is_begun_anew_as_a_new_attempt(
    handle: str | None, open_ledger: MakeLedger, tmp_path: Path
):
    scene = Scene(open_ledger(lease_s=0.01), tmp_path)
    gone = scene.leased()
    if handle is not None:
        scene.ledger.keep_handle(gone, handle)
    scene.runner.tell(scene.id, GOOD)
    scene.carry(over(scene)).join(30)
    assert scene.runner.submitted == [scene.id]
    assert (scene.job.state, scene.job.attempt) == (State.SUCCEEDED, 2)


def test_a_job_that_takes_every_process_down_with_it_ends_when_its_attempts_are_used_up(
    open_ledger: MakeLedger, tmp_path: Path
):
    """A process that dies is a thread here that is never told of an end."""
    scene = Scene(open_ledger(lease_s=0.01), tmp_path)
    scene.carry()
    for attempt in (1, 2, 3):
        wait_until(lambda attempt=attempt: len(scene.runner.submitted) == attempt)
        assert scene.job.attempt == attempt
        last = scene.carry(over(scene))
    last.join(30)
    assert scene.job.failure is not None
    assert (scene.job.state, scene.job.failure["code"], scene.job.attempt) == (State.FAILED, "worker_lost", 3)
    assert len(scene.runner.submitted) == 3


def test_what_had_come_to_its_end_when_its_process_died_is_answered_after_the_last_attempt_too(
    open_ledger: MakeLedger, tmp_path: Path
):
    scene = Scene(open_ledger(lease_s=0.01), tmp_path, max_attempts=1)
    scene.leased()
    StoredResults(scene.machine.store).keep(scene.job.job(), GOOD, [])
    scene.carry(over(scene)).join(30)
    assert scene.runner.submitted == []
    assert (scene.job.state, scene.job.attempt) == (State.SUCCEEDED, 1)


def test_a_cloud_that_is_unsure_is_asked_again_before_a_job_is_begun_anew(
    open_ledger: MakeLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(carrying_module, "UNSURE_S", (0.0, 0.0))
    scene = Scene(open_ledger(lease_s=0.01), tmp_path, Told(shared=True))
    lease = taken_over(scene)
    scene.runner.statuses = [Status.UNKNOWN, Status.UNKNOWN, Status.RUNNING]
    scene.runner.tell(scene.id, GOOD)
    scene.carry(lease).join(30)
    assert scene.runner.submitted == []
    assert scene.job.state is State.SUCCEEDED


def test_a_job_that_was_cancelled_while_its_holder_was_dead_is_not_begun(open_ledger: MakeLedger, tmp_path: Path):
    scene = Scene(open_ledger(lease_s=0.01), tmp_path)
    scene.leased()
    scene.ledger.request_cancel("team", scene.id)
    scene.carry(over(scene)).join(30)
    assert scene.runner.submitted == []
    assert scene.job.state is State.CANCELLED


def test_what_is_let_go_is_there_for_the_next_process_at_once_in_the_same_attempt(scene: Scene):
    carrying = scene.carry()
    wait_until(lambda: scene.runner.submitted)
    scene.runner.tell(scene.id, Outcome(error=CancelledError("the runner is closing")))
    carrying.let_go()
    carrying.join(30)
    assert (scene.job.state, scene.job.lease_owner) == (State.RUNNING, None)
    again = scene.leased()
    scene.runner.tell(scene.id, GOOD)
    scene.carry(again).join(30)
    assert (scene.job.state, scene.job.attempt, len(scene.runner.submitted)) == (State.SUCCEEDED, 1, 2)


def test_what_runs_elsewhere_goes_on_when_it_is_let_go_and_is_followed_by_the_next_process(
    ledger: Ledger, tmp_path: Path
):
    scene = Scene(ledger, tmp_path, Told(shared=True))
    carrying = scene.carry()
    wait_until(lambda: scene.job.handle)
    wait_until(lambda: scene.runner.after)
    carrying.let_go()
    assert (carrying.ended, scene.job.lease_owner, scene.runner.cancelled) == (True, None, [])
    scene.runner.tell(scene.id, END)
    carrying.join(30)
    scene.runner.statuses = [Status.RUNNING]
    scene.runner.tell(scene.id, GOOD)
    scene.carry(scene.leased()).join(30)
    assert (scene.job.state, scene.job.attempt, len(scene.runner.submitted)) == (State.SUCCEEDED, 1, 1)


def test_a_job_that_a_closing_runner_refuses_is_given_back_and_not_cancelled(ledger: Ledger, tmp_path: Path):
    class Closing(Told):
        def submit(self, job: Job, gate: Gate = open_gate) -> str:
            raise CancelledError("this runner is shutting down and takes no more jobs.")

    scene = Scene(ledger, tmp_path, Closing())
    scene.carry().join(30)
    assert (scene.job.state, scene.job.lease_owner, scene.job.attempt) == (State.RUNNING, None, 1)


def test_an_end_that_the_ledger_could_not_take_is_told_again(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(carrying_module, "_COMMIT_AGAIN_S", 0.01)
    commit, outages = Ledger.commit, [1, 2, 3]

    def flaky(*given: object) -> JobRecord:
        if outages:
            outages.pop()
            raise StorageUnavailableError("database or disk is full")
        return commit(*given)

    monkeypatch.setattr(Ledger, "commit", flaky)
    assert scene.end(GOOD).state is State.SUCCEEDED


def test_the_end_of_a_job_that_another_holder_has_is_not_told(open_ledger: MakeLedger, tmp_path: Path):
    scene = Scene(open_ledger(lease_s=0.01), tmp_path)
    carrying = scene.carry()
    wait_until(lambda: scene.runner.submitted)
    wait_until(lambda: scene.ledger.take_over("other"))
    scene.runner.tell(scene.id, Outcome(error=CorruptMediaError("broken")))
    carrying.join(30)
    assert scene.job.state is State.RUNNING
