"""What runs in a RunPod worker: a handler that ends in ``perform(job)`` and leaves the event loop free meanwhile.

A job's work is a child process of its own, so a cancel, a time limit and a crash in native code end that child and not
the worker.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from clipmill.errors import ClipmillError
from clipmill.jobs.events import Event
from clipmill.jobs.machine import Machine
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform
from clipmill.jobs.webhooks.callbacks import Callbacks
from clipmill.jobs.webhooks.post import Post
from clipmill.runners.runpod.calls import Call, read_call
from clipmill.runners.runpod.flag import Flag
from clipmill.runners.runpod.notes import report
from clipmill.runners.runpod.place import cancel_key
from clipmill.runners.runpod.teller import Teller

T = TypeVar("T")

ProgressUpdate = Callable[[dict[str, Any], Any], None]
"""``runpod.serverless.progress_update``: told RunPod's job and any JSON, it sends that from a thread of its own."""


class FailedError(Exception):
    """Carries the report of a failure through the SDK, which knows failures only as text of an exception."""


class Worker:
    """Carries out jobs one at a time. ``tenant`` owns the objects of jobs that name no user."""

    def __init__(self, machine: Machine, post: Post, update: ProgressUpdate, tenant: str = "") -> None:
        self._machine = machine
        self._post = post
        self._update = update
        self._tenant = tenant

    async def handle(self, taken: dict[str, Any]) -> dict[str, Any]:
        """The result of RunPod's job; a failure is raised, since one that is returned would pass for success."""
        run = str(taken.get("id", "local"))
        teller = Teller(run, partial(self._update, taken))
        try:
            call = read_call(taken.get("input"), self._tenant)
            callbacks = None if call.callback_url is None else Callbacks(call.callback_url, self._post)
        except ClipmillError as fault:
            raise _failure(Outcome(error=fault), teller) from None
        outcome = await self._carried_out(call, run, _Ears(teller, callbacks))
        if outcome.error is not None:
            raise _failure(outcome, teller)
        video = {"output_video_key": outcome.value().get("output_key")} if call.names_video else {}
        return report(outcome, teller.note) | video

    async def _carried_out(self, call: Call, run: str, ears: "_Ears") -> Outcome:
        cancel = threading.Event()
        flag = Flag(self._machine.store, cancel_key(call.job.tenant, call.job.id, run))
        pauses = self._machine.retry.pauses_s[: call.attempts - 1]
        machine = replace(self._machine, retry=replace(self._machine.retry, pauses_s=pauses))
        watch = asyncio.create_task(flag.watch(cancel))
        work = asyncio.create_task(asyncio.to_thread(ears.hear, partial(perform, call.job, machine, cancel=cancel)))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            cancel.set()
            await _to_its_end(work)
            raise
        finally:
            watch.cancel()
            if cancel.is_set():
                await _to_its_end(asyncio.create_task(asyncio.to_thread(flag.lower)))


class _Ears:
    """Whoever hears of a job: RunPod's own progress, and the address that the caller gave."""

    def __init__(self, teller: Teller, callbacks: Callbacks | None) -> None:
        self._teller = teller
        self._callbacks = callbacks

    def hear(self, work: Callable[..., Outcome]) -> Outcome:
        """Carry out the work and tell of it; what an address does not take is still sent behind the end."""
        with self._callbacks or nullcontext():
            outcome = work(on_event=self._on_event)
            if self._callbacks is not None:
                self._callbacks.finish(outcome)
        return outcome

    def _on_event(self, event: Event) -> None:
        self._teller.on_event(event)
        if self._callbacks is not None:
            self._callbacks.on_event(event)


async def _to_its_end(work: Awaitable[T]) -> None:
    """Wait for what must end, however often this task is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)


def _failure(outcome: Outcome, teller: Teller) -> FailedError:
    told: Mapping[str, Any] = report(outcome, teller.note)
    return FailedError(json.dumps(told))
