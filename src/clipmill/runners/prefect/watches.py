"""The server's watch over runs that fall silent: such a run is called crashed, so that its job begins again.

Convention: whole seconds from an event to the next one that is expected. An event bears the time of the machine that
tells it, so the clocks of machines may differ by half of `SILENT_S` at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clipmill.runners.prefect.api import Api

BEAT = "clipmill.flow-run.heartbeat"
"""Begins with the work. Prefect's own begins before and may arrive late, when the run waits in its queue again."""
_PREFECTS_BEAT = "prefect.flow-run.heartbeat"
_BEGUN = ("prefect.flow-run.Pending", "prefect.flow-run.Running")
_ENDS = tuple(f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled", "Scheduled"))


@dataclass(frozen=True)
class Watch:
    """An automation: ``within_s`` after an event named in ``after``, a run has to have told one of ``signs`` or its end.

    Prefect allows no less than 10 s. An event that is a sign too begins the time anew.
    """

    name: str
    after: tuple[str, ...]
    within_s: int
    signs: tuple[str, ...]


SILENT_S = 40
UNBEGUN_S = 75
WATCHES = (
    Watch("clipmill: runs whose machine is gone", (BEAT,), SILENT_S, (BEAT, _PREFECTS_BEAT)),
    # Prefect's own worker starts a process first: six seconds of processor time, more on a busy machine.
    Watch("clipmill: runs that nobody began", _BEGUN, UNBEGUN_S, (*_BEGUN, BEAT)),
)


def put(api: Api, watch: Watch) -> None:
    """Make an automation, or make it as it should be."""
    wanted = _automation(watch)
    found = _found(api, watch)
    if found:
        api.ask("PUT", f"/automations/{found[0]['id']}", wanted)
    else:
        api.ask("POST", "/automations/", wanted)


def is_kept(api: Api, watch: Watch) -> bool:
    """Whether the server keeps the watch, after what and for as long as it should."""
    wanted = (True, set(watch.after), watch.within_s)
    told = ((each["enabled"], set(each["trigger"]["after"]), each["trigger"]["within"]) for each in _found(api, watch))
    return wanted in told


def _automation(watch: Watch) -> dict[str, Any]:
    return {
        "name": watch.name,
        "description": "Calls a run crashed that fell silent, so that its job can begin again.",
        "trigger": {
            "type": "event",
            "posture": "Proactive",
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "for_each": ["prefect.resource.id"],
            "after": [*watch.after],
            "expect": [*watch.signs, *_ENDS],
            "threshold": 1,
            "within": watch.within_s,
        },
        "actions": [
            {
                "type": "change-flow-run-state",
                "state": "CRASHED",
                "message": f"nothing was heard of this run for {watch.within_s} s: its machine is taken for gone.",
            }
        ],
    }


def _found(api: Api, watch: Watch) -> Sequence[dict[str, Any]]:
    return api.ask("POST", "/automations/filter", {"automations": {"name": {"any_": [watch.name]}}}) or []
