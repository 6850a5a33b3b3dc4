import threading
import time
from dataclasses import replace

import pytest
from tests.jobs.dispatch.carriers import GOOD, frames
from tests.jobs.dispatch.conftest import MakeLedger

from clipmill.errors import CancelledError, ConflictError, StorageUnavailableError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.dispatch import hold as holding
from clipmill.jobs.dispatch.hold import Hold
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.submissions import Submission

CAPACITY = Capacity("told", {Gpu.NONE: 4})


def held(ledger: Ledger, stop: threading.Event | None = None) -> Hold:
    """A hold on a fresh job."""
    ledger.submit(Submission("echo", {}, "team"))
    lease = ledger.lease("me", CAPACITY)
    assert lease is not None
    return Hold(ledger, lease, (stop or threading.Event()).set)


def told(ledger: Ledger, hold: Hold) -> list[int]:
    """The numbers of frames that watchers heard of."""
    events = ledger.events("team", hold.job.id)
    return [event.data["frames_done"] for event in events if event.kind is EventKind.PROGRESS]


def test_events_that_follow_each_other_closely_are_merged_and_the_newest_is_told_in_the_end(ledger: Ledger):
    hold = held(ledger)
    for number in range(1, 6):
        hold.tell(frames(number, done=number))
    hold.tell_rest()
    assert told(ledger, hold) == [1, 5]


def test_at_most_four_events_a_second_are_written(ledger: Ledger, monkeypatch: pytest.MonkeyPatch):
    hold = held(ledger)
    now = 1000.0
    monkeypatch.setattr(holding.time, "monotonic", lambda: now)
    for number in range(1, 31):
        hold.tell(frames(number, done=number))
        now += 0.1
    assert len(told(ledger, hold)) <= 12
    assert told(ledger, hold)[-1] >= 28


def test_the_first_word_of_a_stage_is_told_at_once_and_only_the_first(ledger: Ledger):
    hold = held(ledger)
    for number, stage in enumerate((Stage.PREPARING, Stage.PROCESSING, Stage.PREPARING, Stage.PROCESSING), 1):
        hold.tell(replace(frames(number, done=number), stage=stage))
    assert told(ledger, hold) == [1, 2]


def test_a_job_begun_anew_is_heard_from_its_first_event(open_ledger: MakeLedger):
    ledger = open_ledger(lease_s=0.01)
    hold = held(ledger)
    hold.keep_handle("h")
    for number in (40, 41):
        hold.tell(frames(number, done=number))
    hold.tell_rest()
    time.sleep(0.02)
    lease = ledger.take_over("other")
    assert lease is not None
    again = Hold(ledger, lease, threading.Event().set)
    again.begin_again()
    again.keep_handle("h")
    again.tell(frames(1, done=7))
    assert told(ledger, again) == [40, 41, 7]


def test_who_lost_the_lease_passes_no_gate_and_stops(open_ledger: MakeLedger):
    ledger, stop = open_ledger(lease_s=0.01), threading.Event()
    hold = held(ledger, stop)
    time.sleep(0.02)
    assert ledger.take_over("other") is not None
    with pytest.raises(ConflictError):
        hold.pass_gate()
    hold.keep_alive()
    assert hold.lost.is_set()
    assert stop.is_set()
    with pytest.raises(ConflictError):
        hold.commit(GOOD, None)


def test_a_lease_is_renewed_before_it_runs_out(open_ledger: MakeLedger):
    ledger = open_ledger(lease_s=0.8)
    hold = held(ledger)
    for _ in range(12):
        time.sleep(0.1)
        hold.keep_alive()
        assert ledger.take_over("other") is None


def test_a_cancel_is_noticed_while_a_job_says_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch):
    stop = threading.Event()
    hold = held(ledger, stop)
    ledger.request_cancel("team", hold.job.id)
    hold.keep_alive()
    assert not stop.is_set()
    monkeypatch.setattr(holding, "LOOKED_EVERY_S", 0)
    hold.keep_alive()
    assert stop.is_set()
    with pytest.raises(CancelledError):
        hold.pass_gate()


def test_a_cancel_is_noticed_with_the_next_event(ledger: Ledger):
    stop = threading.Event()
    hold = held(ledger, stop)
    ledger.request_cancel("team", hold.job.id)
    hold.tell(frames(1))
    assert stop.is_set()


def test_a_success_that_published_nothing_passes_the_gate_before_its_commit(ledger: Ledger):
    hold = held(ledger)
    assert hold.commit(GOOD, None).state is State.SUCCEEDED


def test_a_success_without_outputs_yields_to_a_cancel(ledger: Ledger):
    hold = held(ledger)
    ledger.request_cancel("team", hold.job.id)
    assert hold.commit(GOOD, None).state is State.CANCELLED


def test_a_cancel_that_comes_behind_the_gate_is_too_late(ledger: Ledger):
    hold = held(ledger)
    hold.pass_gate()
    ledger.request_cancel("team", hold.job.id)
    assert hold.commit(GOOD, None).state is State.SUCCEEDED


def test_a_ledger_that_does_not_answer_costs_an_event_only(ledger: Ledger, monkeypatch: pytest.MonkeyPatch):
    hold = held(ledger)

    def down(*_: object) -> None:
        raise StorageUnavailableError("the ledger does not answer")

    with monkeypatch.context() as outage:
        outage.setattr(Ledger, "report", down)
        outage.setattr(holding, "TOLD_EVERY_S", 0)
        hold.tell(frames(1, done=1))
        assert not hold.is_to_stop
    monkeypatch.setattr(holding, "TOLD_EVERY_S", 0)
    hold.tell(frames(2, done=2))
    assert told(ledger, hold) == [2]


def test_a_lease_that_ran_out_is_renewed_by_who_still_holds_it(open_ledger: MakeLedger):
    ledger = open_ledger(lease_s=0.01)
    hold = held(ledger)
    time.sleep(0.02)
    assert ledger.take_over("me", [hold.job.id]) is None
    hold.keep_alive()
    hold.pass_gate()
    assert hold.commit(GOOD, None).state is State.SUCCEEDED
