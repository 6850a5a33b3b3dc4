from datetime import timedelta

import pytest
from tests.jobs.ledger.worlds import World

from clipmill.errors import NotFoundError
from clipmill.jobs.ledger.backoff import DELIVERY_PAUSES_S
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.outbox import CLAIMED_FOR, Delivery

HOOK = "https://hook.example/in?key=0a1b"


def claimed(there: World) -> Delivery:
    [delivery] = there.ledger.outbox.claim()
    return delivery


def state(there: World) -> DeliveryState:
    [tried] = there.ledger.webhooks.deliveries("team")
    return tried.state


def test_the_end_of_a_job_goes_to_its_own_address_and_to_every_endpoint_of_its_tenant(there: World):
    there.ledger.webhooks.add("other", "https://other.example", ["whsec_1"])
    endpoint = there.ledger.webhooks.add("team", "https://team.example", ["whsec_2", "whsec_3"])
    job = there.succeeded(webhook=HOOK)
    found = {delivery.address: delivery for delivery in there.ledger.outbox.claim()}
    assert found.keys() == {HOOK, "https://team.example"}
    assert found[HOOK].secrets == ()
    assert found[endpoint.address].secrets == ["whsec_2", "whsec_3"]
    assert {delivery.message_id for delivery in found.values()} == {found[HOOK].message_id}
    assert found[HOOK].payload == {
        "type": "job.succeeded",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "data": {"id": job.id, "function": "echo", "state": "succeeded"},
    }


def test_one_address_gets_one_delivery_of_a_message_however_often_it_was_named(there: World):
    for _ in range(2):
        there.ledger.webhooks.add("team", HOOK, ["whsec_1"])
    there.succeeded(webhook=HOOK)
    assert claimed(there).secrets == ["whsec_1"]


def test_nothing_is_sent_before_the_end(there: World):
    there.publishing(webhook=HOOK)
    assert there.ledger.outbox.claim() == []


def test_a_claimed_delivery_is_for_one_sender_until_its_claim_runs_out(there: World):
    there.succeeded(webhook=HOOK)
    first = claimed(there)
    assert there.ledger.outbox.claim() == []
    there.wait(CLAIMED_FOR.total_seconds())
    second = claimed(there)
    assert (second.id, second.tries) == (first.id, 2)


def test_a_delivery_that_arrived_is_not_sent_again(there: World):
    there.succeeded(webhook=HOOK)
    there.ledger.outbox.ack(claimed(there), 204)
    there.wait(1e6)
    assert there.ledger.outbox.claim() == []
    assert state(there) is DeliveryState.DELIVERED


def test_a_delivery_that_fails_is_tried_by_schedule_and_then_given_up(there: World):
    there.succeeded(webhook=HOOK)
    for pause_s in DELIVERY_PAUSES_S:
        there.ledger.outbox.nack(claimed(there), "refused", 500)
        there.wait(pause_s - 1)
        assert there.ledger.outbox.claim() == []
        there.wait(1)
    there.ledger.outbox.nack(claimed(there), "refused", 500)
    there.wait(1e7)
    assert there.ledger.outbox.claim() == []
    [tried] = there.ledger.webhooks.deliveries("team")
    assert (tried.state, tried.tries, tried.last_status) == (DeliveryState.DEAD, 10, 500)


def test_a_sender_whose_claim_ran_out_puts_nothing_off_but_may_tell_of_arrival(there: World):
    there.succeeded(webhook=HOOK)
    late = claimed(there)
    there.wait(60)
    claimed(there)
    there.ledger.outbox.nack(late, "refused")
    [tried] = there.ledger.webhooks.deliveries("team")
    assert (tried.last_error, tried.next_at) == (None, there.now + CLAIMED_FOR)
    there.ledger.outbox.ack(late, 200)
    assert state(there) is DeliveryState.DELIVERED


