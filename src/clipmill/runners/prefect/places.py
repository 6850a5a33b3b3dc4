"""The places of a queue with a limit: a run works only while it holds one.

The queue's own limit is the first gate and lets one too many through now and then, since workers that ask at the same
moment overlook each other. A place is a variable on the server: a name is there once, so a number is taken once,
whoever asks; each variable has an id of its own, so nobody renews or gives back what has become another's.

Convention: how old a place is, is told by the server's clock, to the second; how long its holder was not answered, by
the monotonic clock of the holder.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clipmill.errors import ConflictError
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.runs import Run
from clipmill.runners.prefect.watches import SILENT_S

_MOST_LISTED = 200


@dataclass(frozen=True)
class Terms:
    """Seconds between two renewals of a place, until its holder stops for want of an answer, and until others may have it.

    Between the latter two the work ends, and clocks that differ have room. A run that found none waits for
    ``again_after_s``.
    """

    renewed_every_s: float = 10.0
    stopped_after_s: float = SILENT_S
    free_after_s: float = 55.0
    again_after_s: float = 5.0


@dataclass(frozen=True)
class Place:
    """What a run holds while it works, and since when on this machine; ``id`` is None where runs are not counted."""

    id: str | None
    since: float


class Places:
    """The places of all queues of a server."""

    def __init__(self, api: Api, terms: Terms) -> None:
        self.terms = terms
        self._api = api

    def take(self, run: Run) -> Place | None:
        """A place in the queue of a run; None if all are taken."""
        since = time.monotonic()
        limit = self._limit(run)
        if limit is None:
            return Place(None, since)
        held = self._held(_tag(run))
        if len(held) >= limit:
            # One with a higher number holds a place too, from before the limit was lowered.
            return None
        free = (name for name in (f"{_tag(run)}-{number}" for number in range(limit)) if name not in held)
        made = next(filter(None, (self._made(name, run) for name in free)), None)
        return None if made is None else Place(made, since)

    def renew(self, place: Place, run_id: str) -> bool:
        """Hold a place for longer; false if others have been given it."""
        return self._api.ask("PATCH", f"/variables/{place.id}", {"value": {"run": run_id}}) is not None

    def give_back(self, place: Place) -> None:
        """Let others have a place at once; one that they have by now stays theirs."""
        self._api.ask("DELETE", f"/variables/{place.id}")

    def _limit(self, run: Run) -> int | None:
        queue = None if run.queue is None else self._api.ask("GET", f"/work_queues/{run.queue}")
        return None if queue is None else queue["concurrency_limit"]

    def _held(self, tag: str) -> set[str]:
        """The names of the places that are taken; one whose holder is gone is taken away from it."""
        now = self._api.now()
        asked = {"variables": {"tags": {"all_": [tag]}}, "limit": _MOST_LISTED}
        held: set[str] = set()
        for each in self._api.ask("POST", "/variables/filter", asked) or []:
            if self._is_left(each, now):
                self._api.ask("DELETE", f"/variables/{each['id']}")
            else:
                held.add(each["name"])
        return held

    def _is_left(self, told: Mapping[str, Any], now: datetime) -> bool:
        unheard = now - datetime.fromisoformat(told["updated"])
        return unheard >= timedelta(seconds=self.terms.free_after_s)

    def _made(self, name: str, run: Run) -> str | None:
        """The id of a place that is ours now; None if somebody was quicker."""
        wanted = {"name": name, "value": {"run": run.id}, "tags": ["clipmill", _tag(run)]}
        try:
            return self._api.ask("POST", "/variables/", wanted)["id"]
        except ConflictError:
            return None


def _tag(run: Run) -> str:
    """What the places of a run's queue have in common."""
    return f"clipmill-place-{run.queue}"
