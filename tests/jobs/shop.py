"""A service as a test uses it: started, with its ledger, and how jobs are sent to it."""

from dataclasses import dataclass
from typing import Any

from tests.jobs.machines import wait_until

from clipmill.jobs.dispatch import Service
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.submissions import Submission

TENANT = "team"


@dataclass(frozen=True)
class Shop:
    service: Service

    @property
    def ledger(self) -> Ledger:
        return self.service.ledger

    def send(self, function: str, **request: Any) -> str:
        job = self.ledger.submit(Submission(function, request, TENANT))
        self.service.wake()
        return job.id

    def get(self, job_id: str) -> JobRecord:
        return self.ledger.get(TENANT, job_id)

    def ended(self, job_id: str) -> JobRecord:
        wait_until(lambda: self.get(job_id).state.terminal)
        return self.get(job_id)
