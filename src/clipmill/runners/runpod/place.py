"""Where a job of ours is at RunPod, as text that the ledger keeps and as a value."""

from dataclasses import dataclass
from typing import Self

from clipmill.storage.keys import temp_prefix

_PARTS = 5


@dataclass(frozen=True)
class Place:
    """RunPod's endpoint and id of a job, our id and tenant, and the digest of what was asked for.

    >>> Place.parse("abc/1-u1/9f/job_1/team/7").tenant
    'team/7'
    """

    endpoint: str
    platform_id: str
    digest: str
    job_id: str
    tenant: str

    @classmethod
    def parse(cls, handle: str) -> Self | None:
        """The place that a handle names; None for text that is no handle of ours. Only a tenant may hold a slash."""
        parts = handle.split("/", _PARTS - 1)
        return cls(*parts) if len(parts) == _PARTS and all(parts[:-1]) else None

    @property
    def handle(self) -> str:
        return f"{self.endpoint}/{self.platform_id}/{self.digest}/{self.job_id}/{self.tenant}"

    @property
    def cancel_key(self) -> str:
        """The full key of the flag by which a caller stops this very run."""
        return cancel_key(self.tenant, self.job_id, self.platform_id)


def cancel_key(tenant: str, job_id: str, platform_id: str) -> str:
    """As `Place.cancel_key`, for the worker, which knows its run by RunPod's id."""
    return f"{temp_prefix(tenant, job_id)}cancel-{platform_id}"


def submission_key(tenant: str, job_id: str) -> str:
    """The full key under which it is noted where a job was sent."""
    return f"{temp_prefix(tenant, job_id)}runpod.json"
