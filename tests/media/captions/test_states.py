from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from clipmill.errors import InvalidParameterError, LockLostError
from clipmill.errors import TimeoutError as DeadlineError
from clipmill.media.captions.states import (
    Platform,
    Status,
    StepState,
    check_move,
    lost_reading,
    lost_with_lease,
    may_restart_itself,
    status_text,
)

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)
LEGAL = {
    ("queued", "processing"),
    ("processing", "ready"),
    ("processing", "error"),
    ("error", "queued"),
    ("ready", "queued"),
}


def test_every_move_but_the_five_raises():
    for old, new in product(Status, Status):
        if (old, new) in LEGAL:
            check_move(old, new)
        else:
            with pytest.raises(InvalidParameterError, match=f"{old} can only become"):
                check_move(old, new)


def test_a_claim_stores_its_token_and_counts_an_attempt():
    assert StepState(attempts=1).claimed("run") == StepState(Status.PROCESSING, None, "run", 2)


def test_a_second_claim_finds_the_step_taken():
    with pytest.raises(InvalidParameterError):
        StepState().claimed("first").claimed("second")


def test_later_writes_need_the_token():
    working = StepState().claimed("run")
    for write in (lambda: working.ready("other"), lambda: working.failed("other", "text")):
        with pytest.raises(LockLostError):
            write()
    assert working.ready("run").status is Status.READY


def test_an_error_then_a_success_leaves_no_error_text():
    failed = StepState().claimed("a").failed("a", "x" * 3000)
    assert failed.error == "x" * 2000
    again = failed.queued_again(by_person=False)
    assert (again.error, again.attempts) == (None, 1)
    assert again.claimed("b").ready("b") == StepState(Status.READY, None, "b", 2)


def test_automatic_attempts_stop_at_three_and_a_person_starts_afresh():
    state = StepState()
    for run in "abc":
        assert state.attempts == 0 or may_restart_itself(state)
        state = (
            (state if state.status is Status.QUEUED else state.queued_again(by_person=False))
            .claimed(run)
            .failed(run, "no")
        )
    assert not may_restart_itself(state)
    with pytest.raises(InvalidParameterError, match="stop at 3"):
        state.queued_again(by_person=False)
    assert state.queued_again(by_person=True) == StepState()


def test_a_finished_step_may_be_queued_again():
    assert StepState(Status.READY, None, "run", 3).queued_again(by_person=False).status is Status.QUEUED
    assert not may_restart_itself(StepState(Status.READY, attempts=1))


def test_a_lost_worker_leaves_an_error_that_says_so():
    assert StepState().claimed("run").lost().error == "Worker lost"


@pytest.mark.parametrize(("error", "platform", "remote", "text"), [
    (TimeoutError("slow"), Platform.MODAL, False, "Processing timeout"), (DeadlineError("slow"), Platform.RUNPOD, True, "Processing timeout"),
    (ValueError("no frames"), Platform.MODAL, True, "no frames"), (ConnectionError("connection reset"), Platform.MODAL, False, "Modal error: connection reset"),
    (OSError("gone"), Platform.RUNPOD, False, "RunPod error: gone"), (RuntimeError(), Platform.LOCAL, False, "Local error: RuntimeError"),
])  # fmt: skip
def test_what_a_person_reads_about_a_failed_call(error, platform, remote, text):
    assert status_text(error, platform, raised_remotely=remote) == text


def test_a_status_text_has_2000_characters_at_most():
    assert len(status_text(ValueError("y" * 5000), Platform.LOCAL, raised_remotely=False)) == 2000


def test_a_lease_must_be_over_for_a_minute_before_its_worker_counts_as_lost():
    assert [lost_with_lease(NOW - timedelta(seconds=seconds), NOW) for seconds in (-5, 59, 61)] == [False, False, True]


def test_a_reading_is_lost_five_minutes_after_its_timeout():
    timeout = timedelta(seconds=300)
    assert [lost_reading(NOW - timedelta(seconds=seconds), NOW, timeout) for seconds in (599, 601)] == [False, True]
