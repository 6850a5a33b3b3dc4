"""A service for tests: a ledger in a file, the sample functions, and a runner that waits until the test does its work."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from tests.jobs.machines import machine
from tests.ledgers import new_ledger

from clipmill.api.app import create_app
from clipmill.api.options import ApiOptions
from clipmill.errors import ClipmillError
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.dispatch import Service, ServiceLimits
from clipmill.jobs.events import Event
from clipmill.jobs.gate import Gate, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.leases import Capacity
from clipmill.jobs.ledger.record import JobRecord, Lease
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.nursery import Nursery
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.runner import Status
from clipmill.jobs.scopes import Scope

CAPACITY = Capacity("local", {Gpu.NONE: 1000})


class Idle:
    """A runner that nobody hands anything to, as long as the service is not started."""

    name = "local"
    places = 1
    shared = False

    def submit(self, job: Job, gate: Gate = open_gate) -> str:
        raise AssertionError

    def handle_of(self, job: Job) -> str | None:
        raise AssertionError

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        raise AssertionError

    def cancel(self, handle: str) -> None:
        pass

    def status(self, handle: str) -> Status:
        return Status.UNKNOWN

    def close(self) -> None:
        pass


class World:
    """The app on an unstarted service; the test plays the worker."""

    def __init__(
        self,
        folder: Path,
        options: ApiOptions | None = None,
        nursery: Nursery | None = None,
        **limits: Any,
    ) -> None:
        self.path = folder / "ledger.db"
        self.ledger = Ledger.open(new_ledger(self.path))
        self.service = service(self.ledger, folder, nursery, **limits)
        self.app: FastAPI = create_app(self.service, options or ApiOptions(tick_s=0.02))

    def key(self, tenant: str = "team", *scopes: str) -> str:
        """A new API key, good for everything unless scopes are named."""
        return self.ledger.keys.issue(tenant, "test", scopes or list(Scope))[0]

    def headers(self, tenant: str = "team", *scopes: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(tenant, *scopes)}"}

    def submit(self, tenant: str = "team", **request: Any) -> JobRecord:
        return self.ledger.submit(Submission("echo", request or {"text": "hi"}, tenant))


def service(ledger: Ledger, folder: Path, nursery: Nursery | None = None, **limits: Any) -> Service:
    return Service(ledger, machine(folder, nursery=nursery), Idle(), {"echo_twice": "echo"}, ServiceLimits(**limits))


class Worker:
    """Works on the job that waits longest."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        lease = ledger.lease("worker", CAPACITY)
        assert lease is not None
        self.lease: Lease = lease
        self._seq = 0

    def progress(self, percent: float) -> None:
        self._seq += 1
        event = Event(self.lease.job.id, self._seq, "", Stage.PROCESSING, percent, "rendering", int(percent), 100)
        self.ledger.report(self.lease, event)

    def succeed(self, **result: Any) -> JobRecord:
        self.ledger.begin_publishing(self.lease)
        return self.ledger.commit(self.lease, Outcome(result={"status": "success"} | result))

    def fail(self, error: ClipmillError) -> JobRecord:
        return self.ledger.commit(self.lease, Outcome(error=error))


def body(**changes: Any) -> Mapping[str, Any]:
    return {"function": "echo", "request": {"text": "hi"}} | changes
