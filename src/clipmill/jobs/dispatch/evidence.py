"""What an attempt used, and what is seen in the store of a job that a runner calls finished: its word is not believed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from clipmill.errors import SourceMissingError, StorageWriteFailedError
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.usage import Usage
from clipmill.jobs.machine import Machine
from clipmill.jobs.prices import bill
from clipmill.storage.keys import full_key


def used(job: JobRecord, result: Mapping[str, Any], machine: Machine) -> Usage:
    """What a success used, its outputs looked at one by one; `StorageWriteFailedError` if one of them is missing."""
    sizes = [_size(job, key, machine) for key in _outputs(result)]
    return replace(spent(job, result, machine), output_ms=_milliseconds(result.get("duration")), bytes=sum(sizes))


def spent(job: JobRecord, told: Mapping[str, Any], machine: Machine) -> Usage:
    """What an attempt cost by the seconds that its worker measured, told under ``timings``, however it ended."""
    timings = told.get("timings")
    gpu_s = timings.get("gpu_s") if isinstance(timings, Mapping) else None
    cost = bill(machine.prices, job.runner or "", job.gpu, told)
    return Usage(gpu_ms=_milliseconds(gpu_s), cost_microusd=cost)


def _outputs(result: Mapping[str, Any]) -> Iterator[str]:
    clips = result.get("clips")
    for part in (result, *(clips if isinstance(clips, list) else ())):
        if isinstance(part, Mapping) and isinstance(key := part.get("output_key"), str) and key:
            yield key


def _size(job: JobRecord, key: str, machine: Machine) -> int:
    try:
        return machine.store.head(full_key(job.tenant, key, machine.shared_prefixes)).size
    except SourceMissingError as fault:
        raise StorageWriteFailedError(
            f"job {job.id} was told to be finished, but its output {key!r:.200} is not in the store."
        ) from fault


def _milliseconds(seconds: Any) -> int:
    return round(seconds * 1000) if isinstance(seconds, int | float) and seconds > 0 else 0
