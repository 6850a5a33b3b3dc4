"""What a callback address is told of a job, step by step: how far the bar is, then how the job ended.

Convention: percent is a whole number from 0 to 95; the end is not a percentage but a message of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
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


def advanced(told: Mapping[str, Any] | None, event: Event) -> Callback | None:
    """The next step of the bar behind what was ``told`` last; None if the event says nothing new. The bar never falls."""
    before = told or {"progress": 0, "message": None}
    percent, message = callback_percent(event), redact(event.message)[:_MOST_MESSAGE]
    if percent is None or (percent <= before["progress"] and message == before["message"]):
        return None
    return Callback(Step.PROGRESS, {"progress": max(percent, before["progress"]), "message": message})


def ending(wire: Mapping[str, Any]) -> Callback:
    """The last message of a job, from its result or its failure in wire form."""
    if wire.get("status") == "error":
        return Callback(Step.ERROR, {"error": wire["error"], "should_retry": wire["retryable"]})
    return Callback(Step.COMPLETE, {"output_video_key": wire.get("output_key")})
