"""Brings pool, queues, deployments and the watch over dead machines to a Prefect server, and looks them up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clipmill.errors import InvalidRequestError
from clipmill.function.needs import Gpu
from clipmill.runners.deploying import Deployed
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.deployables import FLOWS, NAME, Deployable
from clipmill.settings import PrefectSettings, Settings

HEARTBEAT_S = 30
SILENT_S = 90
"""A run that told neither a heartbeat nor its end for so long is called crashed, which frees its place."""
AUTOMATION = "clipmill: runs whose machine is gone"
_ENDS = ("Completed", "Failed", "Crashed", "Cancelled", "Scheduled")


def deploy(settings: Settings, environment: str | None) -> None:
    """Make what is missing and change what differs; runs under way are left alone."""
    bring(_prefect(settings, environment), FLOWS)


def deployed(settings: Settings, environment: str | None) -> list[Deployed]:
    """Everything that should be there, looked up."""
    prefect = _prefect(settings, environment)
    api = Api(prefect)
    try:
        return list(_rows(api, prefect, FLOWS))
    finally:
        api.close()


def bring(prefect: PrefectSettings, flows: Sequence[Deployable]) -> None:
    """As `deploy`, for any flows."""
    api = Api(prefect)
    try:
        _put(api, "/work_pools/", prefect.pool, {"name": prefect.pool, "type": "process"})
        for gpu in Gpu:
            queue = {"name": gpu.value, "concurrency_limit": prefect.limits.get(gpu)}
            _put(api, f"/work_pools/{prefect.pool}/queues/", gpu.value, queue)
        for each in flows:
            flow = api.ask("POST", "/flows/", {"name": each.flow})
            api.ask("POST", "/deployments/", {"flow_id": flow["id"], **_deployment(prefect, each)})
        _watch(api)
    finally:
        api.close()


def _put(api: Api, place: str, name: str, wanted: Mapping[str, Any]) -> None:
    if api.ask("GET", place + name) is None:
        api.ask("POST", place.removesuffix("/") if place.endswith("queues/") else place, wanted)
    else:
        api.ask("PATCH", place + name, {key: value for key, value in wanted.items() if key not in {"name", "type"}})


def _deployment(prefect: PrefectSettings, each: Deployable) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in each.parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(each.parameters)}
    return {
        "name": NAME,
        "entrypoint": each.entrypoint,
        "work_pool_name": prefect.pool,
        "work_queue_name": each.gpu.value,
        "parameter_openapi_schema": schema,
        "enforce_parameter_schema": True,
        "tags": ["clipmill", f"gpu:{each.gpu}"],
        # What Prefect's own worker starts has no other way to hear of it.
        "job_variables": {"env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_S)}},
    }


def _watch(api: Api) -> None:
    automation = {
        "name": AUTOMATION,
        "description": "Calls a run crashed that fell silent, so that its place is free and its job can begin again.",
        "trigger": {
            "type": "event",
            "posture": "Proactive",
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "for_each": ["prefect.resource.id"],
            "after": ["prefect.flow-run.heartbeat", "prefect.flow-run.Pending"],
            "expect": ["prefect.flow-run.heartbeat", *(f"prefect.flow-run.{name}" for name in _ENDS)],
            "threshold": 1,
            "within": SILENT_S,
        },
        "actions": [
            {
                "type": "change-flow-run-state",
                "state": "CRASHED",
                "message": f"nothing was heard of this run for {SILENT_S} s: its machine is taken for gone.",
            }
        ],
    }
    found = _watches(api)
    if found:
        api.ask("PUT", f"/automations/{found[0]['id']}", automation)
    else:
        api.ask("POST", "/automations/", automation)


def _watches(api: Api) -> list[dict[str, Any]]:
    return api.ask("POST", "/automations/filter", {"automations": {"name": {"any_": [AUTOMATION]}}}) or []


def _rows(api: Api, prefect: PrefectSettings, flows: Sequence[Deployable]) -> Iterator[Deployed]:
    pool = api.ask("GET", f"/work_pools/{prefect.pool}")
    yield Deployed(prefect.pool, "work pool", pool is not None)
    for gpu in Gpu:
        queue = api.ask("GET", f"/work_pools/{prefect.pool}/queues/{gpu}")
        wanted = prefect.limits.get(gpu)
        limit = "any number" if wanted is None else f"{wanted} at a time"
        found = queue is not None and queue["concurrency_limit"] == wanted
        yield Deployed(f"{prefect.pool}/{gpu}", f"queue, {limit}", found)
    for each in flows:
        there = api.ask("GET", f"/deployments/name/{each.flow}/{NAME}")
        found = there is not None and there["entrypoint"] == each.entrypoint
        yield Deployed(f"{each.flow}/{NAME}", f"deployment, queue {each.gpu}", found)
    yield Deployed(AUTOMATION, f"crashed after {SILENT_S} s", any(each["enabled"] for each in _watches(api)))


def _prefect(settings: Settings, environment: str | None) -> PrefectSettings:
    if environment is not None:
        raise InvalidRequestError("a Prefect server has no environments. Leave --env out, or set PREFECT_API_URL.")
    if not settings.prefect.url:
        raise InvalidRequestError("Prefect is not set up. Set PREFECT_API_URL, such as http://host:4200/api.")
    return settings.prefect
