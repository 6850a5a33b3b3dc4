import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.jobs.ledger.worlds import GOOD, World, submission

from clipmill.errors import ConflictError, InvalidKeyError, InvalidRequestError, NotFoundError, TooManyJobsError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.tiers import Tier

DAY_S = timedelta(hours=24).total_seconds()

any_json = st.dictionaries(
    st.text(), st.text() | st.integers() | st.none() | st.lists(st.text(), max_size=2), max_size=3
)


def test_a_new_job_is_queued_and_reads_back_as_it_was_sent(there: World):
    wanted = {"tier": Tier.PREMIUM, "gpu": Gpu.SMALL, "labels": {"reel": "7"}, "webhook": "https://a.example/?key=x"}
    job = there.submit(**wanted, runner="modal", function_version="3", max_attempts=2)
    assert there.now_is(job) == job
    assert {name: getattr(job, name) for name in wanted} == wanted
    assert (job.state, job.stage, job.attempt, job.percent) == (State.QUEUED, Stage.QUEUED, 0, 0.0)
    assert (job.runner, job.function_version, job.max_attempts) == ("modal", "3", 2)
    assert job.created_at == there.now
    assert job.job().request == {"text": "hi"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=any_json)
def test_whatever_json_a_request_is_it_comes_back_as_it_was(there: World, request):
    assert there.now_is(there.submit(request=request)).request == request


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request": {"at": float("nan")}}, InvalidRequestError),
        ({"tenant": "../other"}, InvalidKeyError),
        ({"max_attempts": 4}, InvalidRequestError),
        ({"max_attempts": 0}, InvalidRequestError),
        ({"idempotency_key": ""}, InvalidRequestError),
        ({"idempotency_key": "two\nlines"}, InvalidRequestError),
        ({"idempotency_key": "x" * 256}, InvalidRequestError),
    ],
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(there: World, changes, error):
    with pytest.raises(error):
        there.submit(**changes)
    assert there.rows("SELECT id FROM jobs") == []
    assert there.rows("SELECT * FROM idempotency_keys") == []


def test_the_same_key_and_body_is_the_same_job_for_a_day(there: World):
    first = there.submit(idempotency_key="k")
    there.wait(DAY_S - 1)
    assert there.submit(idempotency_key="k") == first
    there.wait(2)
    assert there.submit(idempotency_key="k").id != first.id


def test_a_key_stands_for_its_job_even_after_that_has_ended(there: World):
    job = there.succeeded(idempotency_key="k")
    assert there.submit(idempotency_key="k") == job


@pytest.mark.parametrize(
    "change",
    [
        {"request": {"text": "other"}},
        {"function": "other"},
        {"runner": "modal"},
        {"tier": Tier.PREMIUM},
        {"labels": {"a": "b"}},
        {"webhook": "https://a.example"},
    ],
)
def test_the_same_key_with_another_body_is_a_conflict(there: World, change):
    job = there.submit(idempotency_key="k")
    with pytest.raises(ConflictError, match=job.id):
        there.submit(idempotency_key="k", **change)
    assert [found.id for found in there.ledger.jobs("team").jobs] == [job.id]


def test_what_the_deployment_decides_is_no_part_of_the_body(there: World):
    job = there.submit(idempotency_key="k", function_version="1")
    assert there.submit(idempotency_key="k", function_version="2", gpu=Gpu.LARGE) == job


def test_tenants_do_not_share_keys(there: World):
    mine, theirs = there.submit(idempotency_key="k"), there.submit(idempotency_key="k", tenant="other")
    assert mine.id != theirs.id


def test_more_jobs_than_may_wait_are_refused_and_leave_no_key(there: World):
    there.ledger.submit(submission(), 2)
    begun = there.ledger.submit(submission(tenant="other"), 2)
    there.ledger.submit(submission(idempotency_key="last"), 2)
    with pytest.raises(TooManyJobsError, match="2 jobs of this tenant wait, of 2 at most"):
        there.ledger.submit(submission(idempotency_key="k"), 2)
    assert there.rows("SELECT key FROM idempotency_keys") == [("last",)]
    while there.lease().job.tenant == begun.tenant:
        pass
    assert there.ledger.submit(submission(idempotency_key="k"), 2).state is State.QUEUED


