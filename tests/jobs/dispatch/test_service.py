import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.dispatch.conftest import MakeLedger
from tests.jobs.machines import limits, lives, machine, nothing_left, pid_in, wait_until
from tests.jobs.shop import TENANT, Shop

from clipmill.errors import InvalidRequestError, RateLimitedError, StorageUnavailableError
from clipmill.jobs.dispatch import Service, ServiceLimits, dispatcher
from clipmill.jobs.events import OnEvent
from clipmill.jobs.job import Job
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.runners.local import LocalRunner
from clipmill.runners.with_workflows import WithWorkflows
from clipmill.storage.retry import RetryPolicy
from clipmill.workflows.steps import StepRunner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are told apart in /proc")


def two_copies(
    job: Job, machine: Machine, runner: StepRunner, *, on_event: OnEvent, cancel: threading.Event
) -> Outcome:
    """A workflow: one step into the cache, one that makes the output."""
    del machine, on_event, cancel
    for number, key in enumerate(["cache/ab/ab/output.mp4", job.request["output_key"]]):
        step = Job(f"{job.id}.{number}", "copy", {"input_key": "a.mp4", "output_key": key}, job.tenant, kept=False)
        *_, outcome = runner.events(runner.submit(step))
        assert isinstance(outcome, Outcome)
        outcome.value()
    return Outcome(result={"status": "success", "output_key": job.request["output_key"]})


Open = Callable[..., Shop]


@pytest.fixture
def opened(open_ledger: MakeLedger, tmp_path: Path) -> Iterator[Open]:
    """Opens services on one ledger and one store."""
    with ExitStack() as stack:

        def make(cores: int = 2, lease_s: float = 30.0, **bounds: Any) -> Shop:
            place = machine(tmp_path, limits=limits(), retry=RetryPolicy(pauses_s=()))
            place.store.put_bytes("team/a.mp4", b"source")
            runner = LocalRunner(place, cores)
            carrier = WithWorkflows(runner, runner.machine, {"two_copies": two_copies})
            ledger = open_ledger(lease_s=lease_s)
            service = Service(ledger, runner.machine, carrier, {"two_copies": "copy"}, ServiceLimits(**bounds))
            stack.callback(service.stop)
            service.start()
            return Shop(service)

        yield make


def test_a_job_that_is_sent_runs_and_its_output_appears(opened: Open, tmp_path: Path):
    shop = opened()
    job = shop.ended(shop.send("copy", input_key="a.mp4", output_key="b.mp4"))
    assert (job.state, job.percent, job.attempt) == (State.SUCCEEDED, 100.0, 1)
    assert (tmp_path / "store" / TENANT / "b.mp4").read_bytes() == b"source"
    assert nothing_left(tmp_path)


def test_a_cancel_stops_the_child(opened: Open, tmp_path: Path):
    shop = opened()
    job = shop.send("hang", path=str(tmp_path / "pid"))
    pid = pid_in(tmp_path / "pid")
    before = time.monotonic()
    shop.service.cancel(TENANT, job)
    assert shop.ended(job).state is State.CANCELLED
    assert time.monotonic() - before < 5
    assert not lives(pid)
    assert shop.service.cancel(TENANT, job).state is State.CANCELLED


def test_a_cancel_that_only_the_ledger_was_told_stops_the_child_too(opened: Open, tmp_path: Path):
    shop = opened()
    job = shop.send("hang", path=str(tmp_path / "pid"))
    pid = pid_in(tmp_path / "pid")
    before = time.monotonic()
    shop.ledger.request_cancel(TENANT, job)
    assert shop.ended(job).state is State.CANCELLED
    assert time.monotonic() - before < 5
    assert not lives(pid)


def test_a_job_that_another_process_sent_is_found_without_being_told(opened: Open, open_ledger: MakeLedger):
    shop = opened()
    job = open_ledger().submit(Submission("echo", {}, TENANT))
    assert shop.ended(job.id).state is State.SUCCEEDED


def test_a_passing_failure_is_a_new_attempt_of_the_same_job(opened: Open, tmp_path: Path):
    shop = opened()
    job = shop.ended(shop.send("fail_then_work", path=str(tmp_path / "tries"), count=1, output_key="out.mp4"))
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)


def test_three_attempts_are_all(opened: Open, tmp_path: Path):
    shop = opened()
    job = shop.ended(shop.send("fail_then_work", path=str(tmp_path / "tries"), count=9, output_key="out.mp4"))
    assert (job.state, job.attempt, (tmp_path / "tries").read_text()) == (State.FAILED, 3, "xxx")


def test_no_more_jobs_are_leased_than_there_are_places(opened: Open, tmp_path: Path):
    shop = opened(cores=1)
    first = shop.send("render_for_ever", path=str(tmp_path / "pid"))
    second = shop.send("echo")
    pid_in(tmp_path / "pid")
    shop.service.wake()
    assert shop.get(second).state is State.QUEUED
    shop.service.cancel(TENANT, first)
    assert shop.ended(second).state is State.SUCCEEDED


