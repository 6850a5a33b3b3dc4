from datetime import UTC, datetime, timedelta

import pytest
from tests.jobs.ledger.worlds import GOOD, LOCAL, PASSING, World

from clipmill.errors import (
    CancelledError,
    ClipmillError,
    ConflictError,
    CorruptMediaError,
    OutOfMemoryError,
    WorkerLostError,
)
from clipmill.function.stages import Stage
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.usage import Usage, UsageTotal
from clipmill.jobs.outcome import Outcome

USED = Usage(gpu_ms=1500, output_ms=4000, bytes=10_000_000_000, cost_microusd=230)
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def ends(there: World, job_id: str) -> list[State]:
    """How the watchers of a job were told that it ended."""
    events = there.ledger.events("team", job_id)
    return [State(event.data["state"]) for event in events if event.kind is EventKind.DONE]


def messages(there: World) -> list[tuple[str, str]]:
    return [tuple(row) for row in there.rows("SELECT job_id, kind FROM outbox ORDER BY created_at")]


def test_success_is_told_only_now_and_in_full(there: World):
    lease = there.publishing()
    assert there.now_is(lease.job).percent < 100
    outcome = Outcome(result={"status": "success", "warnings": [{"code": "silent", "message": "no sound"}]})
    job = there.ledger.commit(lease, outcome, USED)
    assert (job.state, job.stage, job.percent, job.finished_at) == (State.SUCCEEDED, Stage.DONE, 100.0, there.now)
    assert job.result == outcome.result
    assert job.warnings == [{"code": "silent", "message": "no sound"}]
    assert (job.gpu_ms, job.cost_microusd, job.lease_owner) == (1500, 230, None)
    assert ends(there, job.id) == [State.SUCCEEDED]
    assert messages(there) == [(job.id, "job.succeeded")]
    assert there.ledger.events("team", job.id)[-1].data["result"] == outcome.result


def test_success_without_publishing_first_is_refused(there: World):
    lease = there.begun()
    with pytest.raises(ConflictError, match="begin_publishing"):
        there.ledger.commit(lease, GOOD)
    assert there.now_is(lease.job) == lease.job


def test_a_commit_told_again_is_answered_and_charges_nothing(there: World):
    lease = there.publishing()
    job = there.ledger.commit(lease, GOOD, USED)
    assert there.ledger.commit(lease, GOOD, USED) == job
    assert there.ledger.fail(lease, PASSING, USED) == job
    assert there.ledger.usage("team", *ALWAYS).gpu_ms == 1500
    assert len(messages(there)) == 1


def test_state_event_message_and_usage_come_together_or_not_at_all(there: World):
    lease = there.publishing()
    before, told = there.now_is(lease.job), there.ledger.events("team", lease.job.id)
    there.run("ALTER TABLE outbox RENAME TO elsewhere")
    with pytest.raises(Exception, match="outbox"):
        there.ledger.commit(lease, GOOD, USED)
    there.run("ALTER TABLE elsewhere RENAME TO outbox")
    assert there.now_is(lease.job) == before
    assert there.ledger.events("team", lease.job.id) == told
    assert there.ledger.usage("team", *ALWAYS) == UsageTotal()
    assert there.rows("SELECT finished_at FROM attempts") == [(None,)]
    assert there.ledger.commit(lease, GOOD, USED).state is State.SUCCEEDED


@pytest.mark.parametrize("fault", [CorruptMediaError("broken"), OutOfMemoryError("full"), ValueError("what?")])
def test_an_error_that_is_not_known_to_be_retryable_ends_the_job(there: World, fault: Exception):
    job = there.ledger.fail(there.begun(), fault)
    assert (job.state, job.stage, job.attempt) == (State.FAILED, Stage.FAILED, 1)
    assert job.failure is not None
    assert job.failure["code"] == (fault.code if isinstance(fault, ClipmillError) else "internal")
    assert messages(there) == [(job.id, "job.failed")]
    assert ends(there, job.id) == [State.FAILED]


def test_a_retryable_error_is_a_new_attempt_of_the_same_job_three_in_all(there: World):
    there.submit()
    for number in (1, 2):
        lease = there.lease()
        job = there.ledger.fail(lease, WorkerLostError("gone"), Usage(gpu_ms=10))
        assert (job.state, job.attempt, job.lease_owner, job.failure) == (State.RUNNING, number, None, None)
        there.wait(60)
    lease = there.lease()
    job = there.ledger.fail(lease, WorkerLostError("gone"), Usage(gpu_ms=10))
    assert (job.state, job.attempt, job.gpu_ms) == (State.FAILED, 3, 30)
    assert there.rows("SELECT count(*) FROM attempts WHERE failure IS NOT NULL") == [(3,)]
    assert len(messages(there)) == 1


@pytest.mark.parametrize(("luck", "pauses_s"), [(0.0, (3.0, 6.0)), (0.5, (3.375, 6.75))])
def test_a_new_attempt_waits_longer_each_time_and_by_chance(there: World, luck: float, pauses_s: tuple[float, ...]):
    ledger = Ledger(there.engine, lambda: there.now, lambda: luck)
    there.submit()
    for pause_s in pauses_s:
        job = ledger.fail(there.lease(), PASSING)
        assert job.run_after - there.now == timedelta(seconds=pause_s)
        there.wait(pause_s - 0.001)
        assert there.ledger.lease("one", LOCAL) is None
        there.wait(0.001)


def test_a_job_that_allows_one_attempt_gets_one(there: World):
    assert there.ledger.fail(there.begun(max_attempts=1), PASSING).state is State.FAILED


