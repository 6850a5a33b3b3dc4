"""A run's ear and mouth while its job is carried out: events go to the board, and the word to stop comes back."""

import logging
import threading
import time
from collections import deque
from dataclasses import replace
from enum import StrEnum

from clipmill.errors import ClipmillError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.runners.prefect import runs
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.board import Board, Told
from clipmill.runners.prefect.pulse import BEAT_S, Pulse
from clipmill.runners.prefect.runs import RunState

_LOG = logging.getLogger(__name__)

CLOSEST_S = 1.0
EVENTS_KEPT = 40
_LAST_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses between tries to write the outcome: it is told nowhere else if the job failed."""
_GOES_ON = frozenset({RunState.SCHEDULED, RunState.PENDING, RunState.RUNNING, RunState.PAUSED})


class Stop(StrEnum):
    """Why a run ends early: somebody cancelled it, it is not ours to go on with, or its queue has no place for it."""

    CANCELLED = "cancelled"
    TAKEN_AWAY = "taken away"
    NO_PLACE = "no place"


class Telling:
    """A thread that writes what is new once a second, and asks the server whether the run is still wanted.

    Progress is not worth a job: what cannot be written is logged, and written with the next news. A server that does
    not answer stops nothing.
    """

    def __init__(
        self, api: Api, run_id: str, stop: threading.Event, ending: threading.Event, beat_s: float = BEAT_S
    ) -> None:
        self.why: Stop | None = None
        self._api = api
        self._run = run_id
        self._board = Board(api, run_id)
        self._pulse = Pulse(api, run_id, beat_s)
        self._stop = stop
        self._ending = ending
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._before: Event | None = None
        self._written = 0
        self._shown = -1.0
        self._thread = threading.Thread(target=self._tell_and_listen, name="clipmill-telling", daemon=True)

    def start(self) -> None:
        """Begin; a run that was begun before is counted on, and its bar does not fall."""
        self._pulse.start()
        try:
            self._events.extend(self._board.told().events)
        except ClipmillError as fault:
            _LOG.warning("what was told of run %s before cannot be read: %s", self._run, fault.message)
        self._before = self._events[-1] if self._events else None
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Take an event; it returns at once. That work was stopped is no end of the job unless somebody cancelled it."""
        if event.stage is Stage.CANCELLED and self.why is not Stop.CANCELLED:
            return
        if self._before is not None:
            progress = max(event.progress, self._before.progress)
            event = replace(event, seq=event.seq + self._before.seq, progress=progress)
        with self._lock:
            self._events.append(event)

    def end(self, why: Stop) -> None:
        """Have the work stopped; the first reason counts."""
        self.why = self.why or why
        self._stop.set()

    def finish(self, outcome: Outcome | None) -> None:
        """Write the rest, with the outcome where there is one; that is tried for some seconds."""
        self._over.set()
        self._thread.join()
        try:
            self._write_last(outcome)
        finally:
            self._pulse.stop()

    def _write_last(self, outcome: Outcome | None) -> None:
        for pause_s in (*_LAST_S, None):
            if self._write(outcome) or outcome is None or pause_s is None:
                return
            time.sleep(pause_s)

    def _tell_and_listen(self) -> None:
        while not self._over.is_set():
            self._write(None)
            self._listen()
            self._over.wait(CLOSEST_S)

    def _listen(self) -> None:
        if self._ending.is_set():
            self.end(Stop.TAKEN_AWAY)
            return
        try:
            run = runs.run(self._api, self._run)
        except ClipmillError as fault:
            _LOG.warning("whether run %s is wanted is not known for now: %s", self._run, fault.message)
            return
        if run is None or run.state not in _GOES_ON:
            cancelled = run is not None and run.state in {RunState.CANCELLING, RunState.CANCELLED}
            self.end(Stop.CANCELLED if cancelled else Stop.TAKEN_AWAY)

    def _write(self, outcome: Outcome | None) -> bool:
        with self._lock:
            events = list(self._events)
        last = events[-1] if events else None
        if outcome is None and (last is None or last.seq == self._written):
            return True
        try:
            self._board.tell(Told(events, outcome))
            if last is not None:
                self._written = last.seq
                self._show(last)
        except ClipmillError as fault:
            _LOG.warning("the progress of run %s cannot be told: %s", self._run, fault.message)
            return False
        return True

    def _show(self, event: Event) -> None:
        if event.progress > self._shown:
            self._board.show(event)
            self._shown = event.progress
