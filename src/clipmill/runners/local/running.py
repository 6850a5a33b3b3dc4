"""A job while a local runner has it: its events so far, its outcome once there is one."""

import threading
from collections import deque
from collections.abc import Iterator

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter

EVENTS_KEPT = 1000


class Running:
    """Written by the thread that performs the job, read by any number of others, who may come late."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.cancel = threading.Event()
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

    def may_run_again(self) -> bool:
        """A job that failed may be sent again; one that runs or succeeded is what it is."""
        return self.outcome is not None and not self.outcome.succeeded

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
