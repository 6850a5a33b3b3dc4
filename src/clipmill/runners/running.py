"""A job while a runner of this process has it: its events so far, its outcome once there is one."""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future

from clipmill.errors import CancelledError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter

EVENTS_KEPT = 1000


class Running:
    """Written by the thread that performs the job, read by any number of others, who may come late.

    ``start`` is the job's place in the queue, where there is one.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.cancel = threading.Event()
        self.start: Future[None] | None = None
        self.outcome: Outcome | None = None
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._news = threading.Condition()
        self.meter = ProgressMeter(job.id, self.tell)
        self.meter.enter(Stage.QUEUED)

    def tell(self, event: Event) -> None:
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    def finish(self, outcome: Outcome) -> None:
        with self._news:
            self.outcome = outcome
            self._news.notify_all()

    def end_unstarted(self) -> None:
        """The end of a job that was cancelled before its turn."""
        outcome = Outcome(error=CancelledError(f"job {self.job.id} was cancelled before it was started."))
        self.meter.finish(outcome)
        self.finish(outcome)

    @property
    def goes_on(self) -> bool:
        """Whether the job is on its way to an end of its own."""
        return self.outcome is None and not self.cancel.is_set()

    def wait(self, timeout_s: float | None) -> Outcome | None:
        with self._news:
            self._news.wait_for(lambda: self.outcome is not None, timeout_s)
            return self.outcome

    def follow(self, after: int) -> Iterator[Event | Outcome]:
        """Events whose number is above ``after``, then the outcome."""
        while True:
            with self._news:
                while not (events := self._newer(after)) and self.outcome is None:
                    self._news.wait()
                outcome = self.outcome
            yield from events
            if outcome is not None:
                yield outcome
                return
            after = events[-1].seq

    def _newer(self, after: int) -> list[Event]:
        return [event for event in self._events if event.seq > after]
