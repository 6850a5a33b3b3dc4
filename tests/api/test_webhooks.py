import pytest
from standardwebhooks import Webhook
from tests.api.callers import Caller
from tests.api.worlds import Worker, World
from tests.jobs.webhooks.receivers import Receiver

from clipmill.api.options import ApiOptions
from clipmill.api.webhook_shapes import MessageKind
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.states import State
from clipmill.jobs.webhooks.endpoints import MOST_ENDPOINTS
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.post import Post
from clipmill.jobs.webhooks.sender import Sender

HOOK = "https://hooks.example.com/in"
ENDPOINTS = "/v1/webhooks/endpoints"
WIDE = Policy(http=True, private=True)


def made(client: Caller, **body):
    answer = client.post(ENDPOINTS, json={"address": HOOK} | body)
    assert answer.status_code == 201
    return answer.json()


def at(endpoint, deed=""):
    return f"{ENDPOINTS}/{endpoint['id']}{deed}"


def deliveries(client: Caller):
    return client.get("/v1/webhooks/deliveries").json()["deliveries"]


def test_a_new_endpoint_shows_its_secret_once(client: Caller):
    endpoint = made(client, kinds=["job.failed"])
    assert endpoint["secret"].startswith("whsec_")
    shown = client.get(at(endpoint))
    assert shown.json() == {name: value for name, value in endpoint.items() if name != "secret"}
    listed = client.get(ENDPOINTS)
    assert listed.json() == {"endpoints": [shown.json()]}
    assert endpoint["secret"] not in shown.text + listed.text


def test_a_new_endpoint_is_found_where_the_answer_says(client: Caller):
    answer = client.post(ENDPOINTS, json={"address": HOOK})
    assert client.get(answer.headers["location"]).json()["id"] == answer.json()["id"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.com",
        "https://127.0.0.1/in",
        "https://2130706433/in",
        "https://[::ffff:169.254.169.254]/",
        "https://user:CANARY@hooks.example.com",
        "https://hooks.example.com/in?key=CANARY",
        "ftp://hooks.example.com",
        "hooks",
    ],
)
def test_an_address_that_is_not_allowed_is_refused_and_told_where_it_stands(client: Caller, address: str):
    answer = client.post(ENDPOINTS, json={"address": address})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/address"]
    assert "CANARY" not in answer.text
    assert client.get(ENDPOINTS).json() == {"endpoints": []}


@pytest.mark.parametrize(
    "body",
    [{}, {"address": 1}, {"address": HOOK, "kinds": ["job.paused"]}, {"address": HOOK, "secret": "whsec_mine"}],
)
def test_a_body_of_another_form_is_refused(client: Caller, body):
    assert client.post(ENDPOINTS, json=body).status_code == 422


def test_endpoints_are_bounded(client: Caller):
    for _ in range(MOST_ENDPOINTS):
        made(client)
    answer = client.post(ENDPOINTS, json={"address": HOOK})
    assert (answer.status_code, answer.json()["code"]) == (413, "limit_exceeded")


def test_the_kinds_of_messages_are_the_ends_of_jobs():
    assert {kind.value for kind in MessageKind} == {f"job.{state.value}" for state in State if state.terminal}


def test_an_endpoint_chooses_its_messages_anew(there: World, client: Caller):
    endpoint = made(client)
    changed = client.request("PUT", at(endpoint), json={"kinds": ["job.failed"], "enabled": True})
    assert changed.json()["kinds"] == ["job.failed"]
    there.submit()
    Worker(there.ledger).succeed()
    assert deliveries(client) == []


def test_a_disabled_endpoint_gets_nothing_until_it_is_enabled(there: World, client: Caller):
    endpoint = made(client)
    for enabled, expected in ((False, 0), (True, 1)):
        changed = client.request("PUT", at(endpoint), json={"kinds": [], "enabled": enabled})
        assert changed.json()["enabled"] is enabled
        there.submit()
        Worker(there.ledger).succeed()
        assert len(deliveries(client)) == expected


def test_a_deleted_endpoint_is_gone_with_its_secrets_and_gets_nothing(there: World, client: Caller):
    endpoint = made(client)
    assert client.request("DELETE", at(endpoint)).status_code == 204
    assert client.get(at(endpoint)).status_code == 404
    assert client.get(ENDPOINTS).json() == {"endpoints": []}
    assert [list(each.secrets) for each in there.ledger.webhooks.all("team")] == [[]]
    there.submit()
    Worker(there.ledger).succeed()
    assert deliveries(client) == []


