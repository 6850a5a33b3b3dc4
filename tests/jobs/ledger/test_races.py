"""Two at the same thing at the same time, really: threads and processes with connections of their own."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from tests.jobs.ledger.racers import in_processes, in_threads
from tests.jobs.ledger.worlds import GOOD, LOCAL, PASSING, World, submission

from clipmill.errors import CancelledError, ConflictError
from clipmill.function.needs import Gpu
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.record import Lease
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.usage import Usage

ROUNDS = 8
races = pytest.mark.parametrize("race", [in_threads, in_processes])


def send_twins(ledger: Ledger, keys: int) -> list[str]:
    return [ledger.submit(submission(idempotency_key=f"k{number}")).id for number in range(keys)]


@races
def test_racing_twins_are_one_job(ledger_url: str, there: World, race: Callable):
    answers = race(ledger_url, [partial(send_twins, keys=ROUNDS)] * 3)
    assert answers[0] == answers[1] == answers[2]
    assert there.ledger.counts("team")[State.QUEUED] == ROUNDS


def send_one_of_two(ledger: Ledger, text: str) -> int:
    refused = 0
    for number in range(ROUNDS):
        try:
            ledger.submit(submission(idempotency_key=f"k{number}", request={"text": text}))
        except ConflictError:
            refused += 1
    return refused


def test_of_two_bodies_under_one_key_one_is_refused(ledger_url: str, there: World):
    refused = in_threads(ledger_url, [partial(send_one_of_two, text=text) for text in ("a", "b")])
    assert sum(refused) == ROUNDS
    assert there.ledger.counts("team")[State.QUEUED] == ROUNDS


def lease_all(ledger: Ledger, owner: str) -> list[str]:
    leased = []
    while (lease := ledger.lease(owner, LOCAL)) is not None:
        leased.append(lease.job.id)
    return leased


@races
def test_no_job_is_leased_to_two(ledger_url: str, there: World, race: Callable):
    sent = {there.submit().id for _ in range(4 * ROUNDS)}
    there.run("UPDATE jobs SET run_after = 0")
    leased = Counter(
        job_id for part in race(ledger_url, [partial(lease_all, owner=o) for o in "abc"]) for job_id in part
    )
    assert set(leased) == sent
    assert set(leased.values()) == {1}


def lease_one(ledger: Ledger, owner: str) -> bool:
    return ledger.lease(owner, Capacity("modal", {Gpu.NONE: 2})) is not None


def test_a_shared_runner_never_has_more_jobs_than_places(ledger_url: str, there: World):
    for _ in range(6):
        there.submit()
    assert sum(in_threads(ledger_url, [partial(lease_one, owner=owner) for owner in "abcdef"])) == 2


def take_over(ledger: Ledger, owner: str) -> list[str]:
    taken = []
    while (lease := ledger.take_over(owner)) is not None:
        taken.append(lease.job.id)
    return taken


def test_a_lease_that_ran_out_is_taken_over_once(ledger_url: str, there: World):
    sent = Counter(there.begun().job.id for _ in range(ROUNDS))
    there.run("UPDATE jobs SET lease_until = 1")
    taken = in_threads(ledger_url, [partial(take_over, owner=owner) for owner in "abc"])
    assert Counter(job_id for part in taken for job_id in part) == sent


def finish_each(ledger: Ledger, leases: list[Lease]) -> list[str]:
    told = []
    for lease in leases:
        try:
            ledger.begin_publishing(lease)
            told.append(ledger.commit(lease, GOOD, Usage(gpu_ms=1)).state.value)
        except CancelledError as stop:
            told.append(ledger.fail(lease, stop).state.value)
    return told


def cancel_each(ledger: Ledger, leases: list[Lease]) -> list[str]:
    return [ledger.request_cancel("team", lease.job.id).state.value for lease in leases]


@races
def test_cancel_against_completion_has_one_winner(ledger_url: str, there: World, race: Callable):
    leases = [there.begun() for _ in range(ROUNDS)]
    ends, _, _ = race(
        ledger_url, [partial(finish_each, leases=leases)] + [partial(cancel_each, leases=leases[::-1])] * 2
    )
    assert [there.now_is(lease.job).state.value for lease in leases] == ends
    assert set(ends) <= {"succeeded", "cancelled"}
    one_end_each(there, [lease.job.id for lease in leases])
    charged = there.rows("SELECT count(*) FROM usage")[0][0]
    assert charged == ends.count("succeeded")


def old_holder(ledger: Ledger, leases: list[Lease]) -> list[str]:
    told = []
    for lease in leases:
        try:
            told.append(ledger.commit(lease, GOOD, Usage(gpu_ms=1)).state.value)
        except ConflictError:
            told.append("refused")
    return told


def new_holder(ledger: Ledger, leases: list[Lease]) -> list[str]:
    told = []
    while (lease := ledger.take_over("two")) is not None:
        assert lease.job.id in {given.job.id for given in leases}
        told.append(ledger.fail(lease, ValueError("lost")).state.value)
    return told


def test_a_commit_against_a_take_over_has_one_winner(ledger_url: str, there: World):
    leases = [there.publishing() for _ in range(4 * ROUNDS)]
    there.run("UPDATE jobs SET lease_until = 1")
    old, new = in_threads(ledger_url, [partial(run, leases=leases) for run in (old_holder, new_holder)])
    assert old.count("succeeded") + len(new) == len(leases)
    assert old.count("refused") == len(new) == there.ledger.counts("team")[State.FAILED]
    one_end_each(there, [lease.job.id for lease in leases])


def retry_each(ledger: Ledger, job_ids: list[str]) -> list[str]:
    return [ledger.retry("team", job_id).id for job_id in job_ids]


def test_a_retry_asked_for_by_two_at_once_is_one_job(ledger_url: str, there: World):
    stopped = [there.ledger.request_cancel("team", there.submit().id).id for _ in range(ROUNDS)]
    first, second = in_threads(ledger_url, [partial(retry_each, job_ids=stopped)] * 2)
    assert first == second
    assert there.ledger.counts("team")[State.QUEUED] == ROUNDS


def claim_all(ledger: Ledger) -> list[str]:
    found = []
    while claimed := ledger.outbox.claim(1):
        found += [delivery.id for delivery in claimed]
    return found


def test_no_message_is_claimed_by_two_senders(ledger_url: str, there: World):
    for _ in range(ROUNDS):
        there.succeeded(webhook="https://hook.example")
    claimed = Counter(found for part in in_threads(ledger_url, [claim_all] * 3) for found in part)
    assert len(claimed) == ROUNDS
    assert set(claimed.values()) == {1}


def report_failure(ledger: Ledger, leases: list[Lease]) -> list[int]:
    attempts = []
    for lease in leases:
        try:
            attempts.append(ledger.fail(lease, PASSING).attempt)
        except ConflictError:
            attempts.append(0)
    return attempts


def test_an_attempt_that_two_report_as_failed_is_counted_once(ledger_url: str, there: World):
    leases = [there.begun() for _ in range(ROUNDS)]
    for both in zip(*in_threads(ledger_url, [partial(report_failure, leases=leases)] * 2), strict=True):
        assert sorted(both) == [0, 1]


def one_end_each(there: World, job_ids: list[str]) -> None:
    messages = Counter(row[0] for row in there.rows("SELECT job_id FROM outbox"))
    ends = Counter(row[0] for row in there.rows("SELECT job_id FROM events WHERE kind = 'done'"))
    assert messages == ends == Counter(job_ids)
