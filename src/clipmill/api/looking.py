"""Looks into a file for a call that waits: in a child, a few at a time, bounded in time, and ended when the caller goes."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.types import Receive

from clipmill.api.access import Caller
from clipmill.api.desk import Desk
from clipmill.api.leaving import while_there
from clipmill.api.traffic import Traffic
from clipmill.errors import CancelledError
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform, plan
from clipmill.storage.faults import os_faults
from clipmill.storage.keys import full_key
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import PLAIN_BYTES, HasPaths, ObjectInfo, OnBytes, Store

PROBE = "probe_media"
FRAME = "preview_frame"
_FUNCTIONS = {PROBE: "clipmill.functions.probe_media:probe_media", FRAME: CATALOG[FRAME]}

Look = Callable[[threading.Event], Outcome]


async def looked(receive: Receive, traffic: Traffic, look: Look) -> Outcome:
    """What a look found, in its turn; it is stopped when nobody waits for it any more."""
    traffic.check_looks()
    gone = threading.Event()
    found: list[Outcome] = []

    async def work() -> None:
        found.append(await to_thread.run_sync(look, gone, limiter=traffic.looking, abandon_on_cancel=True))

    try:
        await while_there(receive, work)
    finally:
        gone.set()
    return found[0] if found else Outcome(error=CancelledError("the caller went before there was an answer."))


def probing(desk: Desk, caller: Caller, key: str) -> Look:
    """A look that tells what a file is."""
    job = Job(new_job_id(), PROBE, {"input_key": key}, caller.tenant, kept=False)
    machine = _bounded(desk)
    return lambda gone: plan(job, machine, cancel=gone)


def drawing(desk: Desk, caller: Caller, request: Mapping[str, Any], taken: dict[str, bytes]) -> tuple[Look, str]:
    """A look that draws a frame, and the full key under which ``taken`` will have it."""
    job_id = new_job_id()
    output = f"temp/{job_id}/{request['output_key']}"
    job = Job(job_id, FRAME, {**request, "output_key": output}, caller.tenant, kept=False)
    machine = replace(_bounded(desk), store=Taking(desk.service.store, taken))
    return lambda gone: perform(job, machine, cancel=gone), full_key(caller.tenant, output)


class Taking(Store, HasPaths):
    """Reads from a store; what is written is taken into memory and never reaches it."""

    def __init__(self, below: Store, taken: dict[str, bytes]) -> None:
        self._below = below
        self._taken = taken

    def head(self, key: str) -> ObjectInfo:
        return self._below.head(key)

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        return self._below.read_range(key, start, length, etag)

    def get_bytes(self, key: str) -> bytes:
        return self._below.get_bytes(key)

    def download(self, key: str, path: Path, on_bytes: OnBytes | None = None) -> ObjectInfo:
        return self._below.download(key, path, on_bytes)

    def local_path(self, key: str) -> Path | None:
        return self._below.local_path(key) if isinstance(self._below, HasPaths) else None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._below.list(prefix)

    def upload(
        self, path: Path, key: str, content_type: str = PLAIN_BYTES, on_bytes: OnBytes | None = None
    ) -> ObjectInfo:
        del on_bytes
        with os_faults(f"read {path}", writing=False):
            return self.put_bytes(key, path.read_bytes(), content_type)

    def put_bytes(self, key: str, data: bytes, content_type: str = PLAIN_BYTES) -> ObjectInfo:
        del content_type
        self._taken[key] = data
        return ObjectInfo(key, len(data), None, datetime.now(UTC))

    def delete(self, key: str) -> None:
        self._taken.pop(key, None)


def _bounded(desk: Desk) -> Machine:
    """The machine of jobs, for one short attempt at one of our own functions."""
    machine = desk.service.machine
    limits = replace(machine.limits, time_s=desk.service.limits.plan_s)
    return replace(machine, catalogue=_FUNCTIONS, limits=limits, retry=RetryPolicy(pauses_s=()))
