from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.jobs.ledger.worlds import GOOD, LOCAL, PASSING, World, frames

from clipmill.errors import ConflictError, WorkerLostError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.ledger import LEASED_FOR
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.tiers import Tier, priority

SPAN_S = LEASED_FOR.total_seconds()


def test_a_lease_begins_the_first_attempt(there: World):
    there.submit()
    job = there.lease("one").job
    assert (job.state, job.stage, job.attempt) == (State.RUNNING, Stage.STARTING, 1)
    assert (job.runner, job.lease_owner, job.started_at) == ("local", "one", there.now)
    assert job.lease_until == there.now + LEASED_FOR
    assert there.rows("SELECT number, runner, owner FROM attempts") == [(1, "local", "one")]


def test_a_leased_job_is_for_nobody_else(there: World):
    there.begun()
    assert there.ledger.lease("two", LOCAL) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(st.tuples(st.sampled_from(Tier), st.integers(0, 24 * 60)), min_size=1, max_size=6))
def test_the_highest_priority_goes_first_and_the_oldest_among_equals(there: World, sent):
    there.run("DELETE FROM events")
    there.run("DELETE FROM attempts")
    there.run("DELETE FROM jobs")
    start = there.now
    for number, (tier, minutes) in enumerate(sent):
        there.now = start + timedelta(minutes=minutes)
        there.submit(tier=tier, tenant=f"tenant{number}")
    there.now = start + timedelta(days=1)
    jobs = [there.lease().job for _ in sent]
    expected = sorted(jobs, key=lambda job: (-priority(job.tier, there.now - job.created_at), job.created_at, job.id))
    assert [job.id for job in jobs] == [job.id for job in expected]


@pytest.mark.parametrize(("age_h", "order"), [(-300, ["rich", "normal", "odd"]), (300, ["rich", "odd", "normal"])])
def test_a_clock_that_differs_gives_a_job_neither_less_nor_more_than_age_can(
    there: World, age_h: int, order: list[str]
):
    start = there.now
    for tenant, tier, age in (("odd", Tier.FREE, age_h), ("normal", Tier.FREE, 1), ("rich", Tier.PREMIUM, 1)):
        there.now = start - timedelta(hours=age)
        there.submit(tenant=tenant, tier=tier)
    there.now = start
    there.run("UPDATE jobs SET run_after = 0")
    assert [there.lease().job.tenant for _ in order] == order


def test_among_equals_the_tenant_with_the_least_work_under_way_goes_first(there: World):
    for _ in range(3):
        there.submit(tenant="many")
    there.wait(1)
    for _ in range(2):
        there.submit(tenant="few")
    assert [there.lease().job.tenant for _ in range(5)] == ["many", "few", "many", "few", "many"]


def test_a_tenant_has_no_more_jobs_at_a_time_than_its_bound(there: World):
    bounded = Capacity("local", {Gpu.NONE: 10}, per_tenant=1)
    there.submit(tenant="many")
    there.submit(tenant="many")
    there.lease(capacity=bounded)
    assert there.ledger.lease("one", bounded) is None
    there.submit(tenant="few")
    assert there.lease(capacity=bounded).job.tenant == "few"


def test_a_runner_takes_as_many_jobs_of_a_class_as_it_has_places(there: World):
    for gpu in (Gpu.SMALL, Gpu.SMALL, Gpu.NONE, Gpu.LARGE):
        there.submit(gpu=gpu)
    two_kinds = Capacity("modal", {Gpu.SMALL: 1, Gpu.NONE: 1})
    assert {there.lease(owner, two_kinds).job.gpu for owner in ("one", "two")} == {Gpu.SMALL, Gpu.NONE}
    assert there.ledger.lease("three", two_kinds) is None


def test_a_place_is_free_again_once_its_job_has_ended(there: World):
    small = Capacity("local", {Gpu.NONE: 1})
    first, second = there.submit(), there.submit()
    lease = there.lease(capacity=small)
    assert there.ledger.lease("one", small) is None
    there.ledger.fail(lease, ConflictError("no"))
    assert {first.id, second.id} == {lease.job.id, there.lease(capacity=small).job.id}