@pytest.mark.parametrize("deed", [":rotate", ":retire", ":ping"])
def test_nothing_is_done_to_a_deleted_endpoint(client: Caller, deed: str):
    endpoint = made(client)
    client.request("DELETE", at(endpoint))
    assert client.post(at(endpoint, deed)).status_code == 404
    assert client.request("DELETE", at(endpoint)).status_code == 404
    assert client.request("PUT", at(endpoint), json={"kinds": [], "enabled": True}).status_code == 404


def test_the_old_secret_signs_beside_the_new_one_until_it_is_retired(there: World, client: Caller):
    endpoint = made(client)
    rotated = client.post(at(endpoint, ":rotate")).json()
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["secrets"] == 2
    [known] = there.ledger.webhooks.all("team")
    assert list(known.secrets) == [rotated["secret"], endpoint["secret"]]
    assert client.post(at(endpoint, ":retire")).json()["secrets"] == 1
    [known] = there.ledger.webhooks.all("team")
    assert list(known.secrets) == [rotated["secret"]]


def test_a_second_rotation_leaves_two_secrets(client: Caller):
    endpoint = made(client)
    assert [client.post(at(endpoint, ":rotate")).json()["secrets"] for _ in range(3)] == [2, 2, 2]


def test_a_ping_arrives_signed_with_the_secret_that_was_shown(make_world, calling):
    world = make_world(options=ApiOptions(webhooks=WIDE))
    client = calling(world)
    client.headers = world.headers()
    sender = Sender(world.ledger.outbox, Post(WIDE))
    with Receiver() as receiver:
        endpoint = made(client, address=receiver.url)
        pinged = client.post(at(endpoint, ":ping"))
        sender.start()
        got = receiver.next()
        sender.stop()
    assert pinged.status_code == 202
    message = Webhook(endpoint["secret"]).verify(got.body, dict(got.headers))
    assert (message["type"], message["data"]) == ("ping", {"endpoint": endpoint["id"]})
    [delivery] = deliveries(client)
    assert delivery["message_id"] == pinged.json()["message_id"] == got.headers["webhook-id"]
    assert (delivery["state"], delivery["last_status"], delivery["next_at"]) == ("delivered", 204, None)


def test_a_delivery_tells_what_became_of_it_and_is_replayed_under_its_id(there: World, client: Caller):
    endpoint = made(client)
    job = there.submit()
    Worker(there.ledger).succeed()
    [claimed] = there.ledger.outbox.claim()
    there.ledger.outbox.gone(claimed)
    [delivery] = deliveries(client)
    assert (delivery["state"], delivery["job_id"], delivery["endpoint_id"]) == ("dead", job.id, endpoint["id"])
    assert client.post(f"/v1/webhooks/deliveries/{delivery['id']}:replay").status_code == 204
    [again] = there.ledger.outbox.claim()
    assert (again.message_id, again.tries) == (claimed.message_id, 1)
    assert deliveries(client)[0]["state"] == DeliveryState.WAITING


def test_deliveries_are_told_as_many_as_wanted(there: World, client: Caller):
    made(client)
    for _ in range(3):
        there.submit()
        Worker(there.ledger).succeed()
    assert len(client.get("/v1/webhooks/deliveries?limit=2").json()["deliveries"]) == 2
    assert client.get("/v1/webhooks/deliveries?limit=0").status_code == 422


def test_what_belongs_to_another_tenant_is_not_there(there: World, client: Caller, calling):
    endpoint = made(client)
    client.post(at(endpoint, ":ping"))
    [delivery] = deliveries(client)
    stranger = calling(there)
    stranger.headers = there.headers("stranger")
    change = {"json": {"kinds": [], "enabled": False}}
    asked = [
        stranger.get(at(endpoint)),
        stranger.request("PUT", at(endpoint), **change),
        stranger.request("DELETE", at(endpoint)),
        *(stranger.post(at(endpoint, deed)) for deed in (":rotate", ":retire", ":ping")),
        stranger.post(f"/v1/webhooks/deliveries/{delivery['id']}:replay"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in asked} == {(404, "not_found")}
    assert stranger.get(ENDPOINTS).json() == {"endpoints": []}
    assert deliveries(stranger) == []
    assert client.get(at(endpoint)).json()["enabled"] is True


@pytest.mark.parametrize("name", ["ep_1", "ep_" + "0" * 32, "x", "ep_" + "0" * 31 + "%00"])
def test_an_id_that_stands_for_nothing_is_not_found(client: Caller, name: str):
    assert client.get(f"{ENDPOINTS}/{name}").status_code == 404
    assert client.post(f"/v1/webhooks/deliveries/{name}:replay").status_code == 404


def test_webhooks_need_their_own_scope(there: World, calling):
    caller = calling(there)
    caller.headers = there.headers("team", "jobs:read", "jobs:write")
    assert caller.get(ENDPOINTS).status_code == 403
    assert caller.post(ENDPOINTS, json={"address": HOOK}).status_code == 403
