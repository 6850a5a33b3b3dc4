"""How a job is found again: Prefect's run, and what finds the stored result once the server has forgotten the run."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from clipmill.jobs.job import Job

_PARTS = 4


@dataclass(frozen=True)
class Handle:
    """One run and the job that it carries out; as text ``run/digest/job id/tenant``, since only a tenant has slashes."""

    run: str
    digest: str
    job_id: str
    tenant: str

    @classmethod
    def of(cls, run: str, job: Job) -> Self:
        return cls(run, job.digest, job.id, job.tenant)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The handle in a text; None where the text is none of ours.

        >>> Handle.parse("0c8e1c55-3a0b-4f8e-9d0e-0d2f4a2b6c11/ab12/job_1/team/7").tenant
        'team/7'
        >>> Handle.parse("team/ab12/job_1/team")
        """
        parts = text.split("/", _PARTS - 1)
        return cls(*parts) if len(parts) == _PARTS and _is_uuid(parts[0]) else None

    def __str__(self) -> str:
        return f"{self.run}/{self.digest}/{self.job_id}/{self.tenant}"


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
