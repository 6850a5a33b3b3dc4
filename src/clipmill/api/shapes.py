"""What the API takes and answers, as models; OpenAPI is made from them.

Convention: times are RFC 3339 in UTC with milliseconds; money is US dollars.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.ledger.moments import iso
from clipmill.jobs.ledger.record import JobLine
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.tiers import Tier
from clipmill.jobs.ledger.usage import UsageTotal
from clipmill.storage.redact import redact

Time = Annotated[
    datetime, PlainSerializer(iso, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]
JOB_ID = r"job_[0-9A-HJKMNP-TV-Z]{26}"

Label = Annotated[str, Field(min_length=1, max_length=64)]


class JobBody(BaseModel):
    """A call of one function or workflow."""

    model_config = ConfigDict(extra="forbid", strict=True)

    function: str = Field(min_length=1, max_length=100, description="a name out of GET /v1/functions")
    request: dict[str, Any] = Field(description="as the request schema of the function says")
    runner: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_-]{0,31}$", description="any, unless named")
    priority: Tier = Field(default=Tier.FREE, strict=False, description="who is served first")
    webhook: str | None = Field(default=None, max_length=2000, description="told when the job has ended")
    callback_url: str | None = Field(
        default=None, max_length=2000, description="gets /progress, /complete and /error; shown to nobody afterwards"
    )
    labels: dict[Label, Annotated[str, Field(max_length=256)]] = Field(default={}, max_length=20)


class JobSummary(BaseModel):
    """How a job stands."""

    id: str = Field(pattern=f"^{JOB_ID}$")
    function: str
    function_version: str
    labels: dict[str, str]
    priority: Tier
    runner: str | None
    state: State
    stage: Stage
    percent: float = Field(ge=0, le=100)
    frames_done: int | None
    frames_total: int | None
    eta_s: float | None
    attempt: int
    max_attempts: int
    cancel_requested: bool
    retry_of: str | None
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    expires_at: Time | None
    gpu_s: float
    cost_usd: float

    @classmethod
    def of(cls, job: JobLine) -> Self:
        return cls.model_validate(_values(job))


class JobView(JobSummary):
    """A job, with what was asked for and what became of it."""

    request: dict[str, Any]
    webhook: str | None
    result: dict[str, Any] | None
    failure: dict[str, Any] | None
    warnings: list[Any]


class JobPage(BaseModel):
    """Jobs, newest first; ``cursor`` asks for the next page, and is null on the last one."""

    jobs: list[JobSummary]
    cursor: str | None


class Output(BaseModel):
    """An object that a job wrote, and where its bytes can be had, ranges included."""

    key: str
    url: str


class ResultView(BaseModel):
    """What a function returned, and its outputs."""

    id: str
    result: dict[str, Any]
    outputs: list[Output]


class PlanView(BaseModel):
    """What a job would do."""

    function: str
    plan: dict[str, Any]


class NeedsView(BaseModel):
    """What a function needs of a machine; ``retries`` counts attempts beyond the first."""

    gpu: Gpu
    memory_gb: int
    timeout_s: int
    retries: int


class FunctionView(BaseModel):
    """A function or workflow on offer, with the JSON schemas of what it takes and returns."""

    name: str
    summary: str
    version: str
    needs: NeedsView
    request: dict[str, Any]
    result: dict[str, Any]


class FunctionList(BaseModel):
    """The catalogue."""

    functions: list[FunctionView]


class UsageView(BaseModel):
    """What a tenant used from ``since`` up to but not including ``until``."""

    since: Time
    until: Time
    jobs: int
    gpu_s: float
    output_s: float
    bytes: int
    cost_usd: float

    @classmethod
    def of(cls, used: UsageTotal, since: datetime, until: datetime) -> Self:
        return cls(
            since=since,
            until=until,
            jobs=used.jobs,
            gpu_s=used.gpu_ms / 1000,
            output_s=used.output_ms / 1000,
            bytes=used.bytes,
            cost_usd=used.cost_microusd / 1_000_000,
        )


class Health(BaseModel):
    """A service that answers."""

    status: str


def _values(job: JobLine) -> Mapping[str, Any]:
    counted = {"percent": job.percent, "gpu_s": job.gpu_ms / 1000, "cost_usd": job.cost_microusd / 1_000_000}
    webhook = None if job.webhook is None else redact(job.webhook)
    return vars(job) | counted | {"cancel_requested": job.cancel_requested, "priority": job.tier, "webhook": webhook}
