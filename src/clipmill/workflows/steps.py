"""The walk through a workflow: jobs handed to a runner, watched, and stopped together."""

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from clipmill.errors import CancelledError
from clipmill.jobs.events import Event, OnEvent, nobody
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome

_TICK_S = 0.1


class StepRunner(Protocol):
    """The part of a runner that a workflow uses."""

    def submit(self, job: Job) -> str: ...

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]: ...

    def cancel(self, handle: str) -> None: ...


class Steps:
    """Runs steps, from any thread, until they are told to stop: by the caller's event or by a step that failed."""

    def __init__(self, runner: StepRunner, cancel: threading.Event) -> None:
        self._runner = runner
        self._cancel = cancel
        self._lock = threading.Lock()
        self._stopped = False
        self._handles: set[str] = set()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watch_cancel, name="clipmill-steps", daemon=True)

    def run(self, job: Job, on_event: OnEvent = nobody) -> Outcome:
        """Run a step to its end; once stopped, a step ends as cancelled without being started."""
        with self._lock:
            if self._stopped or self._cancel.is_set():
                return Outcome(error=CancelledError(f"step {job.id} was not started, the export was stopped"))
            handle = self._runner.submit(job)
            self._handles.add(handle)
        try:
            return self._followed(handle, on_event)
        except BaseException:
            self._runner.cancel(handle)
            raise
        finally:
            with self._lock:
                self._handles.discard(handle)

    def stop(self) -> None:
        """Cancel every step that runs and start no other."""
        with self._lock:
            self._stopped = True
            handles = list(self._handles)
        for handle in handles:
            self._runner.cancel(handle)

    def _followed(self, handle: str, on_event: OnEvent) -> Outcome:
        for item in self._runner.events(handle):
            if isinstance(item, Outcome):
                return item
            on_event(item)
        raise AssertionError("the events of a job end with its outcome")

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
