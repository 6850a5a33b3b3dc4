"""The walk through a workflow: jobs handed to a runner, watched, and stopped together."""

import logging
import threading
from collections.abc import Collection, Iterator, Mapping
from types import TracebackType
from typing import Protocol, Self

from clipmill.errors import CancelledError, ClipmillError
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome

_LOG = logging.getLogger(__name__)

_TICK_S = 0.1


class StepRunner(Protocol):
    """The part of a runner that a workflow uses."""

    def submit(self, job: Job) -> str: ...

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]: ...

    def cancel(self, handle: str) -> None: ...


class Steps:
    """Runs steps, from any thread, until they are told to stop: by the caller's event or by a step that failed.

    ``gpu_s`` is for how long they held a graphics card, together.
    """

    def __init__(self, runner: StepRunner, cancel: threading.Event) -> None:
        self.gpu_s = 0.0
        self._runner = runner
        self._cancel = cancel
        self._news = threading.Condition()
        self._stopped = False
        self._on_their_way = 0
        self._handles: set[str] = set()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watch_cancel, name="clipmill-steps", daemon=True)

    def run(self, job: Job, on_event: OnEvent = nobody) -> Outcome:
        """Run a step to its end; once stopped, a step ends as cancelled without being started."""
        handle = self._submitted(job)
        if handle is None:
            return Outcome(error=CancelledError(f"step {job.id} was not started, the export was stopped"))
        try:
            outcome = self._followed(handle, on_event)
        except BaseException:
            self._cancel_all({handle})
            raise
        else:
            self._count(outcome)
            return outcome
        finally:
            with self._news:
                self._handles.discard(handle)

    def stop(self) -> None:
        """Cancel every step that runs and start no other; those on their way to the runner are waited for."""
        with self._news:
            self._stopped = True
            handles = set(self._handles)
        self._cancel_all(handles)
        with self._news:
            self._news.wait_for(lambda: not self._on_their_way)
            late = self._handles - handles
        self._cancel_all(late)

    def _submitted(self, job: Job) -> str | None:
        """The handle of a step, handed over beside others: a cloud takes its time. None once stopped."""
        with self._news:
            if self._stopped or self._cancel.is_set():
                return None
            self._on_their_way += 1
        handle = None
        try:
            handle = self._runner.submit(job)
        finally:
            with self._news:
                self._handles |= set() if handle is None else {handle}
                self._on_their_way -= 1
                self._news.notify_all()
        return handle

    def _cancel_all(self, handles: Collection[str]) -> None:
        """Cancel them all, whatever becomes of one; what cannot be reached runs to its end."""
        for handle in handles:
            try:
                self._runner.cancel(handle)
            except ClipmillError as fault:
                _LOG.warning("step %s could not be stopped: %s", handle, fault.message)

    def _followed(self, handle: str, on_event: OnEvent) -> Outcome:
        for item in self._runner.events(handle):
            if isinstance(item, Outcome):
                return item
            on_event(item)
        raise AssertionError("the events of a job end with its outcome")

    def _count(self, outcome: Outcome) -> None:
        timings = outcome.timings or (outcome.result or {}).get("timings")
        if isinstance(timings, Mapping):
            with self._news:
                self.gpu_s += float(timings.get("gpu_s", 0.0))

    def _watch_cancel(self) -> None:
        while not self._over.wait(_TICK_S):
            if self._cancel.is_set():
                self.stop()
                return

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
        self._over.set()
        self._watch.join()
