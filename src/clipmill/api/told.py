"""An event as watchers are told it: written as JSON once, however many watch."""

import json
from dataclasses import dataclass
from typing import Self

from clipmill.jobs.ledger.events import LedgerEvent
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.moments import iso


@dataclass(frozen=True)
class Told:
    """``text`` is the event's JSON object in one line."""

    job_id: str
    seq: int
    kind: EventKind
    text: str

    @classmethod
    def of(cls, event: LedgerEvent) -> Self:
        whose = {"job_id": event.job_id, "seq": event.seq, "time": iso(event.at)}
        return cls(event.job_id, event.seq, event.kind, json.dumps(whose | dict(event.data), separators=(",", ":")))

    @property
    def last(self) -> bool:
        """Whether nothing follows of this job."""
        return self.kind is EventKind.DONE
