"""How a job on Modal is found again: the platform's call, and what finds the stored result once the call is forgotten."""

from dataclasses import dataclass
from typing import Self

from clipmill.jobs.job import Job


@dataclass(frozen=True)
class Handle:
    """One call and the job that it carries out; as text ``call/digest/job id/tenant``, since only a tenant has slashes."""

    call: str
    digest: str
    job_id: str
    tenant: str

    @classmethod
    def of(cls, call: str, job: Job) -> Self:
        return cls(call, job.digest, job.id, job.tenant)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The handle in a text; None where the text is none of ours.

        >>> Handle.parse("fc-1/ab12/job_1/team/7").tenant
        'team/7'
        >>> Handle.parse("team/job_1")
        """
        parts = text.split("/", 3)
        return cls(*parts) if len(parts) == 4 and parts[0].startswith("fc-") else None

    def __str__(self) -> str:
        return f"{self.call}/{self.digest}/{self.job_id}/{self.tenant}"
