"""How an export stands, in the words of editors that post forms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clipmill.api.told import Told
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.record import JobRecord
from clipmill.jobs.ledger.states import State

_STATUS: Mapping[State, str] = {
    State.QUEUED: "queued",
    State.RUNNING: "processing",
    State.PUBLISHING: "processing",
    State.SUCCEEDED: "complete",
    State.FAILED: "error",
    State.EXPIRED: "error",
    State.CANCELLED: "cancelled",
}


@dataclass
class ExportStatus:
    """What an editor is shown; `take` brings it up to date. Convention: ``progress`` is a percentage."""

    progress: float
    message: str
    status: str
    phase: str
    error: str | None = None

    @classmethod
    def of(cls, job: JobRecord) -> "ExportStatus":
        shown = cls(job.percent, job.stage.value, _STATUS[job.state], job.stage.value)
        if job.state.terminal:
            shown.end(job.state, job.failure)
        return shown

    @property
    def done(self) -> bool:
        """Whether nothing follows."""
        return self.status in {"complete", "error", "cancelled"}

    def take(self, told: Told) -> None:
        """Bring it up to date with an event."""
        data: dict[str, Any] = json.loads(told.text)
        if told.kind is EventKind.PROGRESS:
            self.progress = max(self.progress, data["progress"])
            self.phase, self.message = data["stage"], data.get("message") or data["stage"]
        elif told.kind is EventKind.LOG:
            self.message = data["text"]
        elif told.kind is EventKind.STATE:
            self.status = _STATUS[State(data["state"])]
        else:
            self.progress = data.get("progress", self.progress)
            self.end(State(data["state"]), data.get("failure"))

    def end(self, state: State, failure: Mapping[str, Any] | None) -> None:
        """The last word."""
        self.status = self.phase = self.message = _STATUS[state]
        if state is State.SUCCEEDED:
            self.progress = 100.0
        else:
            self.error = str((failure or {}).get("error") or f"the export is {state.value}")

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("progress", "message", "status", "phase", "done", "error")}
