from datetime import timedelta

import pytest
from tests.jobs.caption_book.worlds import World, at_once

from clipmill.errors import InvalidParameterError, LockLostError
from clipmill.jobs.caption_book.locks import LEASE_S, Database
from clipmill.jobs.caption_book.steps import Step, StepKey
from clipmill.media.captions.states import StepState

KEY = StepKey("match", Step.INITIAL)
READING = StepKey("match", Step.CAPTION_OCR, "c1")


def state(world: World, key: StepKey = KEY) -> StepState:
    row = world.book.steps.get(key)
    assert row is not None
    return row.state


def failed(world: World, times: int = 1, key: StepKey = KEY) -> None:
    """A step that its runs failed at so often."""
    for attempt in range(times):
        world.book.steps.queue(key)
        assert world.book.steps.claim(key, f"run {attempt}")
        world.book.steps.fail(key, f"run {attempt}", "Modal error: connection reset")


def test_of_many_runs_that_claim_a_step_at_once_one_has_it(there: World):
    there.book.steps.queue(KEY)
    got = at_once(6, lambda number: there.book.steps.claim(KEY, f"run {number}"))
    assert sum(got) == 1
    assert state(there).attempts == 1
    assert state(there).run_token == f"run {got.index(True)}"


def test_a_step_goes_from_queued_to_processing_to_ready_and_may_be_queued_again(there: World):
    there.book.steps.queue(KEY)
    there.book.steps.claim(KEY, "run")
    there.book.steps.finish(KEY, "run")
    assert state(there).status == "ready"
    assert there.book.steps.queue(KEY).state.status == "queued"


def test_an_error_and_then_success_leave_ready_with_the_error_text_gone(there: World):
    failed(there)
    assert state(there).error == "Modal error: connection reset"
    there.book.steps.queue(KEY)
    there.book.steps.claim(KEY, "second")
    there.book.steps.finish(KEY, "second")
    assert (state(there).status, state(there).error) == ("ready", None)


def test_a_run_without_the_token_of_the_step_writes_nothing(sqlite_world: World):
    sqlite_world.book.steps.queue(KEY)
    sqlite_world.book.steps.claim(KEY, "run")
    for write in (
        lambda: sqlite_world.book.steps.finish(KEY, "other"),
        lambda: sqlite_world.book.steps.fail(KEY, "other", "no"),
    ):
        with pytest.raises(LockLostError):
            write()
    assert state(sqlite_world).status == "processing"


def test_a_write_that_is_repeated_because_its_answer_was_lost_is_no_fault(sqlite_world: World):
    sqlite_world.book.steps.queue(KEY)
    sqlite_world.book.steps.claim(KEY, "run")
    sqlite_world.book.steps.finish(KEY, "run")
    sqlite_world.book.steps.finish(KEY, "run")
    assert state(sqlite_world).status == "ready"


def test_what_is_in_work_cannot_be_queued(sqlite_world: World):
    sqlite_world.book.steps.queue(KEY)
    sqlite_world.book.steps.claim(KEY, "run")
    with pytest.raises(InvalidParameterError, match="processing can only become"):
        sqlite_world.book.steps.queue(KEY)


def test_with_automatic_attempts_used_up_a_step_stays_in_error_until_a_person_queues_it(there: World):
    failed(there)
    assert there.book.steps.restart_failed() == [KEY]
    there.book.steps.claim(KEY, "again")
    there.book.steps.fail(KEY, "again", "broken")
    failed(there)
    assert there.book.steps.restart_failed() == []
    with pytest.raises(InvalidParameterError, match="by hand"):
        there.book.steps.queue(KEY)
    assert state(there).status == "error"
    assert there.book.steps.queue(KEY, by_person=True).state.attempts == 0


def test_a_step_whose_lease_has_been_over_for_a_minute_is_given_up(there: World):
    there.book.steps.queue(KEY)
    there.book.locks.acquire("match", Database.LAYOUT, "run")
    there.book.steps.claim(KEY, "run")
    there.wait(LEASE_S + 59)
    assert there.book.sweep() == []
    there.wait(1)
    assert there.book.sweep() == [KEY]
    assert (state(there).status, state(there).error) == ("error", "Worker lost")


def test_a_step_is_not_kept_alive_by_the_lock_of_somebody_who_came_later(sqlite_world: World):
    sqlite_world.book.steps.queue(KEY)
    sqlite_world.book.locks.acquire("match", Database.LAYOUT, "run")
    sqlite_world.book.steps.claim(KEY, "run")
    sqlite_world.wait(LEASE_S)
    sqlite_world.book.locks.acquire("match", Database.LAYOUT, "editor")
    sqlite_world.wait(60)
    assert sqlite_world.book.sweep() == [KEY]


def test_whoever_looks_in_vain_meanwhile_puts_nothing_off(there: World):
    there.book.steps.queue(KEY)
    there.book.locks.acquire("match", Database.LAYOUT, "run")
    there.book.steps.claim(KEY, "run")
    there.wait(LEASE_S + 10)
    for visitor in ("first", "second"):
        lock = there.book.locks.acquire("match", Database.LAYOUT, visitor)
        assert lock is not None
        assert there.book.locks.release(lock)
        there.wait(24.5)
        assert there.book.sweep() == []
    there.wait(1)
    assert there.book.sweep() == [KEY]


def test_a_step_whose_lock_is_renewed_is_left_alone(sqlite_world: World):
    sqlite_world.book.steps.queue(KEY)
    lock = sqlite_world.book.locks.acquire("match", Database.LAYOUT, "run")
    assert lock is not None
    sqlite_world.book.steps.claim(KEY, "run")
    for _ in range(6):
        sqlite_world.wait(60)
        assert sqlite_world.book.locks.renew(lock)
        assert sqlite_world.book.sweep() == []


def test_the_reading_of_a_caption_is_given_up_five_minutes_after_its_own_timeout(sqlite_world: World):
    sqlite_world.book.steps.queue(READING)
    sqlite_world.book.steps.claim(READING, "run")
    sqlite_world.wait(timedelta(seconds=600).total_seconds())
    assert sqlite_world.book.sweep() == []
    sqlite_world.wait(1)
    assert sqlite_world.book.sweep() == [READING]
