"""What a dispatcher needs of a runner beyond what every runner promises."""

from typing import Protocol

from clipmill.jobs.job import Job
from clipmill.jobs.runner import Runner


class Carrier(Runner, Protocol):
    """A runner with a name and a number of places, ready for jobs until it is closed.

    ``shared``: its places are those of a cloud, and its jobs outlive this process. Else both belong to this process,
    and a handle that it does not know stands for nothing that runs.
    """

    name: str
    places: int
    shared: bool

    def handle_of(self, job: Job) -> str | None:
        """The handle that a job will have; None where only `submit` can tell."""
        ...

    def outlives(self, handle: str) -> bool:
        """Whether the work of a handle goes on without this process."""
        del handle
        return self.shared

    def close(self) -> None:
        """Stop what runs in this process."""
        ...
