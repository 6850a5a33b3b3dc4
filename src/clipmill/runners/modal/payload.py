"""A job on its way to a deployed function and its end on the way back.

Beside its flat parameters, as editors call it by name, every deployed function takes a whole job under ``job``. A job
that fails raises there: an answer that tells of a failure would be a success to the platform.
"""

from collections.abc import Mapping
from typing import Any

from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome

JOB = "job"


class JobFailed(Exception):  # noqa: N818 - it carries an error and is none of ours
    """What a job that failed raises over there; it can be pickled, and brings the whole outcome along."""

    def __init__(self, message: str, told: Mapping[str, Any]) -> None:
        super().__init__(message, told)
        self.message = message
        self.told = told

    @classmethod
    def of(cls, job: Job, outcome: Outcome) -> "JobFailed":
        told = outcome.to_json()
        return cls(f"{job.function}, job {job.id}: {told['failure']['error']}", told)

    @property
    def outcome(self) -> Outcome:
        return Outcome.from_json(self.told)

    def __str__(self) -> str:
        return self.message


def parameters(job: Job, store: str, *, once: bool) -> dict[str, Any]:
    """What a whole job is called with.

    ``store`` is where the caller's keys lie, ``once`` is for callers that count attempts themselves.
    """
    return {JOB: job.to_json(), "store": store, "once": once}