def test_what_is_kept_of_a_failed_try_holds_no_secrets(there: World):
    there.succeeded(webhook=HOOK)
    there.ledger.outbox.nack(claimed(there), f"POST {HOOK} \0 failed")
    [tried] = there.ledger.webhooks.deliveries("team")
    assert tried.last_error == "POST https://hook.example/in?[redacted]  failed"


def test_an_endpoint_that_is_gone_gets_nothing_more(there: World):
    endpoint = there.ledger.webhooks.add("team", HOOK, ["whsec_1"])
    there.succeeded()
    there.succeeded()
    gone, _ = there.ledger.outbox.claim()
    there.ledger.outbox.gone(gone)
    there.succeeded()
    there.wait(1e6)
    assert there.ledger.outbox.claim() == []
    assert [found.enabled for found in there.ledger.webhooks.all("team")] == [False]
    assert there.ledger.webhooks.all("team")[0].id == endpoint.id


def test_the_longest_waiting_deliveries_are_claimed_first_and_no_more_than_asked_for(there: World):
    sent = []
    for _ in range(3):
        sent.append(there.succeeded(webhook=HOOK).id)
        there.wait(1)
    found = there.ledger.outbox.claim(2) + there.ledger.outbox.claim(2)
    assert [delivery.payload["data"]["id"] for delivery in found] == sent


def test_an_endpoint_may_want_some_kinds_only(there: World):
    endpoint = there.ledger.webhooks.add("team", HOOK, ["whsec_1"])
    there.ledger.webhooks.change("team", endpoint.id, kinds=["job.failed"])
    there.succeeded()
    assert there.ledger.outbox.claim() == []
    there.ledger.fail(there.begun(), ValueError("no"))
    assert claimed(there).payload["type"] == "job.failed"


def test_changed_secrets_sign_what_is_sent_from_then_on(there: World):
    endpoint = there.ledger.webhooks.add("team", HOOK, ["whsec_1"])
    there.succeeded()
    changed = there.ledger.webhooks.change("team", endpoint.id, secrets=["whsec_2", "whsec_1"])
    assert (changed.secrets, changed.kinds) == (["whsec_2", "whsec_1"], [])
    assert claimed(there).secrets == ["whsec_2", "whsec_1"]


def test_a_ping_goes_to_its_endpoint_only(there: World):
    there.ledger.webhooks.add("team", "https://elsewhere.example", ["whsec_0"])
    endpoint = there.ledger.webhooks.add("team", HOOK, ["whsec_1"])
    message_id = there.ledger.webhooks.ping("team", endpoint.id)
    delivery = claimed(there)
    assert (delivery.message_id, delivery.address, delivery.payload["type"]) == (message_id, HOOK, "ping")


def test_a_replayed_delivery_is_the_same_message_again(there: World):
    there.succeeded(webhook=HOOK)
    first = claimed(there)
    there.ledger.outbox.ack(first, 200)
    there.ledger.webhooks.replay("team", first.id)
    assert claimed(there) == first


def test_deliveries_are_told_newest_first(there: World):
    old = there.succeeded(webhook=HOOK)
    there.now += timedelta(seconds=1)
    new = there.succeeded(webhook=HOOK)
    assert [tried.job_id for tried in there.ledger.webhooks.deliveries("team")] == [new.id, old.id]


def test_another_tenant_finds_neither_endpoints_nor_deliveries(there: World):
    endpoint = there.ledger.webhooks.add("team", HOOK, ["whsec_1"])
    there.succeeded()
    delivery = claimed(there)
    book = there.ledger.webhooks
    assert book.all("other") == book.deliveries("other") == []
    for ask in (
        lambda: book.change("other", endpoint.id, secrets=["whsec_mine"]),
        lambda: book.disable("other", endpoint.id),
        lambda: book.ping("other", endpoint.id),
        lambda: book.replay("other", delivery.id),
    ):
        with pytest.raises(NotFoundError):
            ask()
    assert book.all("team") == [endpoint]


def test_an_endpoint_does_not_show_its_secrets(there: World):
    assert "whsec" not in repr(there.ledger.webhooks.add("team", HOOK, ["whsec_1"]))
