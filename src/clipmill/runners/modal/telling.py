"""From a job's events to the board: a few writes a second at most, and never in the way of a frame."""

import logging
import threading
from collections import deque
from dataclasses import replace

from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.runners.modal.board import Board, Told

_LOG = logging.getLogger(__name__)

CLOSEST_S = 0.4
EVENTS_KEPT = 40


class Telling:
    """A thread that writes what is new; a container that takes a call over goes on where the lost one stood.

    Progress is not worth a job: what cannot be written is logged, and written with the next news.
    """

    def __init__(self, board: Board, tenant: str, job_id: str, call: str) -> None:
        self._board = board
        self._place = (tenant, job_id)
        self._call = call
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._over = threading.Event()
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._before: Event | None = None
        self._thread = threading.Thread(target=self._write_news, name="clipmill-telling", daemon=True)

    def start(self) -> None:
        before = self._read()
        self._events.extend(before.events)
        self._before = before.events[-1] if before.events else None
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Take an event; it returns at once."""
        if self._before is not None:
            progress = max(event.progress, self._before.progress)
            event = replace(event, seq=event.seq + self._before.seq, progress=progress)
        with self._lock:
            self._events.append(event)
        self._news.set()

    def finish(self, outcome: Outcome | None) -> None:
        """Write the rest, with the outcome where there is one."""
        self._over.set()
        self._news.set()
        self._thread.join()
        self._write(outcome)

    def _write_news(self) -> None:
        while True:
            self._news.wait()
            if self._over.is_set():
                return
            self._news.clear()
            self._write(None)
            self._over.wait(CLOSEST_S)

    def _read(self) -> Told:
        try:
            return self._board.told(*self._place, self._call)
        except Exception:  # noqa: BLE001 - whatever the platform's library raises
            _LOG.warning("what was told of job %s before cannot be read", self._place[1], exc_info=True)
            return Told(self._call)

    def _write(self, outcome: Outcome | None) -> None:
        with self._lock:
            events = list(self._events)
        try:
            self._board.tell(*self._place, Told(self._call, events, outcome))
        except Exception:  # noqa: BLE001 - whatever the platform's library raises
            _LOG.warning("the progress of job %s cannot be told", self._place[1], exc_info=True)
