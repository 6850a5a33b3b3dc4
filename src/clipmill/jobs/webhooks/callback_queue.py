"""What a callback address is still to be told: at most one step of the bar, and the end.

Convention: percent is a whole number from 0 to 95; the end is not a percentage but a message of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.storage.redact import redact

_MOST_MESSAGE = 500
_FIXED = {
    Stage.QUEUED: 0,
    Stage.STARTING: 0,
    Stage.DOWNLOADING: 5,
    Stage.PREPARING: 5,
    Stage.UPLOADING: 95,
    Stage.PUBLISHING: 95,
}


class Step(StrEnum):
    """The last part of the path that a callback goes to."""

    PROGRESS = "progress"
    COMPLETE = "complete"
    ERROR = "error"


@dataclass(frozen=True)
class Callback:
    """One message, as its address reads it."""

    step: Step
    body: Mapping[str, Any]


def callback_percent(event: Event) -> int | None:
    """The bar as callbacks show it; None for an event that does not move it.

    >>> callback_percent(Event("job", 1, "", Stage.PROCESSING, 43.0, "rendering", frames_done=40, frames_total=100))
    42
    """
    if event.stage is Stage.PROCESSING:
        total = event.frames_total or 0
        return 10 + (80 * min(event.frames_done or 0, total) // total if total else 0)
    return _FIXED.get(event.stage)


def ending(outcome: Outcome) -> Callback:
    """The last message of a job."""
    told = outcome.wire()
    if outcome.error is None:
        return Callback(Step.COMPLETE, {"output_video_key": told.get("output_key")})
    return Callback(Step.ERROR, {"error": told["error"], "should_retry": outcome.error.retryable})


class CallbackQueue:
    """Keeps order: the bar never falls, newer progress replaces what nobody took yet, nothing comes after the end."""

    def __init__(self) -> None:
        self._progress: Callback | None = None
        self._end: Callback | None = None
        self._ended = False
        self._percent = 0
        self._message: str | None = None

    def put(self, event: Event) -> None:
        """Note a step; one that says nothing new is left out."""
        percent = callback_percent(event)
        message = redact(event.message)[:_MOST_MESSAGE]
        if self._ended or percent is None or (percent <= self._percent and message == self._message):
            return
        self._percent, self._message = max(percent, self._percent), message
        self._progress = Callback(Step.PROGRESS, {"progress": self._percent, "message": message})

    def end(self, outcome: Outcome) -> None:
        """Note the end, once; progress that nobody took is no news any more."""
        if not self._ended:
            self._ended, self._progress, self._end = True, None, ending(outcome)

    def take(self) -> Callback | None:
        """What is to be sent next."""
        if self._end is not None:
            taken, self._end = self._end, None
        else:
            taken, self._progress = self._progress, None
        return taken
