"""How much the service lets one tenant ask, and how long it remembers."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from clipmill.jobs.limits import GIB
from clipmill.settings import values
from clipmill.settings.variables import Variables

if TYPE_CHECKING:
    # The commands that have no service must not wait for its database.
    from clipmill.jobs.dispatch.limits import ServiceLimits
    from clipmill.jobs.ledger.retention import Retention

SIX_HOURS_S = 6 * 3600.0
_MIB = 1024**2


@dataclass(frozen=True)
class Bounds:
    """How much the service lets one tenant ask, in the units of the variables."""

    running_jobs: int = 16
    queued_jobs: int = 1000
    requests_per_minute: int = 600
    body_mb: float = 2.0
    clips: int = 500
    keyframes: int = 10_000
    input_gb: float = 64.0
    duration_s: float = SIX_HOURS_S
    megapixels: float = 35.4
    frame_rate: int = 240

    @classmethod
    def of(cls, variables: Variables) -> Self:
        read = variables.read
        return cls(
            running_jobs=read("CLIPMILL_RUNNING_JOBS", values.count, cls.running_jobs),
            queued_jobs=read("CLIPMILL_QUEUED_JOBS", values.count, cls.queued_jobs),
            requests_per_minute=read("CLIPMILL_REQUESTS_PER_MINUTE", values.count, cls.requests_per_minute),
            body_mb=read("CLIPMILL_BODY_MB", values.above_zero, cls.body_mb),
            clips=read("CLIPMILL_CLIPS", values.count, cls.clips),
            keyframes=read("CLIPMILL_KEYFRAMES", values.count, cls.keyframes),
            input_gb=read("CLIPMILL_INPUT_GB", values.above_zero, cls.input_gb),
            duration_s=read("CLIPMILL_DURATION_S", values.above_zero, cls.duration_s),
            megapixels=read("CLIPMILL_MEGAPIXELS", values.above_zero, cls.megapixels),
            frame_rate=read("CLIPMILL_FRAME_RATE", values.count, cls.frame_rate),
        )

    @property
    def limits(self) -> "ServiceLimits":
        """The same in the units of the service."""
        from clipmill.jobs.dispatch.limits import ServiceLimits

        return ServiceLimits(
            body_bytes=int(self.body_mb * _MIB),
            clips=self.clips,
            keyframes=self.keyframes,
            input_bytes=int(self.input_gb * GIB),
            duration_s=int(self.duration_s),
            pixels=round(self.megapixels * 1_000_000),
            frame_rate=self.frame_rate,
            running_jobs=self.running_jobs,
            queued_jobs=self.queued_jobs,
            requests_per_minute=self.requests_per_minute,
        )


@dataclass(frozen=True)
class Kept:
    """For how many days the service remembers what is over."""

    jobs_days: float = 30.0
    events_days: float = 7.0
    messages_days: float = 7.0

    @classmethod
    def of(cls, variables: Variables) -> Self:
        read = variables.read
        return cls(
            jobs_days=read("CLIPMILL_KEEP_JOBS_DAYS", values.a_day_or_more, cls.jobs_days),
            events_days=read("CLIPMILL_KEEP_EVENTS_DAYS", values.days, cls.events_days),
            messages_days=read("CLIPMILL_KEEP_MESSAGES_DAYS", values.days, cls.messages_days),
        )

    @property
    def retention(self) -> "Retention":
        """The same in the units of the ledger."""
        from clipmill.jobs.ledger.retention import Retention

        return Retention(
            jobs=timedelta(days=self.jobs_days),
            events=timedelta(days=self.events_days),
            messages=timedelta(days=self.messages_days),
        )
