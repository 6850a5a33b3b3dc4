"""What the ledger knows of a job, as a value, and a worker's hold on one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.job import Job
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.tiers import Tier


@dataclass(frozen=True)
class JobLine:
    """How a job stood when it was read, without what may be long. ``last_seq`` grows with everything that watchers are told.

    ``lease_token`` grows with every new holder, ``run_after`` is when a job that waits may be begun.
    """

    id: str
    tenant: str
    function: str
    function_version: str
    labels: Mapping[str, str]
    tier: Tier
    gpu: Gpu
    webhook: str | None
    retry_of: str | None
    max_attempts: int
    created_at: datetime
    expires_at: datetime | None
    state: State
    attempt: int
    run_after: datetime
    runner: str | None
    handle: str | None
    lease_owner: str | None
    lease_token: int
    lease_until: datetime | None
    cancel_requested_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    stage: Stage
    percent_tenths: int
    frames_done: int | None
    frames_total: int | None
    eta_s: float | None
    heard_seq: int
    last_seq: int
    gpu_ms: int
    cost_microusd: int

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    @property
    def percent(self) -> float:
        """From 0 to 100, with one decimal."""
        return self.percent_tenths / 10

    @property
    def cancel_requested(self) -> bool:
        """Whether whoever works on the job is to stop."""
        return self.cancel_requested_at is not None


@dataclass(frozen=True)
class JobRecord(JobLine):
    """A job with what was asked for and what became of it."""

    request: Mapping[str, Any]
    result: Mapping[str, Any] | None
    failure: Mapping[str, Any] | None
    warnings: list[Any]

    def job(self) -> Job:
        """What is handed to a runner."""
        return Job(self.id, self.function, self.request, self.tenant)


@dataclass(frozen=True)
class Lease:
    """The right to work on a job until ``job.lease_until``, as long as no later holder has a higher ``token``.

    ``inherited``: an earlier holder began this attempt, and its work may go on somewhere.
    """

    job: JobRecord
    owner: str
    token: int
    inherited: bool = False
