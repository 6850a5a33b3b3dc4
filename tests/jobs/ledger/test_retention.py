"""What is old is forgotten a little at a time, and nothing that somebody still needs."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.jobs.ledger.worlds import GOOD, World, frames

from clipmill.errors import CorruptMediaError, InvalidRequestError
from clipmill.jobs.ledger import retention
from clipmill.jobs.ledger.database import writing
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.retention import Retention
from clipmill.jobs.ledger.usage import Usage

DAY_S = 86400
KEPT = Retention(events=timedelta(days=7), jobs=timedelta(days=30), messages=timedelta(days=7))
TABLES = ("jobs", "attempts", "events", "labels", "outbox", "deliveries", "callbacks", "idempotency_keys")


def forget_all(there: World, kept: Retention = KEPT) -> None:
    while there.ledger.forget(kept):
        pass


def left(there: World) -> dict[str, int]:
    """How many rows each table has."""
    return {table: there.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}  # noqa: S608


def failed(there: World, **changes: Any) -> JobRecord:
    return there.ledger.fail(there.begun(**changes), CorruptMediaError("broken"))


def deliver(there: World) -> None:
    """Everything that waits arrives."""
    for delivery in there.ledger.outbox.claim(100):
        there.ledger.outbox.ack(delivery, 200)
    while calls := there.ledger.callbacks.claim(100):
        for call in calls:
            there.ledger.callbacks.settle(call, arrived=True)


def test_of_the_events_of_a_job_that_ended_long_ago_the_last_one_is_left(there: World):
    lease = there.publishing()
    there.ledger.report(lease, frames(1, 50))
    job = there.ledger.commit(lease, GOOD)
    there.wait(7 * DAY_S - 1)
    forget_all(there)
    assert len(there.ledger.events("team", job.id)) == job.last_seq
    there.wait(1)
    forget_all(there)
    assert [told.kind for told in there.ledger.events("team", job.id)] == [EventKind.DONE]
    assert there.now_is(job) == job


def test_the_events_of_a_job_that_goes_on_are_kept_however_old_they_are(there: World):
    lease = there.begun()
    there.wait(60 * DAY_S)
    forget_all(there)
    assert len(there.ledger.events("team", lease.job.id)) == lease.job.last_seq


def test_nothing_is_left_of_a_job_that_ended_long_ago_but_what_it_used(there: World):
    start = there.now
    more = {"labels": {"a": "b"}, "webhook": "https://a.example", "callback_url": "https://b.example"}
    there.succeeded(Usage(gpu_ms=5), idempotency_key="k", **more)
    deliver(there)
    there.wait(30 * DAY_S - 1)
    forget_all(there)
    assert left(there)["jobs"] == 1
    there.wait(1)
    forget_all(there)
    assert left(there) == dict.fromkeys(TABLES, 0)
    assert there.ledger.usage("team", start, there.now).gpu_ms == 5


def test_a_message_is_forgotten_before_its_job_but_not_while_it_waits(there: World):
    arrived = there.succeeded(webhook="https://a.example")
    deliver(there)
    waits = there.succeeded(webhook="https://b.example")
    there.wait(7 * DAY_S)
    forget_all(there)
    assert there.rows("SELECT job_id FROM outbox") == [(waits.id,)]
    assert there.rows("SELECT address FROM deliveries") == [("https://b.example",)]
    assert there.now_is(arrived) == arrived


@pytest.mark.parametrize("told", [{"webhook": "https://a.example"}, {"callback_url": "https://a.example"}])
def test_a_job_is_kept_until_its_end_was_told(there: World, told: dict[str, str]):
    job = there.succeeded(**told)
    there.wait(90 * DAY_S)
    forget_all(there)
    assert there.now_is(job) == job
    deliver(there)
    forget_all(there)
    assert left(there)["jobs"] == 0


def test_a_job_is_kept_as_long_as_its_retry_and_goes_with_it(there: World):
    old = failed(there)
    new = there.ledger.retry("team", old.id)
    there.wait(90 * DAY_S)
    forget_all(there)
    assert there.ledger.retry("team", old.id) == new
    there.ledger.request_cancel("team", new.id)
    there.wait(30 * DAY_S)
    forget_all(there)
    assert left(there)["jobs"] == 0


def test_one_batch_is_bounded(there: World):
    for _ in range(3):
        there.succeeded()
    there.wait(60 * DAY_S)
    counts = []
    for _ in range(20):
        with writing(there.engine) as connection:
            counts.append(retention.forget(connection, there.now, KEPT, limit=2))
    # Of each kind, which are events, messages and jobs, at most the limit.
    assert max(counts) <= 3 * 2
    assert counts[-1] == 0
    assert left(there) == dict.fromkeys(TABLES, 0)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ended=st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=5),
    ages=st.tuples(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40)),
)
def test_what_is_kept_is_what_is_younger_than_its_age(there: World, ended, ages):
    for table in ("deliveries", "outbox", "usage", "events", "attempts", "jobs"):
        there.run(f"DELETE FROM {table}")  # noqa: S608
    start, now = there.now, there.now + timedelta(days=100)
    young: dict[str, tuple[int, bool]] = {}
    for age, well in ended:
        there.now = now - timedelta(days=age)
        young[(there.succeeded() if well else failed(there)).id] = (age, well)
    there.now = now
    events, jobs, messages = ages
    forget_all(there, Retention(*(timedelta(days=days) for days in ages)))
    assert {row[0] for row in there.rows("SELECT id FROM jobs")} == {
        job for job, (age, _) in young.items() if age < jobs
    }
    told = {row[0] for row in there.rows("SELECT job_id FROM events WHERE kind <> 'done'")}
    assert told == {job for job, (age, _) in young.items() if age < min(events, jobs)}
    sent = {row[0] for row in there.rows("SELECT job_id FROM outbox")}
    assert sent == {job for job, (age, _) in young.items() if age < min(messages, jobs)}
    there.now = start


def test_jobs_are_kept_as_long_as_idempotency_keys_at_least():
    with pytest.raises(InvalidRequestError, match="idempotency"):
        Retention(jobs=timedelta(hours=23))


def test_old_things_are_found_without_reading_what_stays(there: World):
    for _ in range(2):
        there.succeeded()
    there.wait(60 * DAY_S)
    assert there.scans(lambda: forget_all(there)) == []
