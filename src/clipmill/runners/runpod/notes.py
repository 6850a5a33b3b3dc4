"""What our worker says to our caller through RunPod, which passes on any JSON and understands none of it.

Convention: a result and a failure are plain wire forms, readable by any caller; what is ours stands under ``clipmill``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome

OURS = "clipmill"


@dataclass(frozen=True)
class Note:
    """The last events of one run. Notes overtake each other: each repeats what the one before it said.

    ``run`` tells runs of one job apart, ``started`` (seconds since 1970) which of them is the later one.
    """

    run: str
    started: float
    events: Sequence[Event]

    def to_json(self) -> dict[str, Any]:
        last = self.events[-1] if self.events else None
        place = {"run": self.run, "started": self.started}
        order = {"seq": last.seq, "time": last.time} if last else {}
        return {OURS: place | order | {"events": [event.to_json() for event in self.events]}}

    @classmethod
    def of(cls, output: Any) -> Self | None:
        """The note in a progress update, a result or a failure; None if it holds none that we can read."""
        given = output.get(OURS) if isinstance(output, Mapping) else None
        if not isinstance(given, Mapping):
            return None
        try:
            return cls(given["run"], float(given["started"]), [Event.from_json(event) for event in given["events"]])
        except (TypeError, KeyError, ValueError):
            return None


def report(outcome: Outcome, note: Note) -> dict[str, Any]:
    """How a run ended: the wire form of its outcome, with the note."""
    ours = note.to_json()[OURS] | {"attempts": outcome.attempts, "timings": dict(outcome.timings)}
    return outcome.wire() | {OURS: ours}


def reported(output: Any) -> Outcome | None:
    """The outcome in a report; None if this is none, such as a late note that took the place of one."""
    ours = output.get(OURS) if isinstance(output, Mapping) else None
    if not isinstance(ours, Mapping) or "attempts" not in ours:
        return None
    wire = {name: value for name, value in output.items() if name != OURS}
    kind = "failure" if wire.get("status") == "error" else "result"
    return Outcome.from_json({kind: wire, **{name: ours[name] for name in ("attempts", "timings") if name in ours}})


def raised(error: Any) -> Any:
    """The report in what RunPod tells of a handler that raised: JSON around the text of what it raised."""
    try:
        return json.loads(json.loads(error)["error_message"])
    except (TypeError, KeyError, ValueError):
        return None
