"""What every runner promises, wherever it runs its jobs."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

from clipmill.jobs.events import Event
from clipmill.jobs.gate import Gate, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome


class Status(StrEnum):
    """What a runner knows of a job. Unknown says nothing: the job may be running, finished or never have been."""

    RUNNING = "running"
    FINISHED = "finished"
    UNKNOWN = "unknown"


class Runner(Protocol):
    """Runs jobs somewhere; a handle is plain text by which anyone can come back to one."""

    def submit(self, job: Job, gate: Gate = open_gate) -> str:
        """Hand a job over and return its handle; a job that is under way is the same handle and runs once.

        ``gate`` is asked before outputs appear, by runners whose jobs run within reach of it.
        """
        ...

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        """What a job tells from event ``after`` on, as it comes, and its outcome as the last item."""
        ...

    def cancel(self, handle: str) -> None:
        """Ask a job to stop; a job that has finished stays finished."""
        ...

    def status(self, handle: str) -> Status:
        """Whether a job has come to its end, as far as this runner can tell."""
        ...
