"""Processes that are killed: what was told is kept, what was not finished has never been."""

import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.jobs.ledger.racers import FRESH
from tests.jobs.ledger.worlds import GOOD, LOCAL, World, submission
from tests.jobs.machines import wait_until

from clipmill.jobs.ledger import Ledger, leases, messages, rows
from clipmill.jobs.ledger.database import writing
from clipmill.jobs.ledger.record import Lease
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.usage import Usage


def killed(url: str, run: Callable[[Ledger], None]) -> None:
    """Let a process do something that ends in its own kill -9."""
    process = FRESH.Process(target=_run, args=(url, run))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def _run(url: str, run: Callable[[Ledger], None]) -> None:
    run(Ledger.open(url))


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def submit_and_die(ledger: Ledger) -> None:
    ledger.submit(submission(idempotency_key="k"))
    die()


def die_while_submitting(ledger: Ledger) -> None:
    from clipmill.jobs.ledger import submissions

    submissions.append = die
    ledger.submit(submission(idempotency_key="k"))


def test_a_job_that_was_told_to_be_submitted_outlives_its_process(ledger_url: str, there: World):
    killed(ledger_url, submit_and_die)
    [job] = there.ledger.jobs("team").jobs
    assert there.submit(idempotency_key="k").id == job.id


def test_a_job_that_was_killed_while_it_was_submitted_has_never_been(ledger_url: str, there: World):
    killed(ledger_url, die_while_submitting)
    job = there.submit(idempotency_key="k")
    assert [found.id for found in there.ledger.jobs("team").jobs] == [job.id]


def die_while_leasing(ledger: Ledger) -> None:
    leases.rows.change = die
    ledger.lease("dead", LOCAL)


def test_a_job_whose_lease_was_never_told_waits_as_before(ledger_url: str, there: World):
    job = there.submit()
    there.run("UPDATE jobs SET run_after = 0")
    killed(ledger_url, die_while_leasing)
    wait_until(lambda: (lease := there.ledger.lease("one", LOCAL)) and lease.job.attempt == 1)
    assert there.now_is(job).lease_owner == "one"


def die_in_commit(ledger: Ledger, lease: Lease, place: str) -> None:
    module = {"tell_end": messages, "change": rows}[place]
    setattr(module, place, die)
    ledger.commit(lease, GOOD, Usage(gpu_ms=5))


@pytest.mark.parametrize("place", ["tell_end", "change"])
def test_a_worker_killed_in_its_commit_leaves_a_job_that_ends_once(ledger_url: str, there: World, place: str):
    lease = there.publishing()
    before = there.now_is(lease.job)
    killed(ledger_url, partial(die_in_commit, lease=lease, place=place))
    assert there.now_is(lease.job) == before
    there.wait(60)
    taken: list[Lease] = []
    wait_until(lambda: (found := there.ledger.take_over("two")) and taken.append(found) is None)
    done = there.ledger.commit(taken[0], GOOD, Usage(gpu_ms=5))
    assert (done.state, done.gpu_ms, done.attempt) == (State.SUCCEEDED, 5, 1)
    assert there.rows("SELECT count(*) FROM outbox") == [(1,)]
    assert there.rows("SELECT count(*) FROM usage") == [(1,)]


def test_whoever_looks_does_not_wait_for_whoever_writes(there: World):
    job = there.submit()
    with writing(there.engine) as connection:
        rows.change(connection, job, there.now, None, gpu_ms=7)
        assert there.now_is(job) == job
    assert there.now_is(job).gpu_ms == 7