def test_a_job_that_is_there_already_is_the_answer_however_many_wait(there: World):
    job = there.submit(idempotency_key="k")
    stopped = there.ledger.request_cancel("team", there.submit().id)
    again = there.ledger.retry("team", stopped.id, 2)
    assert there.ledger.submit(submission(idempotency_key="k"), 0) == job
    assert there.ledger.retry("team", stopped.id, 0) == again
    there.ledger.request_cancel("team", again.id)
    with pytest.raises(TooManyJobsError):
        there.ledger.retry("team", stopped.id, 0)


def test_without_a_key_the_same_body_is_another_job(there: World):
    assert there.submit().id != there.submit().id


def test_old_keys_are_forgotten(there: World):
    there.submit(idempotency_key="old")
    there.wait(DAY_S)
    there.submit(idempotency_key="new")
    there.ledger.expire()
    assert there.rows("SELECT key FROM idempotency_keys") == [("new",)]


def test_the_retry_of_a_stopped_job_is_a_new_job_with_the_same_request(there: World):
    old = there.ledger.request_cancel("team", there.submit(labels={"a": "b"}, gpu=Gpu.SMALL, runner="modal").id)
    new = there.ledger.retry("team", old.id)
    assert (new.retry_of, new.state, new.attempt) == (old.id, State.QUEUED, 0)
    same = ("function", "request", "labels", "gpu", "tier", "webhook", "runner", "max_attempts", "function_version")
    assert [getattr(new, name) for name in same] == [getattr(old, name) for name in same]
    assert there.now_is(old) == old


def test_a_retry_asked_for_twice_is_one_job(there: World):
    old = there.ledger.request_cancel("team", there.submit().id)
    assert there.ledger.retry("team", old.id) == there.ledger.retry("team", old.id)


def test_when_the_retry_was_stopped_too_the_next_one_follows_it(there: World):
    old = there.ledger.request_cancel("team", there.submit().id)
    second = there.ledger.request_cancel("team", there.ledger.retry("team", old.id).id)
    third = there.ledger.retry("team", old.id)
    assert third.retry_of == second.id


def test_a_job_that_runs_or_did_well_is_not_retried(there: World):
    done = there.succeeded()
    for job in (done, there.submit()):
        with pytest.raises(ConflictError):
            there.ledger.retry("team", job.id)


def test_a_retry_that_did_well_is_the_answer(there: World):
    old = there.ledger.request_cancel("team", there.submit().id)
    there.ledger.retry("team", old.id)
    lease = there.lease()
    there.ledger.begin_publishing(lease)
    done = there.ledger.commit(lease, GOOD)
    assert there.ledger.retry("team", old.id) == done


@pytest.mark.parametrize("verb", ["get", "events", "request_cancel", "retry"])
def test_the_job_of_another_tenant_is_not_there(there: World, verb: str):
    job = there.submit()
    with pytest.raises(NotFoundError) as told:
        getattr(there.ledger, verb)("other", job.id)
    with pytest.raises(NotFoundError) as nothing:
        getattr(there.ledger, verb)("other", "job_none")
    assert told.value.message.replace(job.id, "job_none") == nothing.value.message
    assert there.now_is(job) == job


def test_a_request_is_kept_as_given_with_its_secrets(there: World):
    request = {"url": "https://b.example/a?X-Amz-Signature=0a"}
    assert json.dumps(there.now_is(there.submit(request=request)).request) == json.dumps(request)


def test_a_tier_may_be_told_in_any_letter_case(there: World):
    assert there.submit(tier=Tier.of("ENTERPRISE")).tier is Tier.ENTERPRISE


def test_what_is_no_json_is_refused_by_both_databases_alike(there: World):
    with pytest.raises(Exception, match="JSON compliant"):
        there.submit(labels={"a": float("nan")})
    assert there.submit(request={"lone": "\ud800", "nothing": "\0"}).request == {"lone": "\ud800", "nothing": "\0"}
