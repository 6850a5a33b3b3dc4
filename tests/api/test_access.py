from datetime import timedelta

import pytest
from tests.api.callers import Caller
from tests.api.worlds import World, body

from clipmill.api.options import ApiOptions
from clipmill.jobs.ledger.moments import now_utc


def statuses(caller: Caller, **headers: str) -> int:
    return caller.get("/v1/jobs", headers=headers).status_code


def test_a_key_is_taken_as_bearer_or_in_its_own_header(there: World, calling):
    key = there.key()
    assert statuses(calling(there), Authorization=f"Bearer {key}") == 200
    assert statuses(calling(there), Authorization=f"bearer {key}") == 200
    assert statuses(calling(there), **{"X-API-Key": key}) == 200
    assert statuses(calling(there), Authorization=f"Bearer {key}", **{"X-API-Key": key}) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer cm_" + "0" * 60},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic abc"},
        {"X-API-Key": "x"},
    ],
)
def test_without_a_good_key_a_call_is_refused(there: World, calling, headers: dict[str, str]):
    there.key()
    told = calling(there).get("/v1/jobs", headers=headers)
    assert (told.status_code, told.json()["code"]) == (401, "unauthorized")
    assert told.headers["www-authenticate"].startswith("Bearer")


def test_two_different_keys_are_none(there: World, calling):
    headers = {"Authorization": f"Bearer {there.key()}", "X-API-Key": there.key()}
    assert statuses(calling(there), **headers) == 401


def test_a_revoked_key_opens_nothing_from_then_on(there: World, calling):
    text, key = there.ledger.keys.issue("team", "old", ["jobs:read"])
    caller = calling(there)
    assert statuses(caller, **{"X-API-Key": text}) == 200
    there.ledger.keys.revoke("team", key.id)
    assert statuses(caller, **{"X-API-Key": text}) == 401


def test_an_expired_key_opens_nothing(there: World, calling):
    text, _ = there.ledger.keys.issue("team", "old", ["jobs:read"], now_utc() - timedelta(seconds=1))
    assert statuses(calling(there), **{"X-API-Key": text}) == 401


@pytest.mark.parametrize(
    ("scope", "call", "status"),
    [
        ("jobs:read", "GET /v1/jobs", 200),
        ("jobs:read", "POST /v1/jobs", 403),
        ("jobs:read", "GET /v1/usage", 403),
        ("jobs:write", "GET /v1/jobs", 403),
        ("jobs:write", "POST /v1/jobs", 202),
        ("usage:read", "GET /v1/usage", 200),
    ],
)
def test_a_key_is_good_for_its_scopes_only(there: World, calling, scope: str, call: str, status: int):
    method, path = call.split()
    more = {"json": body()} if method == "POST" else {}
    assert calling(there).request(method, path, headers=there.headers("team", scope), **more).status_code == status


def test_without_any_key_configured_this_machine_is_the_one_tenant(make_world, calling):
    world = make_world(options=ApiOptions(tenant="me"))
    sent = calling(world).post("/v1/jobs", json=body())
    assert world.ledger.get("me", sent.json()["id"]).tenant == "me"


@pytest.mark.parametrize(
    ("how", "headers"),
    [
        ({"address": "192.0.2.7"}, {}),
        ({"base_url": "http://clipmill.example"}, {}),
        ({}, {"Origin": "https://elsewhere.example"}),
        ({}, {"Origin": "null"}),
    ],
)
def test_without_any_key_configured_nobody_else_is_served(there: World, calling, how: dict, headers: dict[str, str]):
    assert statuses(calling(there, **how), **headers) == 401


def test_pages_of_other_sites_are_let_in_only_where_the_deployment_says_so(make_world, calling):
    asked = {"Origin": "https://editor.example", "Access-Control-Request-Method": "GET"}
    closed = calling(make_world()).request("OPTIONS", "/v1/jobs", headers=asked)
    world = make_world(options=ApiOptions(origins=("https://editor.example",)))
    opened = calling(world).request("OPTIONS", "/v1/jobs", headers=asked)
    assert "access-control-allow-origin" not in closed.headers
    assert opened.headers["access-control-allow-origin"] == "https://editor.example"
    assert calling(world).get("/v1/jobs", headers={"Origin": "https://editor.example"}).status_code == 200