def test_places_that_are_not_shared_are_those_of_each_owner(there: World):
    own = Capacity("local", {Gpu.NONE: 1}, shared=False)
    for _ in range(3):
        there.submit()
    assert there.lease("one", own).owner == "one"
    assert there.ledger.lease("one", own) is None
    assert there.lease("two", own).owner == "two"


def test_a_job_for_one_runner_is_not_given_to_another(there: World):
    there.submit(runner="modal")
    assert there.ledger.lease("one", LOCAL) is None
    assert there.lease("one", Capacity("modal", {Gpu.NONE: 1})).job.runner == "modal"


def test_a_job_that_began_on_one_runner_is_tried_again_on_the_same(there: World):
    there.ledger.fail(there.begun(), PASSING)
    there.wait(60)
    assert there.ledger.lease("two", Capacity("modal", {Gpu.NONE: 1})) is None
    assert there.lease("two").job.attempt == 2


def test_a_renewed_lease_is_not_taken_over(there: World):
    lease = there.begun()
    there.wait(SPAN_S - 1)
    renewed = there.ledger.renew(lease)
    assert renewed.job.lease_until == there.now + LEASED_FOR
    there.wait(SPAN_S - 1)
    assert there.ledger.take_over("two") is None


def test_a_lease_that_ran_out_is_taken_over_with_its_attempt_and_handle(there: World):
    lease = there.begun()
    there.ledger.keep_handle(lease, "call-7")
    there.wait(SPAN_S)
    taken = there.ledger.take_over("two")
    assert taken is not None
    assert (taken.job.id, taken.owner, taken.token) == (lease.job.id, "two", lease.token + 1)
    assert (taken.job.attempt, taken.job.handle, taken.job.state) == (1, "call-7", State.RUNNING)
    assert there.ledger.take_over("three") is None
    assert there.rows("SELECT number, handle FROM attempts") == [(1, "call-7")]


def test_what_is_in_the_hands_of_who_asks_is_not_taken_over(there: World):
    mine, lost = there.begun(), there.begun()
    there.wait(SPAN_S)
    taken = there.ledger.take_over("one", [mine.job.id])
    assert taken is not None
    assert taken.job.id == lost.job.id
    assert there.ledger.take_over("one", [mine.job.id]) is None
    assert there.ledger.renew(mine).token == mine.token


def test_the_lease_that_ran_out_first_is_taken_over_first(there: World):
    first = there.begun()
    there.wait(1)
    there.begun()
    there.wait(SPAN_S)
    taken = there.ledger.take_over("two")
    assert taken is not None
    assert taken.job.id == first.job.id


def test_a_job_that_was_given_back_is_taken_at_once_in_the_same_attempt(there: World):
    lease = there.publishing()
    there.ledger.report(lease, frames(3, 40))
    waits = there.ledger.release(lease)
    assert (waits.state, waits.lease_owner, waits.stage) == (State.PUBLISHING, None, Stage.QUEUED)
    again = there.lease("two")
    assert (again.job.id, again.job.attempt, again.owner, again.inherited) == (lease.job.id, 1, "two", False)
    assert (again.job.state, again.job.percent, again.job.handle) == (State.PUBLISHING, 40.0, None)
    assert there.rows("SELECT number, finished_at FROM attempts") == [(1, None)]
    there.ledger.fail(again, PASSING)
    there.wait(60)
    assert there.lease().job.attempt == 2


def test_a_job_given_back_with_its_work_running_on_keeps_its_handle_and_waits_to_be_stopped(there: World):
    lease = there.begun()
    there.ledger.keep_handle(lease, "call-7")
    there.ledger.release(lease, runs_on=True)
    assert there.ledger.request_cancel("team", lease.job.id).state is State.RUNNING
    again = there.lease("two")
    assert (again.job.handle, again.inherited, again.job.cancel_requested) == ("call-7", True, True)


