import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.jobs.ledger.worlds import PASSING, World, frames

from clipmill.function.stages import Stage
from clipmill.jobs.ledger.kinds import EventKind

LINK = "GET https://b.example/a.mp4?X-Amz-Signature=0a1b failed"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(st.floats(-10, 200), max_size=6))
def test_the_bar_never_falls_and_is_never_full_while_the_work_goes_on(there: World, told: list[float]):
    lease = there.begun()
    percents = [there.ledger.report(lease, frames(number, value)).percent for number, value in enumerate(told, 1)]
    assert percents == sorted(percents)
    assert all(0 <= percent < 100 for percent in percents)
    shown = [event.data["progress"] for event in there.ledger.events("team", lease.job.id) if "progress" in event.data]
    assert shown == percents
    there.ledger.fail(lease, ValueError())


def test_a_report_is_in_the_record(there: World):
    lease = there.begun()
    job = there.ledger.report(lease, frames(1, 41.9))
    assert (job.stage, job.percent, job.frames_done, job.frames_total) == (Stage.PROCESSING, 41.9, 41, 100)


def test_a_report_heard_before_or_too_late_changes_nothing(there: World):
    lease = there.begun()
    job = there.ledger.report(lease, frames(5, 50))
    for seq in (4, 5):
        assert there.ledger.report(lease, frames(seq, 60)) == job
    assert len(there.ledger.events("team", job.id)) == job.last_seq == 3


def test_after_a_new_attempt_the_bar_stays_and_its_reports_are_heard(there: World):
    lease = there.begun()
    there.ledger.report(lease, frames(5, 50))
    there.ledger.fail(lease, PASSING)
    there.wait(60)
    lease = there.lease()
    assert (lease.job.percent, lease.job.frames_done) == (50.0, None)
    job = there.ledger.report(lease, frames(1, 20))
    assert (job.percent, job.frames_done) == (50.0, 20)


@pytest.mark.parametrize("stage", [Stage.DONE, Stage.FAILED, Stage.CANCELLED])
def test_the_worker_does_not_tell_the_end(there: World, stage: Stage):
    lease = there.begun()
    assert there.ledger.report(lease, frames(1, 100, stage)) == lease.job


def test_a_report_tells_that_the_job_is_to_stop(there: World):
    lease = there.begun()
    assert not there.ledger.report(lease, frames(1, 1)).cancel_requested
    there.ledger.request_cancel("team", lease.job.id)
    assert there.ledger.report(lease, frames(2, 2)).cancel_requested
    assert there.ledger.renew(lease).job.cancel_requested


def test_what_watchers_are_told_holds_no_secrets(there: World):
    lease = there.begun()
    there.ledger.report(lease, frames(1, 1, message=LINK))
    there.ledger.log(lease, LINK)
    told = there.rows("SELECT data FROM events")
    assert "0a1b" not in str(told)
    assert there.ledger.events("team", lease.job.id)[-1].data == {
        "text": "GET https://b.example/a.mp4?[redacted] failed"
    }


def test_events_are_numbered_without_gaps_and_replayed_behind_any(there: World):
    lease = there.begun()
    for seq in range(1, 4):
        there.ledger.report(lease, frames(seq, seq))
    there.ledger.fail(lease, ValueError("no"))
    events = there.ledger.events("team", lease.job.id)
    assert [event.seq for event in events] == list(range(1, 7))
    kinds = [event.kind for event in events]
    assert kinds == [EventKind.STATE] * 2 + [EventKind.PROGRESS] * 3 + [EventKind.DONE]
    for after in range(8):
        assert there.ledger.events("team", lease.job.id, after) == events[after:]
    assert there.ledger.events("team", lease.job.id, 1, limit=2) == events[1:3]


def test_the_events_of_a_job_carry_its_own_numbers_and_id(there: World):
    lease = there.begun()
    there.ledger.report(lease, frames(7, 5))
    event = there.ledger.events("team", lease.job.id)[-1]
    assert (event.data["seq"], event.data["job_id"]) == (event.seq, lease.job.id)
    assert event.data["message"] == "rendering"
