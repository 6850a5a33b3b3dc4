"""What a job tells about itself while it runs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from clipmill.function.stages import Stage


@dataclass(frozen=True)
class Event:
    """One step of the bar; what is not known is None. ``time`` is UTC, ``progress`` 0..100 with one decimal."""

    job_id: str
    seq: int
    time: str
    stage: Stage
    progress: float
    message: str
    frames_done: int | None = None
    frames_total: int | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None
    clip_index: int | None = None
    clips_total: int | None = None
    eta_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"stage": self.stage.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        values: dict[str, Any] = dict(data)
        values["stage"] = Stage(values["stage"])
        return cls(**values)


OnEvent = Callable[[Event], None]
"""Told each event, one at a time and in order; it should return at once."""


def nobody(_event: Event) -> None:
    """Listens to nothing."""
