import threading
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.dispatch.carriers import Told
from tests.jobs.machines import machine

from clipmill.errors import StorageUnavailableError, WorkerLostError
from clipmill.function.needs import Gpu
from clipmill.jobs.dispatch.carrying import Carrying
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.prices import Prices


def carried(ledger: Ledger, folder: Path, runner: str, tenant: str = "team", **timings: Any) -> JobRecord:
    """A job that ran on this runner and took so long."""
    return ended(ledger, folder, runner, Outcome(result={"status": "success", "timings": timings}), tenant=tenant)


def ended(
    ledger: Ledger, folder: Path, runner: str, outcome: Outcome, *, tenant: str = "team", key: str | None = None
) -> JobRecord:
    """A job whose attempt came to this on a runner; the one of the same key is tried again."""
    there = machine(folder, prices=Prices.parse("runpod.medium=0.0002"))
    submission = Submission("echo", {}, tenant, gpu=Gpu.MEDIUM, idempotency_key=key)
    job = ledger.submit(submission)
    lease = ledger.lease("me", Capacity(runner, {Gpu.MEDIUM: 1}))
    assert lease is not None
    carrier = Told(shared=True)
    carrier.tell(job.id, outcome)
    carrying = Carrying(ledger, carrier, there, lease, threading.Event().set)
    carrying.start()
    carrying.join(30)
    return ledger.get(tenant, job.id)


def test_a_job_is_charged_by_where_it_ran_and_for_how_long_it_held_a_card(ledger: Ledger, tmp_path: Path):
    job = carried(ledger, tmp_path, "runpod", total_s=100.0, gpu_s=90.5)
    assert (job.gpu_ms, job.cost_microusd) == (90_500, 18_100)


@pytest.mark.parametrize("runner", ["local", "prefect"])
def test_a_machine_of_ones_own_is_counted_and_free(ledger: Ledger, tmp_path: Path, runner: str):
    job = carried(ledger, tmp_path, runner, total_s=100.0, gpu_s=90.5)
    assert (job.gpu_ms, job.cost_microusd) == (90_500, 0)


def test_the_cost_of_a_tenant_is_that_of_its_jobs(ledger: Ledger, tmp_path: Path):
    jobs = [
        carried(ledger, tmp_path, "runpod", tenant, gpu_s=seconds) for tenant, seconds in (("a", 1), ("a", 2), ("b", 4))
    ]
    first = min(job.created_at for job in jobs)
    used = {tenant: ledger.usage(tenant, first, first.replace(year=9999)) for tenant in ("a", "b")}
    assert (used["a"].cost_microusd, used["a"].gpu_ms, used["a"].jobs) == (600, 3000, 2)
    assert (used["b"].cost_microusd, used["b"].gpu_ms, used["b"].jobs) == (800, 4000, 1)


def test_an_attempt_that_failed_is_charged_too_by_what_its_worker_measured(ledger: Ledger, tmp_path: Path):
    broken = Outcome(error=StorageUnavailableError("busy"), timings={"total_s": 3.0, "gpu_s": 2.5})
    first = ended(ledger, tmp_path, "runpod", broken, key="once")
    assert (first.state.terminal, first.gpu_ms, first.cost_microusd) == (False, 2500, 500)
    good = Outcome(result={"status": "success", "timings": {"gpu_s": 1.0}})
    second = ended(ledger, tmp_path, "runpod", good, key="once")
    assert (second.id, second.state, second.gpu_ms, second.cost_microusd) == (first.id, State.SUCCEEDED, 3500, 700)
    used = ledger.usage("team", first.created_at, first.created_at.replace(year=9999))
    assert (used.gpu_ms, used.cost_microusd, used.jobs) == (3500, 700, 1)


def test_an_attempt_whose_worker_was_lost_measured_nothing(ledger: Ledger, tmp_path: Path):
    lost = ended(ledger, tmp_path, "runpod", Outcome(error=WorkerLostError("gone")))
    assert (lost.state.terminal, lost.gpu_ms, lost.cost_microusd) == (False, 0, 0)
