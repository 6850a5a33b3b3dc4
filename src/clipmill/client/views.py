"""What a service tells, as values. What a newer service tells beyond that stands in ``data``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from clipmill.errors import ClipmillError, error_from_json
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event


class JobState(StrEnum):
    """Where a job stands; the last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    PUBLISHING = "publishing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def final(self) -> bool:
        return self not in {JobState.QUEUED, JobState.RUNNING, JobState.PUBLISHING}


class EventKind(StrEnum):
    """What an event tells; ``done`` comes last."""

    STATE = "state"
    PROGRESS = "progress"
    LOG = "log"
    DONE = "done"


@dataclass(frozen=True)
class RemoteJob:
    """A job of a service as it stood when it was asked for. In a list ``result`` and ``failure`` are left out."""

    id: str
    function: str
    state: JobState
    stage: Stage
    percent: float
    attempt: int
    created_at: datetime
    finished_at: datetime | None
    labels: Mapping[str, str]
    result: Mapping[str, Any] | None = field(repr=False)
    failure: Mapping[str, Any] | None
    data: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        finished_at = data["finished_at"]
        return cls(
            id=data["id"],
            function=data["function"],
            state=JobState(data["state"]),
            stage=Stage(data["stage"]),
            percent=float(data["percent"]),
            attempt=data["attempt"],
            created_at=datetime.fromisoformat(data["created_at"]),
            finished_at=None if finished_at is None else datetime.fromisoformat(finished_at),
            labels=data["labels"],
            result=data.get("result"),
            failure=data.get("failure"),
            data=data,
        )

    @property
    def ended(self) -> bool:
        return self.state.final

    @property
    def error(self) -> ClipmillError | None:
        """Why it ended without a result."""
        return None if self.failure is None else error_from_json(self.failure)


@dataclass(frozen=True)
class RemoteEvent:
    """Something that happened to a job. ``seq`` counts from 1; it is 0 where the service could only be asked now and then."""

    job_id: str
    seq: int
    kind: EventKind
    data: Mapping[str, Any]

    @property
    def last(self) -> bool:
        return self.kind is EventKind.DONE

    @property
    def progress(self) -> Event | None:
        """The step of the bar that a ``progress`` event is."""
        if self.kind is not EventKind.PROGRESS:
            return None
        known = {each.name: self.data[each.name] for each in fields(Event) if each.name in self.data}
        return Event.from_json({"time": "", "message": ""} | known)

    @property
    def text(self) -> str | None:
        """The line for people that a ``log`` event is."""
        return str(self.data.get("text", "")) if self.kind is EventKind.LOG else None


@dataclass(frozen=True)
class RemoteOutput:
    """An object that a job wrote. The address may open it by itself for a while: it is not shown."""

    key: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class RemoteResult:
    """What a job returned, and what it wrote."""

    job_id: str
    value: Mapping[str, Any]
    outputs: Sequence[RemoteOutput]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        outputs = [RemoteOutput(each["key"], each["url"]) for each in data["outputs"]]
        return cls(data["id"], data["result"], outputs)


@dataclass(frozen=True)
class RemoteObject:
    """An object of a service; ``etag`` changes whenever the bytes do."""

    key: str
    size: int
    etag: str | None
