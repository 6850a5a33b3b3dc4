"""What a run tells beside its state: two artifacts on the server, which outlive worker, caller and the server's restart.

| Type of artifact | For | Data |
|---|---|---|
| ``clipmill`` | our caller | the last events, and the outcome once there is one |
| ``progress`` | people who look at Prefect's pages | percent of the bar |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.runners.prefect.api import Api

_TOLD, _BAR = "clipmill", "progress"


@dataclass(frozen=True)
class Told:
    """How far a run is: its last events, in order, and its outcome once it has ended."""

    events: Sequence[Event] = ()
    outcome: Outcome | None = None

    def to_json(self) -> dict[str, Any]:
        outcome = None if self.outcome is None else self.outcome.to_json()
        return {"events": [event.to_json() for event in self.events], "outcome": outcome}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        outcome = None if data["outcome"] is None else Outcome.from_json(data["outcome"])
        return cls([Event.from_json(event) for event in data["events"]], outcome)


def of_runs(api: Api, run_ids: Sequence[str]) -> dict[str, Told]:
    """What some runs told so far, 200 at most; those that told nothing are left out."""
    asked = {"artifacts": {"type": {"any_": [_TOLD]}, "flow_run_id": {"any_": run_ids}}}
    found: list[dict[str, Any]] = api.ask("POST", "/artifacts/filter", asked) or []
    return {each["flow_run_id"]: Told.from_json(each["data"]) for each in found}


class Board:
    """The artifacts of one run. They are read by anyone, and written by the run alone."""

    def __init__(self, api: Api, run_id: str) -> None:
        self._api = api
        self._run = run_id
        self._ids: dict[str, str] = {}

    def told(self) -> Told:
        """What the run told so far."""
        found = self._found(_TOLD)
        return Told() if found is None else Told.from_json(found["data"])

    def tell(self, told: Told) -> None:
        self._write(_TOLD, {"data": told.to_json()})

    def show(self, event: Event) -> None:
        """Move the bar that people see."""
        self._write(_BAR, {"data": event.progress, "description": event.message})

    def _found(self, kind: str) -> dict[str, Any] | None:
        asked = {"artifacts": {"type": {"any_": [kind]}, "flow_run_id": {"any_": [self._run]}}, "limit": 1}
        found: list[dict[str, Any]] = self._api.ask("POST", "/artifacts/filter", asked) or []
        return found[0] if found else None

    def _write(self, kind: str, change: dict[str, Any]) -> None:
        if kind not in self._ids:
            # A run that is begun anew goes on writing where it wrote before.
            found = self._found(kind)
            if found is None:
                made = self._api.ask("POST", "/artifacts/", {"type": kind, "flow_run_id": self._run, **change})
                self._ids[kind] = made["id"]
                return
            self._ids[kind] = found["id"]
        self._api.ask("PATCH", f"/artifacts/{self._ids[kind]}", change)
