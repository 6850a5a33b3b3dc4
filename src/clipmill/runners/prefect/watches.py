"""The server's watch over runs that fall silent: such a run is called crashed, so that its place is free at once.

Convention: whole seconds from an event to the next one that is expected. An event bears the time of the machine that
tells it, so the clocks of machines may differ by half of `SILENT_S` at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clipmill.runners.prefect.api import Api

HEARTBEAT = "prefect.flow-run.heartbeat"
_BEGUN = "prefect.flow-run.Pending"
_ENDS = tuple(f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled", "Scheduled"))


@dataclass(frozen=True)
class Watch:
    """An automation: ``within_s`` after an event of the name ``after``, a run has to have told a sign of life or its end.

    Prefect allows no less than 10 s.
    """

    name: str
    after: str
    within_s: int


SILENT_S = 40
UNBEGUN_S = 75
WATCHES = (
    Watch("clipmill: runs whose machine is gone", HEARTBEAT, SILENT_S),
    # Prefect's own worker starts a process first: six seconds of processor time, more on a busy machine.
    Watch("clipmill: runs that nobody began", _BEGUN, UNBEGUN_S),
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
    """Whether the server keeps the watch, as long as it should."""
    return any(each["enabled"] and each["trigger"]["within"] == watch.within_s for each in _found(api, watch))


def _automation(watch: Watch) -> dict[str, Any]:
    return {
        "name": watch.name,
        "description": "Calls a run crashed that fell silent, so that its place is free and its job can begin again.",
        "trigger": {
            "type": "event",
            "posture": "Proactive",
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "for_each": ["prefect.resource.id"],
            "after": [watch.after],
            "expect": [HEARTBEAT, *_ENDS],
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