def test_a_job_given_back_can_be_cancelled_by_whoever_asks(there: World):
    lease = there.begun()
    there.ledger.release(lease)
    assert there.ledger.request_cancel("team", lease.job.id).state is State.CANCELLED
    assert there.rows("SELECT count(*) FROM attempts WHERE finished_at IS NULL") == [(0,)]


def test_a_job_that_was_to_stop_ends_when_it_is_given_back(there: World):
    lease = there.begun()
    there.ledger.request_cancel("team", lease.job.id)
    assert there.ledger.release(lease).state is State.CANCELLED


def test_a_job_that_is_given_back_for_later_is_left_until_then(there: World):
    lease = there.begun()
    there.ledger.release(lease, wait=timedelta(seconds=1))
    assert there.ledger.lease("two", LOCAL) is None
    there.wait(1)
    assert there.lease("two").job.id == lease.job.id


def test_what_is_lost_begins_again_until_no_attempt_is_left(there: World):
    lease = there.begun(max_attempts=2)
    there.ledger.keep_handle(lease, "call-7")
    there.wait(SPAN_S)
    taken = there.ledger.take_over("two")
    assert taken is not None
    job = there.ledger.begin_again(taken)
    assert (job.attempt, job.handle, job.lease_token, taken.inherited) == (2, None, taken.token, True)
    with pytest.raises(WorkerLostError, match="attempt 2 of 2"):
        there.ledger.begin_again(taken)
    over = there.rows("SELECT number, owner, finished_at IS NULL FROM attempts ORDER BY number")
    assert [tuple(row) for row in over] == [(1, "one", False), (2, "two", True)]


OPERATIONS = {
    "renew": lambda ledger, lease: ledger.renew(lease),
    "keep_handle": lambda ledger, lease: ledger.keep_handle(lease, "late"),
    "report": lambda ledger, lease: ledger.report(lease, frames(9, 90)),
    "log": lambda ledger, lease: ledger.log(lease, "late"),
    "begin_publishing": lambda ledger, lease: ledger.begin_publishing(lease),
    "commit": lambda ledger, lease: ledger.commit(lease, GOOD),
    "release": lambda ledger, lease: ledger.release(lease),
    "begin_again": lambda ledger, lease: ledger.begin_again(lease),
    "fail": lambda ledger, lease: ledger.fail(lease, PASSING),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_worker_that_lost_its_lease_changes_nothing(there: World, name: str):
    lease = there.publishing()
    there.wait(SPAN_S)
    assert there.ledger.take_over("two")
    before, told = there.now_is(lease.job), there.ledger.events("team", lease.job.id)
    with pytest.raises(ConflictError, match="no longer valid"):
        OPERATIONS[name](there.ledger, lease)
    assert there.now_is(lease.job) == before
    assert there.ledger.events("team", lease.job.id) == told
    assert there.rows("SELECT * FROM outbox") == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_worker_whose_attempt_is_over_changes_nothing(there: World, name: str):
    lease = there.begun()
    before = there.ledger.fail(lease, PASSING)
    with pytest.raises(ConflictError, match="no longer valid"):
        OPERATIONS[name](there.ledger, lease)
    assert there.now_is(lease.job) == before


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {"commit", "fail"}))
def test_nothing_more_is_told_of_a_job_that_has_ended(there: World, name: str):
    lease = there.publishing()
    done = there.ledger.commit(lease, GOOD)
    with pytest.raises(ConflictError, match="come to its end"):
        OPERATIONS[name](there.ledger, lease)
    assert there.now_is(lease.job) == done


def test_a_lease_that_ran_out_but_was_not_taken_over_is_still_good(there: World):
    lease = there.publishing()
    there.wait(SPAN_S * 10)
    assert there.ledger.commit(lease, GOOD).state is State.SUCCEEDED
