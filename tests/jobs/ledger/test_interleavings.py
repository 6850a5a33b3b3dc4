"""Whatever is done in whatever order, by holders who are late too: the laws of the ledger hold."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from tests.jobs.ledger.worlds import GOOD, LOCAL, PASSING, World, frames

from clipmill.errors import CancelledError, ConflictError, CorruptMediaError, WorkerLostError
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.states import MOVES, State
from clipmill.jobs.ledger.usage import Usage

TENANTS = st.sampled_from(["red", "blue"])
KEYS = st.none() | st.sampled_from(["k1", "k2"])
LAWFUL = (ConflictError, CancelledError, WorkerLostError)


@dataclass
class Seen:
    """What the outside knows of a job."""

    job: JobRecord
    holder: int = 0


class Interleavings(RuleBasedStateMachine):
    world: World
    jobs = Bundle("jobs")
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Seen] = {}

    @rule(target=jobs, tenant=TENANTS, key=KEYS, most=st.integers(1, 3), ttl=st.none() | st.integers(1, 100))
    def submit(self, tenant: str, key: str | None, most: int, ttl: int | None) -> str:
        expires_at = None if ttl is None else self.world.now + timedelta(seconds=ttl)
        job = self.world.submit(tenant=tenant, idempotency_key=key, max_attempts=most, expires_at=expires_at)
        self.seen.setdefault(job.id, Seen(job))
        return job.id

    @rule(target=leases, owner=st.sampled_from("ab"))
    def lease(self, owner: str) -> Any:
        return self._now_held(self.world.ledger.lease(owner, LOCAL))

    @rule(target=leases, owner=st.sampled_from("ab"))
    def take_over(self, owner: str) -> Any:
        return self._now_held(self.world.ledger.take_over(owner))

    @rule(lease=leases)
    def begin_again(self, lease: Lease) -> None:
        self._held_only(lease, lambda: self.world.ledger.begin_again(lease))

    @rule(lease=leases, runs_on=st.booleans(), wait=st.integers(0, 9))
    def release(self, lease: Lease, wait: int, *, runs_on: bool) -> None:
        self._held_only(lease, lambda: self.world.ledger.release(lease, runs_on=runs_on, wait=timedelta(seconds=wait)))

    @rule(lease=leases)
    def renew(self, lease: Lease) -> None:
        self._held_only(lease, lambda: self.world.ledger.renew(lease).job)

    @rule(lease=leases, seq=st.integers(1, 9), percent=st.floats(0, 100))
    def report(self, lease: Lease, seq: int, percent: float) -> None:
        self._held_only(lease, lambda: self.world.ledger.report(lease, frames(seq, percent)))

    @rule(lease=leases)
    def begin_publishing(self, lease: Lease) -> None:
        self._held_only(lease, lambda: self.world.ledger.begin_publishing(lease))

    @rule(lease=leases)
    def succeed(self, lease: Lease) -> None:
        self._held_only(lease, lambda: self.world.ledger.commit(lease, GOOD, Usage(gpu_ms=1)))

    @rule(lease=leases, fault=st.sampled_from([PASSING, CorruptMediaError("broken"), CancelledError("stopped")]))
    def fail(self, lease: Lease, fault: Exception) -> None:
        self._held_only(lease, lambda: self.world.ledger.fail(lease, fault, Usage(gpu_ms=1)))

    @rule(job_id=jobs)
    def cancel(self, job_id: str) -> None:
        job = self.world.ledger.request_cancel(self.seen[job_id].job.tenant, job_id)
        assert job.state.terminal or job.cancel_requested

    @rule(target=jobs, job_id=jobs)
    def retry(self, job_id: str) -> Any:
        try:
            job = self.world.ledger.retry(self.seen[job_id].job.tenant, job_id)
        except ConflictError:
            return multiple()
        self.seen.setdefault(job.id, Seen(job))
        return job.id

    @rule()
    def expire(self) -> None:
        self.world.ledger.expire()

    @rule(seconds=st.sampled_from([1, 5, 20, 40]))
    def wait(self, seconds: int) -> None:
        self.world.wait(seconds)

    @invariant()
    def each_job_moved_by_the_laws_only(self) -> None:
        for job_id, seen in self.seen.items():
            before, job = seen.job, self.world.ledger.get(seen.job.tenant, job_id)
            assert job.state in {before.state} | reachable(before.state)
            assert not before.state.terminal or job == before
            assert job.percent_tenths >= before.percent_tenths
            assert (job.percent == 100) == (job.state is State.SUCCEEDED)
            assert before.attempt <= job.attempt <= job.max_attempts
            assert job.lease_token >= before.lease_token
            seen.job = job

    @invariant()
    def every_end_is_told_once(self) -> None:
        ended = Counter(job_id for job_id, seen in self.seen.items() if seen.job.state.terminal)
        assert Counter(row[0] for row in self.world.rows("SELECT job_id FROM outbox")) == ended
        assert Counter(row[0] for row in self.world.rows("SELECT job_id FROM events WHERE kind = 'done'")) == ended

    @invariant()
    def events_are_numbered_without_gaps(self) -> None:
        counted = {
            row[0]: row[1:] for row in self.world.rows("SELECT job_id, count(*), max(seq) FROM events GROUP BY 1")
        }
        assert counted == {job_id: (seen.job.last_seq, seen.job.last_seq) for job_id, seen in self.seen.items()}

    @invariant()
    def every_attempt_is_charged_at_most_once(self) -> None:
        charged = dict(tuple(row) for row in self.world.rows("SELECT job_id, count(*) FROM usage GROUP BY 1"))
        assert all(charged.get(job_id, 0) == seen.job.gpu_ms <= seen.job.attempt for job_id, seen in self.seen.items())

    @invariant()
    def attempts_follow_each_other_and_only_the_last_may_go_on(self) -> None:
        told: dict[str, list[tuple[int, bool]]] = {job_id: [] for job_id in self.seen}
        for job_id, *attempt in self.world.rows("SELECT job_id, number, finished_at IS NULL FROM attempts ORDER BY 2"):
            told[job_id].append((attempt[0], attempt[1]))
        for job_id, last, state, owner in self.world.rows("SELECT id, attempt, state, lease_owner FROM jobs"):
            assert [number for number, _ in told[job_id]] == list(range(1, last + 1))
            going_on = [number for number, goes_on in told[job_id] if goes_on]
            assert going_on in ([], [last])
            assert not (State(state).terminal and going_on)
            assert going_on or not owner

    def _now_held(self, lease: Lease | None) -> Any:
        if lease is None:
            return multiple()
        seen = self.seen[lease.job.id]
        assert lease.token > seen.holder
        seen.holder = lease.token
        return lease

    def _held_only(self, lease: Lease, act: Any) -> None:
        """Nobody but the last holder gets anything done."""
        try:
            act()
        except LAWFUL:
            return
        assert lease.token == self.seen[lease.job.id].holder


def reachable(state: State) -> set[State]:
    return set(MOVES[state]).union(*(reachable(after) for after in MOVES[state]))


def test_the_laws_hold_in_any_order(there: World):
    class Here(Interleavings):
        def __init__(self) -> None:
            for table in ("deliveries", "outbox", "usage", "idempotency_keys", "labels", "events", "attempts", "jobs"):
                there.run(f"DELETE FROM {table}")  # noqa: S608
            self.world = there
            super().__init__()

    # A database that is asked over a socket takes twice as long, and its laws are the same code.
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=24 if there.engine.dialect.name == "sqlite" else 8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
