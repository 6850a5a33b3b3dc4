"""Brings pool, queues, deployments and the watch over dead machines to a Prefect server, and looks them up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clipmill.errors import InvalidRequestError
from clipmill.function.needs import Gpu
from clipmill.runners.deploying import Deployed
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.deployables import FLOWS, NAME, Deployable
from clipmill.runners.prefect.watches import WATCHES, Watch, is_kept, put
from clipmill.settings import PrefectSettings, Settings

HEARTBEAT_S = 30
"""Prefect's own beat, as often as it allows; what a run tells itself goes another way, and either is a sign of life."""


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


def bring(prefect: PrefectSettings, flows: Sequence[Deployable], watches: Sequence[Watch] = WATCHES) -> None:
    """As `deploy`, for any flows and watches."""
    api = Api(prefect)
    try:
        _put(api, "/work_pools/", prefect.pool, {"name": prefect.pool, "type": "process"})
        for gpu in Gpu:
            queue = {"name": gpu.value, "concurrency_limit": prefect.limits.get(gpu)}
            _put(api, f"/work_pools/{prefect.pool}/queues/", gpu.value, queue)
        for each in flows:
            flow = api.ask("POST", "/flows/", {"name": each.flow})
            api.ask("POST", "/deployments/", {"flow_id": flow["id"], **_deployment(prefect, each)})
        for watch in watches:
            put(api, watch)
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
    for watch in WATCHES:
        yield Deployed(watch.name, f"crashed after {watch.within_s} s", is_kept(api, watch))


def _prefect(settings: Settings, environment: str | None) -> PrefectSettings:
    if environment is not None:
        raise InvalidRequestError("a Prefect server has no environments. Leave --env out, or set PREFECT_API_URL.")
    if not settings.prefect.url:
        raise InvalidRequestError("Prefect is not set up. Set PREFECT_API_URL, such as http://host:4200/api.")
    return settings.prefect
