"""How a worker tells RunPod how far a job is: now and then the last events, never the end, which goes with the result."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.runners.runpod.notes import Note

Update = Callable[[Mapping[str, Any]], None]
"""Hands a note to RunPod and returns at once."""

EVENTS_KEPT = 24
TOLD_EVERY_S = 1.0
_ENDS = frozenset({Stage.DONE, Stage.FAILED, Stage.CANCELLED})


class Teller:
    """Listens to the events of one run, in whatever thread they come, one at a time."""

    def __init__(self, run: str, update: Update, every_s: float = TOLD_EVERY_S) -> None:
        self._run = run
        self._started = time.time()
        self._update = update
        self._every_s = every_s
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._told_at: float | None = None

    @property
    def note(self) -> Note:
        return Note(self._run, self._started, list(self._events))

    def on_event(self, event: Event) -> None:
        """Keep an event, and tell if that was long ago. An update sent at the end could arrive behind the result."""
        self._events.append(event)
        now = time.monotonic()
        if event.stage not in _ENDS and (self._told_at is None or now - self._told_at >= self._every_s):
            self._told_at = now
            self._update(self.note.to_json())
