"""What caller and container tell each other beside the call itself: a dictionary on the platform, a few keys for a job.

| Key | Written by | Value |
|---|---|---|
| ``tenant/job id`` | the container | the call, its last events, and the outcome once there is one |
| ``tenant/job id/call`` | the caller | the call that carries the job out, or that somebody is about to make it |
| ``call/cancel`` | the caller | that the job is to stop |

Entries that nobody uses for seven days are dropped by the platform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome

if TYPE_CHECKING:
    import modal


@dataclass(frozen=True)
class Told:
    """How far a call is: its last events, in order, and its outcome once it has ended."""

    call: str
    events: Sequence[Event] = ()
    outcome: Outcome | None = None

    def to_json(self) -> dict[str, Any]:
        outcome = None if self.outcome is None else self.outcome.to_json()
        return {"call": self.call, "events": [event.to_json() for event in self.events], "outcome": outcome}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        outcome = None if data["outcome"] is None else Outcome.from_json(data["outcome"])
        return cls(data["call"], [Event.from_json(event) for event in data["events"]], outcome)


@dataclass(frozen=True)
class Taken:
    """Who carries a job out: a call, or None while it is being made."""

    digest: str
    call: str | None = None


class Board:
    """The dictionary of one app. Its errors are those of the platform's library."""

    def __init__(self, notes: "modal.Dict") -> None:
        self._notes = notes

    @classmethod
    def open(cls, app: str, environment: str | None = None) -> Self:
        """The dictionary beside an app, made when it is first used; in a container, that of its own environment."""
        import modal

        return cls(modal.Dict.from_name(f"{app}-jobs", environment_name=environment, create_if_missing=True))

    def tell(self, tenant: str, job_id: str, told: Told) -> None:
        self._notes.put(f"{tenant}/{job_id}", told.to_json())

    def told(self, tenant: str, job_id: str, call: str) -> Told:
        """What this call told of its job; other calls of the same job are not meant."""
        found = self._notes.get(f"{tenant}/{job_id}")
        return Told.from_json(found) if found is not None and found["call"] == call else Told(call)

    def taken(self, tenant: str, job_id: str) -> Taken | None:
        found = self._notes.get(f"{tenant}/{job_id}/call")
        return None if found is None else Taken(found["digest"], found["call"])

    def take(self, tenant: str, job_id: str, taken: Taken, *, over: bool = False) -> bool:
        """Write down who carries a job out, unless somebody did before and is not to be written ``over``."""
        value = {"digest": taken.digest, "call": taken.call}
        return self._notes.put(f"{tenant}/{job_id}/call", value, skip_if_exists=not over)

    def give_up(self, tenant: str, job_id: str) -> None:
        """Nobody carries the job out after all."""
        self._notes.pop(f"{tenant}/{job_id}/call", None)

    def ask_to_stop(self, call: str) -> None:
        self._notes.put(f"{call}/cancel", True)

    def is_asked_to_stop(self, call: str) -> bool:
        return self._notes.get(f"{call}/cancel") is not None
