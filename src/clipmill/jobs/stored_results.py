"""Results kept beside their outputs, so that a job that is sent again is answered and not rendered again.

The record of a job lies at ``{tenant}/jobs/{job_id}/result.json``. It is believed only while every output that it
names is there with its size. Failures are not kept: a job that failed may be sent again.
"""

import json
from collections.abc import Sequence
from typing import Any

from clipmill.errors import ClipmillError, ConflictError, SourceMissingError
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.storage.keys import full_key
from clipmill.storage.store import ObjectInfo, Store

_JSON = "application/json"


class StoredResults:
    """The records of finished jobs in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, job: Job) -> Outcome | None:
        """The outcome of this very job, if it finished before; `ConflictError` if its id stood for another request."""
        return self.recall(job.tenant, job.id, job.digest)

    def recall(self, tenant: str, job_id: str, digest: str) -> Outcome | None:
        """The same, where nothing is left of the job but who asked, its id and its digest."""
        record = self._read(_place(tenant, job_id))
        if record is None:
            return None
        if record.get("digest") != digest:
            raise ConflictError(
                f"job {job_id} was already run with another request. Send a new job_id, or the same request."
            )
        if not all(self._is_there(key, size) for key, size in record["outputs"].items()):
            return None
        return Outcome.from_json(record["outcome"])

    def keep(self, job: Job, outcome: Outcome, outputs: Sequence[ObjectInfo]) -> None:
        """Write down how a job ended well; its outputs must be in the store already."""
        record = {
            "digest": job.digest,
            "outputs": {output.key: output.size for output in outputs},
            "outcome": outcome.to_json(),
        }
        self._store.put_bytes(_place(job.tenant, job.id), json.dumps(record).encode(), _JSON)

    def _read(self, place: str) -> dict[str, Any] | None:
        try:
            record = json.loads(self._store.get_bytes(place))
        except (SourceMissingError, ValueError):
            return None
        return record if isinstance(record, dict) and {"outputs", "outcome"} <= record.keys() else None

    def _is_there(self, key: str, size: int) -> bool:
        try:
            return self._store.head(key).size == size
        except SourceMissingError:
            return False


def _place(tenant: str, job_id: str) -> str:
    return full_key(tenant, f"jobs/{job_id}/result.json")


def warn_unkept(outcome: Outcome, fault: ClipmillError) -> Outcome:
    """The same outcome with a warning that sending the job again would render it again."""
    result = dict(outcome.result or {})
    warning = {"code": "result_not_stored", "message": f"the result could not be stored: {fault.message}"}
    result["warnings"] = [*result.get("warnings", []), warning]
    return Outcome(result=result, attempts=outcome.attempts)
