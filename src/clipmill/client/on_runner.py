"""Jobs of a client that has a runner in place of a service: no ledger, no keys, the objects of the store are the caller's."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn
from urllib.parse import quote

import httpx

from clipmill.client.calls import Call
from clipmill.client.followed import Followed, Sent, seen
from clipmill.client.jobs import JobOptions
from clipmill.client.steps import Do, Give, Steps
from clipmill.client.views import RemoteEvent, RemoteJob, RemoteOutput, RemoteResult
from clipmill.client.ways import Way
from clipmill.client.wire import Address
from clipmill.errors import InvalidRequestError, TimeoutError  # noqa: A004 - the job's own
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.job import Job, new_job_id
from clipmill.runners.with_workflows import WithWorkflows, open_with_workflows
from clipmill.settings import RunnerChoice, Settings, cores
from clipmill.storage.keys import full_key
from clipmill.storage.open import open_store
from clipmill.storage.store import SignsUrls

LINKS_LAST_S = 3600
_TICK_S = 1.0
_NEEDS_A_SERVICE = ("priority", "runner", "webhook", "callback_url")


class OnRunner(Way):
    """The runner of that name, with the settings of the environment but for the store, if one is given; it is opened
    when the first job is sent.

    A job is known by its id, and to other processes by its handle, ``data["handle"]``.
    """

    def __init__(self, runner: str, store: str | None = None) -> None:
        settings = Settings.from_environment()
        self._settings = replace(settings, runner=_choice(runner), store=store or settings.store)
        self.address = Nowhere("", "")
        self._lock = threading.Lock()
        self._carrier: WithWorkflows | None = None
        self._sent: dict[str, Sent] = {}
        self._followed: dict[str, Followed] = {}

    def submit(self, function: str, request: Mapping[str, Any], options: JobOptions) -> Steps[RemoteJob]:
        """Hand a job over; its idempotency key is its id, so a key that is sent again means the same job."""
        if wrong := [name for name in _NEEDS_A_SERVICE if getattr(options, name)]:
            raise InvalidRequestError(f"{wrong[0]}: a client with a runner has no service that could see to it.")
        job = Job(options.idempotency_key or new_job_id(), function, request, self._settings.tenant)
        sent: RemoteJob = yield Do(partial(self._submit, job, options.labels))
        return sent

    def job(self, job_id: str) -> Steps[RemoteJob]:
        followed: Followed = yield Do(partial(self._find, job_id))
        found: RemoteJob = yield Do(partial(followed.looked_at, _TICK_S))
        return found

    def watch(self, job_id: str, after: int) -> Steps[None]:
        followed: Followed = yield Do(partial(self._find, job_id))
        while True:
            events: list[RemoteEvent] = yield Do(partial(followed.newer, after, _TICK_S))
            for event in events:
                after = event.seq
                yield Give(event)
                if event.last:
                    return

    def wait(self, job_id: str, timeout_s: float | None) -> Steps[RemoteJob]:
        until = None if timeout_s is None else time.monotonic() + timeout_s
        followed: Followed = yield Do(partial(self._find, job_id))
        while True:
            left_s = _TICK_S if until is None else min(_TICK_S, max(0.0, until - time.monotonic()))
            found: RemoteJob = yield Do(partial(followed.looked_at, left_s, ended=True))
            if found.ended:
                return found
            if until is not None and time.monotonic() >= until:
                raise TimeoutError(
                    f"job {job_id} is {found.state} after {timeout_s:g} s, at {found.percent:g} %. It goes on."
                )

    def result(self, job_id: str, timeout_s: float | None) -> Steps[RemoteResult]:
        found = yield from self.wait(job_id, timeout_s)
        if found.error is not None:
            raise found.error
        value = dict(found.result or {}) | {"runner": found.data["runner"]}
        return RemoteResult(found.id, value, [self._output(key) for key in dict.fromkeys(_keys(value))])

    def cancel(self, job_id: str) -> Steps[RemoteJob]:
        followed: Followed = yield Do(partial(self._find, job_id))
        if followed.outcome is None:
            yield Do(partial(self._opened().cancel, followed.sent.handle))
        return (yield from self.job(job_id))

    def close(self) -> None:
        """Stop what runs in this process; jobs of a platform go on."""
        with self._lock:
            if self._carrier is not None:
                self._carrier.close()

    def _opened(self) -> WithWorkflows:
        with self._lock:
            if self._carrier is None:
                store = open_store(self._settings.store, self._settings.environment)
                machine = self._settings.machine(store, CATALOG)
                self._carrier = open_with_workflows(self._settings, machine, cores())
            return self._carrier

    def _submit(self, job: Job, labels: Mapping[str, str]) -> RemoteJob:
        carrier = self._opened()
        sent = Sent(job.id, carrier.submit(job), job.function, labels)
        with self._lock:
            self._sent[job.id] = sent
            # One that ended may have begun anew.
            if (known := self._followed.get(job.id)) is not None and known.outcome is not None:
                del self._followed[job.id]
        return seen(sent, carrier.name)

    def _find(self, job_id: str) -> Followed:
        """The job of an id that was sent here, or of a handle."""
        carrier = self._opened()
        with self._lock:
            known = self._followed.get(job_id)
            if known is None or known.is_lost:
                known = self._followed[job_id] = Followed(carrier, self._sent.get(job_id, Sent(job_id, job_id)))
            return known

    def _output(self, key: str) -> RemoteOutput:
        machine = self._opened().machine
        full = full_key(self._settings.tenant, key, machine.shared_prefixes)
        signed = machine.store.sign_get(full, LINKS_LAST_S) if isinstance(machine.store, SignsUrls) else None
        return RemoteOutput(key, signed or f"/v1/objects/{quote(key)}")


class Nowhere(Address):
    """In place of a service's address; links to a store are followed all the same."""

    def request(self, call: Call) -> httpx.Request:
        return _refused(call) if call.url.startswith("/") else super().request(call)


def _refused(call: Call) -> NoReturn:
    raise InvalidRequestError(
        f"{call.method} {call.url}: this client has a runner and no service, so it can submit, watch, wait for and cancel "
        "jobs. For the rest start one with `clipmill serve`, and leave out `runner`."
    )


def _choice(runner: str) -> RunnerChoice:
    try:
        return RunnerChoice(runner)
    except ValueError:
        raise InvalidRequestError(f"runner: expected one of {', '.join(RunnerChoice)}, got {runner!r:.80}.") from None


def _keys(result: Mapping[str, Any]) -> Iterator[str]:
    for written in (result, *result.get("clips", ())):
        if isinstance(written, Mapping) and isinstance(key := written.get("output_key"), str):
            yield key