def test_an_attempt_after_a_failed_publishing_can_still_succeed(there: World):
    there.ledger.fail(there.publishing(), PASSING)
    there.wait(60)
    lease = there.lease()
    assert lease.job.state is State.PUBLISHING
    there.ledger.begin_publishing(lease)
    assert there.ledger.commit(lease, GOOD).attempt == 2


def test_failures_hold_no_secrets(there: World):
    lease = there.begun()
    link = "PUT https://b.example/a?sig=0a1b"
    there.ledger.fail(lease, WorkerLostError(link))
    there.wait(60)
    job = there.ledger.fail(there.lease(), CorruptMediaError(link, details={"log": link}))
    assert job.failure is not None
    assert job.failure["details"]["log"] == "PUT https://b.example/a?[redacted]"
    for kept in ("failure FROM jobs", "failure FROM attempts", "data FROM events", "payload FROM outbox"):
        assert "0a1b" not in str(there.rows(f"SELECT {kept}"))


def test_a_queued_job_is_cancelled_at_once(there: World):
    job = there.ledger.request_cancel("team", there.submit().id)
    assert (job.state, job.stage) == (State.CANCELLED, Stage.CANCELLED)
    assert job.failure is not None
    assert job.failure["code"] == "cancelled"
    assert messages(there) == [(job.id, "job.cancelled")]
    assert there.ledger.lease("one", LOCAL) is None


def test_a_job_between_two_attempts_is_cancelled_at_once(there: World):
    there.ledger.fail(there.begun(), PASSING)
    [job] = there.ledger.jobs("team").jobs
    assert there.ledger.request_cancel("team", job.id).state is State.CANCELLED


def test_a_job_at_work_is_asked_to_stop_and_cancelled_by_its_worker(there: World):
    lease = there.begun()
    asked = there.ledger.request_cancel("team", lease.job.id)
    assert (asked.state, asked.cancel_requested_at) == (State.RUNNING, there.now)
    job = there.ledger.fail(lease, CancelledError("stopped"))
    assert job.state is State.CANCELLED
    assert messages(there) == [(job.id, "job.cancelled")]


def test_cancel_may_be_asked_for_any_number_of_times(there: World):
    lease = there.begun()
    first = there.ledger.request_cancel("team", lease.job.id)
    there.wait(1)
    assert there.ledger.request_cancel("team", lease.job.id) == first
    done = there.ledger.fail(lease, CancelledError("stopped"))
    assert there.ledger.request_cancel("team", lease.job.id) == done


def test_a_cancelled_job_cannot_begin_to_publish(there: World):
    lease = there.begun()
    there.ledger.request_cancel("team", lease.job.id)
    with pytest.raises(CancelledError):
        there.ledger.begin_publishing(lease)
    assert there.now_is(lease.job).state is State.RUNNING


def test_a_job_that_published_before_the_cancel_reached_it_has_succeeded(there: World):
    lease = there.publishing()
    there.ledger.request_cancel("team", lease.job.id)
    done = there.ledger.commit(lease, GOOD)
    assert done.state is State.SUCCEEDED
    assert there.ledger.request_cancel("team", done.id) == done


def test_a_job_that_was_to_stop_is_not_tried_again_and_counts_as_cancelled(there: World):
    lease = there.begun()
    there.ledger.request_cancel("team", lease.job.id)
    job = there.ledger.fail(lease, PASSING)
    assert (job.state, job.failure and job.failure["code"]) == (State.CANCELLED, "cancelled")


def test_whoever_takes_over_a_job_learns_that_it_is_to_stop(there: World):
    lease = there.begun()
    there.ledger.request_cancel("team", lease.job.id)
    there.wait(3600)
    taken = there.ledger.take_over("two")
    assert taken is not None
    assert taken.job.cancel_requested


def test_a_job_that_waited_past_its_time_expires(there: World):
    late = there.submit(expires_at=there.now + timedelta(seconds=10))
    there.submit()
    assert there.ledger.expire() is None
    there.wait(10)
    expired = there.ledger.expire()
    assert expired is not None
    assert (expired.id, expired.state) == (late.id, State.EXPIRED)
    assert messages(there) == [(late.id, "job.expired")]
    assert there.ledger.expire() is None


def test_a_job_whose_time_is_over_is_not_begun(there: World):
    there.submit(expires_at=there.now + timedelta(seconds=10))
    there.wait(10)
    assert there.ledger.lease("one", LOCAL) is None


def test_a_job_at_work_does_not_expire_but_one_that_waits_for_its_next_attempt_does(there: World):
    lease = there.begun(expires_at=there.now + timedelta(seconds=10))
    there.wait(3600)
    assert there.ledger.expire() is None
    there.ledger.fail(lease, PASSING)
    expired = there.ledger.expire()
    assert expired is not None
    assert expired.id == lease.job.id


def test_usage_is_summed_by_tenant_and_time(there: World):
    there.succeeded(USED)
    there.wait(60)
    noon = there.now
    there.succeeded(USED)
    there.succeeded(USED, tenant="other")
    twice = UsageTotal(3000, 8000, 20_000_000_000, 460, jobs=2)
    assert there.ledger.usage("team", *ALWAYS) == twice
    assert there.ledger.usage("team", noon, noon + timedelta(seconds=1)).jobs == 1
    assert there.ledger.usage("team", ALWAYS[0], noon).jobs == 1
    assert there.ledger.usage("nobody", *ALWAYS) == UsageTotal()


def test_a_job_of_several_attempts_is_one_job_in_the_usage(there: World):
    there.ledger.fail(there.begun(), PASSING, USED)
    there.wait(60)
    lease = there.lease()
    there.ledger.begin_publishing(lease)
    there.ledger.commit(lease, GOOD, USED)
    assert there.ledger.usage("team", *ALWAYS) == UsageTotal(3000, 8000, 20_000_000_000, 460, jobs=1)
