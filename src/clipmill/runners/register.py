"""The jobs that a runner of this process has, by handle: those under way, and the last that ended."""

import threading
from collections import OrderedDict

from clipmill.errors import CancelledError, ConflictError, InvalidRequestError
from clipmill.jobs.job import Job
from clipmill.runners.runner import Status
from clipmill.runners.running import Running

FINISHED_KEPT = 32


class Register:
    """A handle names a tenant and an id: two tenants may use one id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Running] = OrderedDict()
        self._closed = False

    def enter(self, job: Job) -> Running | None:
        """A job to be begun; None for one that is under way already, `ConflictError` if that has another request."""
        handle = handle_of(job)
        with self._lock:
            if self._closed:
                raise CancelledError(f"job {job.id}: this runner is shutting down and takes no more jobs.")
            known = self._jobs.get(handle)
            if known is not None and known.goes_on:
                if known.job.digest == job.digest:
                    return None
                raise ConflictError(
                    f"job {job.id} is already known with another request. Send a new job_id, or the same request."
                )
            self._forget_the_oldest()
            running = self._jobs[handle] = Running(job)
            return running

    def get(self, handle: str) -> Running | None:
        with self._lock:
            return self._jobs.get(handle)

    def find(self, handle: str) -> Running:
        """The job of a handle that this process gave."""
        running = self.get(handle)
        if running is None:
            raise InvalidRequestError(
                f"no job {handle!r:.140} was submitted to this process. Send the job again: if it succeeded before, "
                "its stored result is the answer."
            )
        return running

    def status(self, handle: str) -> Status:
        running = self.get(handle)
        if running is None:
            return Status.UNKNOWN
        return Status.RUNNING if running.outcome is None else Status.FINISHED

    def close(self) -> None:
        """Take no more, and cancel what is under way."""
        with self._lock:
            self._closed = True
            jobs = list(self._jobs.values())
        for running in jobs:
            running.cancel.set()

    def _forget_the_oldest(self) -> None:
        finished = [handle for handle, running in self._jobs.items() if running.outcome is not None]
        for handle in finished[: max(0, len(finished) - FINISHED_KEPT + 1)]:
            del self._jobs[handle]


def handle_of(job: Job) -> str:
    """Ids hold no slash, so no two pairs of tenant and id have one handle."""
    return f"{job.tenant}/{job.id}"