def test_a_tenant_has_no_more_jobs_under_way_than_its_limit(opened: Open, tmp_path: Path):
    shop = opened(running_jobs=1)
    shop.send("render_for_ever", path=str(tmp_path / "pid"))
    pid_in(tmp_path / "pid")
    waits = shop.send("echo")
    other = shop.ledger.submit(Submission("echo", {}, "other"))
    shop.service.wake()
    wait_until(lambda: shop.ledger.get("other", other.id).state.terminal)
    assert shop.get(waits).state is State.QUEUED


def test_a_job_that_outlasts_its_lease_stays_with_its_service(opened: Open, tmp_path: Path):
    shop = opened(lease_s=8)
    job = shop.send("render_for_ever", path=str(tmp_path / "pid"))
    pid = pid_in(tmp_path / "pid")
    opened(lease_s=8)
    first = shop.get(job).lease_until
    assert first is not None
    wait_until(lambda: datetime.now(UTC) > first + timedelta(seconds=1))
    assert (shop.get(job).lease_token, lives(pid)) == (1, True)


def test_a_job_whose_time_is_over_before_it_was_begun_expires(opened: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dispatcher, "_TIDIED_EVERY_S", 0)
    shop = opened()
    past = datetime.now(UTC) - timedelta(seconds=1)
    job = shop.ledger.submit(Submission("echo", {}, TENANT, expires_at=past))
    assert shop.ended(job.id).state is State.EXPIRED


def test_a_stop_waits_for_what_is_under_way(opened: Open, open_ledger: MakeLedger, tmp_path: Path):
    shop = opened()
    job = shop.send("fail_then_work", path=str(tmp_path / "tries"), count=0, output_key="out.mp4")
    wait_until(lambda: shop.get(job).state is not State.QUEUED)
    shop.service.stop(drain_s=30)
    assert open_ledger().get(TENANT, job).state is State.SUCCEEDED
    assert not shop.service.ready


def test_what_a_stopped_service_did_not_finish_the_next_one_does_at_once(opened: Open, tmp_path: Path):
    first = opened()
    job = first.send("render_for_ever", path=str(tmp_path / "pid"))
    pid = pid_in(tmp_path / "pid")
    first.service.stop()
    assert not lives(pid)
    assert (first.get(job).state, first.get(job).lease_owner) == (State.RUNNING, None)
    # Leases last half a minute, as long as the patience of this test.
    second = opened()
    wait_until(lambda: pid_in(tmp_path / "pid") != pid)
    second.service.cancel(TENANT, job)
    assert second.ended(job).attempt == 1


def test_a_job_that_was_finished_when_its_process_died_is_answered_and_not_run_again(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = opened(lease_s=1.0)
    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "commit", unavailable)
        job = first.send("fail_then_work", path=str(tmp_path / "tries"), count=0, output_key="out.mp4")
        wait_until(lambda: first.service.store.exists(f"{TENANT}/jobs/{job}/result.json"))
        first.service.stop()
    assert opened(lease_s=1.0).ended(job).state is State.SUCCEEDED
    assert (tmp_path / "tries").read_text() == "x"


def unavailable(*_: object) -> None:
    raise StorageUnavailableError("the ledger does not answer")


def test_a_workflow_is_one_job(opened: Open, tmp_path: Path):
    shop = opened()
    job = shop.ended(shop.send("two_copies", output_key="out.mp4"))
    assert (job.state, job.failure) == (State.SUCCEEDED, None)
    assert (tmp_path / "store" / TENANT / "out.mp4").read_bytes() == b"source"


def test_a_plan_makes_no_job(opened: Open):
    shop = opened()
    assert shop.service.plan("echo", {"text": "hi"}, TENANT)["will_say"] == "hi"
    assert shop.service.plan("two_copies", {"text": "hi"}, TENANT)["will_say"] == "hi"
    assert sum(shop.ledger.counts(TENANT).values()) == 0


def test_a_plan_of_a_wrong_request_raises_what_is_wrong(opened: Open):
    with pytest.raises(InvalidRequestError, match="colour"):
        opened().service.plan("echo", {"colour": "red"}, TENANT)


def test_more_plans_than_allowed_are_refused_at_once(opened: Open):
    with pytest.raises(RateLimitedError):
        opened(plans_at_once=0).service.plan("echo", {}, TENANT)


def test_companions_start_and_stop_with_the_service(ledger: Ledger, tmp_path: Path):
    heard: list[str] = []

    class Companion:
        def start(self) -> None:
            heard.append("start")

        def stop(self) -> None:
            heard.append("stop")

    runner = LocalRunner(machine(tmp_path))
    service = Service(ledger, runner.machine, runner, companions=[Companion()])
    service.start()
    wait_until(lambda: service.ready)
    service.stop()
    assert heard == ["start", "stop"]


def test_a_start_removes_halves_of_objects_that_a_killed_service_left(opened: Open, tmp_path: Path):
    half = tmp_path / "store" / TENANT / "deep" / ".clipmill-0123456789abcdef.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    opened()
    wait_until(lambda: not half.exists())
