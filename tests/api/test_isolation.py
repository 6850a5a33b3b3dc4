"""Every route that takes something of a tenant, found in the OpenAPI document, asked by another tenant."""

from typing import Any

import pytest
from tests.api.callers import Caller
from tests.api.worlds import Worker, World

from clipmill.api.app import routes_only
from clipmill.storage.uploads import MIB, Uploads

PUBLIC = {"name", "state", "function", "cursor", "limit", "since", "until", "prefer", "idempotency-key", "Last-Event-ID"} | {
    "after", "number", "t", "crop", "size", "format", "kind",
}  # fmt: skip
"""Parameters that name nothing of anybody."""
UNKNOWN = {
    "job_id": "job_01M7YVE95EBZJRTMNXZ8B14MF7",
    "jobs": "job_01M7YVE95EBZJRTMNXZ8B14MF7",
    "endpoint_id": f"ep_{0:032x}",
    "delivery_id": f"del_{0:032x}",
    "upload_id": f"upl_{0:032x}",
    "key": "raw/nothing.mp4",
}
BODIES = {("PUT", "/v1/webhooks/endpoints/{endpoint_id}"): {"kinds": [], "enabled": False}}
ROUTES = [
    (method.upper(), path, [parameter["name"] for parameter in told.get("parameters", [])])
    for path, methods in routes_only().openapi()["paths"].items()
    for method, told in methods.items()
]
OWN_PLACE = {("PUT", "/v1/objects/{key}"), ("HEAD", "/v1/objects/{key}")}
"""Writes where only the caller reads, and an answer without a body; both are tested with the objects."""
OWNED = [
    (method, path, set(names) - PUBLIC)
    for method, path, names in ROUTES
    if set(names) - PUBLIC and (method, path) not in OWN_PLACE
]


def asked(caller: Caller, method: str, path: str, names: set[str], values: dict[str, str]) -> tuple[int, Any]:
    query = {name: values[name] for name in names if "{" + name + "}" not in path}
    told = caller.request(
        method, path.format(**{"number": "1", **values}), params=query, json=BODIES.get((method, path))
    )
    return told.status_code, {**told.json(), "request_id": ""}


@pytest.mark.parametrize(("method", "path", "names"), OWNED)
def test_what_belongs_to_another_tenant_is_not_there(there: World, calling, method: str, path: str, names: set[str]):
    job = there.submit("owner")
    Worker(there.ledger).succeed(output_key="out.mp4")
    caller = calling(there)
    caller.headers = there.headers("stranger")
    endpoint = there.ledger.webhooks.add("owner", "https://hooks.example.com", ["whsec_"])
    there.ledger.webhooks.ping("owner", endpoint.id)
    [delivery] = there.ledger.webhooks.deliveries("owner")
    store = there.service.store
    store.put_bytes("owner/raw/film.mp4", b"bytes")
    announced = {"key": "raw/b.mp4", "size": 1, "content_type": "video/mp4", "part_bytes": 5 * MIB}
    upload = Uploads(store).begin("owner", announced)
    owned = {"job_id": job.id, "jobs": job.id, "endpoint_id": endpoint.id, "delivery_id": delivery.id}
    owned |= {"upload_id": upload.id, "key": "raw/film.mp4"}
    status, problem = asked(caller, method, path, names, owned)
    assert (status, problem["code"]) == (404, "source_missing" if names == {"key"} else "not_found")
    unknown = asked(caller, method, path, names, UNKNOWN)
    told = str(problem)
    for name, value in owned.items():
        told = told.replace(value, UNKNOWN[name])
    assert (status, told) == (unknown[0], str(unknown[1]))


@pytest.mark.parametrize(("method", "path", "_names"), [route for route in ROUTES if route[1].startswith("/v1")])
def test_every_route_wants_a_key(there: World, calling, method: str, path: str, _names: list[str]):
    there.key()
    told = calling(there).request(method, path.format(**UNKNOWN, name="echo", number="1", kind="framing"))
    assert told.status_code == 401


def test_lists_and_sums_tell_of_the_callers_tenant_only(there: World, calling):
    there.submit("owner")
    caller = calling(there)
    caller.headers = there.headers("stranger")
    assert caller.get("/v1/jobs").json()["jobs"] == []
    assert caller.get("/v1/usage").json()["jobs"] == 0


def test_a_cursor_of_another_tenant_shows_nothing_of_it(there: World, calling):
    owned = [there.submit("owner").id for _ in range(3)]
    caller = calling(there)
    cursor = caller.get("/v1/jobs?limit=1", headers=there.headers("owner")).json()["cursor"]
    page = caller.get(f"/v1/jobs?cursor={cursor}", headers=there.headers("stranger")).json()
    assert page["jobs"] == []
    assert owned


def test_an_idempotency_key_is_its_tenants(there: World, calling):
    caller = calling(there)
    sent = [
        caller.post("/v1/jobs", json={"function": "echo", "request": {"text": tenant}},
                    headers={**there.headers(tenant), "Idempotency-Key": "same"})
        for tenant in ("one", "two")
    ]  # fmt: skip
    assert [each.status_code for each in sent] == [202, 202]
