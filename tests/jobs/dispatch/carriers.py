"""A runner whose jobs do what the test tells them to."""

import queue
from collections import defaultdict
from collections.abc import Iterator

from clipmill.function.stages import Stage
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.events import Event
from clipmill.jobs.gate import Gate, open_gate
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.runner import Status

GOOD = Outcome(result={"status": "success"})
END = object()


def frames(seq: int, done: int = 0, progress: float = 20.0) -> Event:
    return Event("job", seq, "2026-01-01T00:00:00.000Z", Stage.PROCESSING, progress, "rendering", done, 100)


class Told(Carrier):
    """Notes what it is asked; `tell` is what its jobs say, whoever listens."""

    def __init__(self, places: int = 4, *, shared: bool = False) -> None:
        self.name = "told"
        self.places = places
        self.shared = shared
        self.submitted: list[str] = []
        self.cancelled: list[str] = []
        self.statuses: list[Status] = []
        self.gates: dict[str, Gate] = {}
        self.after: list[int] = []
        self._said: defaultdict[str, queue.Queue[object]] = defaultdict(queue.Queue)

    def tell(self, job_id: str, *said: object) -> None:
        """What a job says next: events, its outcome, or `END` for a stream that breaks off."""
        for item in said:
            self._said[f"h-{job_id}"].put(item)

    def handle_of(self, job: Job) -> str | None:
        return None if self.shared else f"h-{job.id}"

    def submit(self, job: Job, gate: Gate = open_gate) -> str:
        self.submitted.append(job.id)
        self.gates[job.id] = gate
        return f"h-{job.id}"

    def events(self, handle: str, after: int = 0) -> Iterator[Event | Outcome]:
        self.after.append(after)
        while (item := self._said[handle].get(timeout=30)) is not END:
            if isinstance(item, Exception):
                raise item
            assert isinstance(item, Event | Outcome)
            yield item

    def cancel(self, handle: str) -> None:
        self.cancelled.append(handle)

    def status(self, handle: str) -> Status:
        return self.statuses.pop(0) if self.statuses else Status.UNKNOWN

    def close(self) -> None:
        """Nothing runs."""
