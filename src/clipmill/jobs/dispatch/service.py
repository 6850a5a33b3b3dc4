"""The job service as one thing: a ledger, a store, a runner, and the threads between them, started and stopped together."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from clipmill.errors import RateLimitedError
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.dispatch.dispatcher import Dispatcher
from clipmill.jobs.dispatch.limits import ServiceLimits
from clipmill.jobs.estimate import estimated_plan
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.machine import Machine
from clipmill.jobs.perform import plan
from clipmill.storage.store import Store, Sweeps


class Companion(Protocol):
    """Something that works beside the dispatcher, such as the sender of webhooks."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Return when its threads have ended."""
        ...


@dataclass(frozen=True)
class Service:
    """Jobs are submitted to the ``ledger`` and then told by `wake`; everything else happens in threads.

    ``planners`` names, for each workflow, the function that plans its requests.
    """

    ledger: Ledger
    machine: Machine
    carrier: Carrier
    planners: Mapping[str, str] = field(default_factory=dict[str, str])
    limits: ServiceLimits = field(default_factory=ServiceLimits)
    companions: Sequence[Companion] = ()
    _dispatcher: Dispatcher = field(init=False, repr=False)
    _planning: threading.BoundedSemaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        dispatcher = Dispatcher(self.ledger, self.carrier, self.machine, self.limits.running_jobs)
        object.__setattr__(self, "_dispatcher", dispatcher)
        object.__setattr__(self, "_planning", threading.BoundedSemaphore(self.limits.plans_at_once))

    @property
    def store(self) -> Store:
        return self.machine.store

    @property
    def catalogue(self) -> Mapping[str, str]:
        """The functions on offer, by name; workflows are the names of `planners`."""
        return self.machine.catalogue

    @property
    def ready(self) -> bool:
        """Whether jobs are being dispatched: started, not stopping, and the ledger answers."""
        return self._dispatcher.ready

    def start(self) -> None:
        if isinstance(self.store, Sweeps):
            # A killed service may have left halves of objects in folders to which nobody writes any more.
            threading.Thread(target=self.store.sweep, name="clipmill-sweep", daemon=True).start()
        self._dispatcher.start()
        for companion in self.companions:
            companion.start()

    def stop(self, drain_s: float = 0.0) -> None:
        """Begin no more jobs, give those under way so long to end, then stop them; they go on after the next start."""
        self._dispatcher.stop(drain_s)
        for companion in self.companions:
            companion.stop()
        self.carrier.close()
        self._dispatcher.settle()
        self.ledger.close()

    def wake(self) -> None:
        """Look for jobs now: one was submitted."""
        self._dispatcher.wake()

    def cancel(self, tenant: str, job_id: str) -> JobRecord:
        """Cancel a job that waits, stop one that runs here at once; asked again, nothing changes."""
        job = self.ledger.request_cancel(tenant, job_id)
        self._dispatcher.stop_job(job)
        return job

    def plan(self, function: str, request: Mapping[str, Any], tenant: str) -> dict[str, Any]:
        """What a function or workflow would do with a request, asked of it in a child; no job is made."""
        if not self._planning.acquire(blocking=False):
            raise RateLimitedError(
                f"{self.limits.plans_at_once} plans are being made already. Ask again in a few seconds."
            )
        try:
            job = Job(new_job_id(), self.planners.get(function, function), request, tenant, kept=False)
            bounded = replace(self.machine.limits, time_s=self.limits.plan_s)
            told = plan(job, replace(self.machine, limits=bounded)).value()
            return estimated_plan(job.function, told, self.machine)
        finally:
            self._planning.release()
