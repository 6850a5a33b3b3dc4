import asyncio
import logging
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from standardwebhooks import Webhook
from tests.jobs.ledger.worlds import World
from tests.jobs.webhooks.receivers import Receiver, hang, redirect_to

from clipmill.errors import StorageUnavailableError
from clipmill.jobs.ledger.backoff import DELIVERY_PAUSES_S
from clipmill.jobs.ledger.kinds import DeliveryState
from clipmill.jobs.ledger.outbox import CLAIMED_FOR, Delivery, Outbox
from clipmill.jobs.webhooks import lanes
from clipmill.jobs.webhooks import sender as sending
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.post import Letter, Post
from clipmill.jobs.webhooks.sender import Sender
from clipmill.jobs.webhooks.signing import new_secret

OWN = new_secret()
WIDE = Policy(http=True, private=True, secrets=(OWN,))


@pytest.fixture(autouse=True)
def looks_often(monkeypatch):
    monkeypatch.setattr(sending, "LOOKS_EVERY_S", 0.02)


@contextmanager
def sender(outbox, policy=WIDE, **options):
    running = Sender(outbox, Post(policy), **options)
    running.start()
    try:
        yield running
    finally:
        running.stop(0)


def settled(there: World, *states: DeliveryState):
    """The only delivery, once it is in one of these states and no try is under way."""
    return until(
        lambda: next((each for each in there.ledger.webhooks.deliveries("team") if each.state in states), None)
    )


def until(look):
    for _ in range(2000):
        if (found := look()) is not None:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come to pass")


def tried(there: World):
    return there.ledger.webhooks.deliveries("team")


def waits(there: World, tries: int):
    """True once so many tries have been answered; a try under way is due again exactly when its claim runs out."""
    [tried] = there.ledger.webhooks.deliveries("team")
    return True if tried.tries == tries and tried.next_at != there.now + CLAIMED_FOR else None


class Counting(Post):
    """Sends nothing, and counts how many letters are under way."""

    def __init__(self) -> None:
        super().__init__(Policy())
        self.now, self.most, self.sent = 0, 0, []
        self.within: set[float] = set()

    async def send(self, target, letter: Letter, within_s: float) -> int:
        self.now += 1
        self.most = max(self.most, self.now)
        self.within.add(within_s)
        await asyncio.sleep(0.05)
        self.now -= 1
        self.sent.append(letter)
        return 204


def test_the_end_of_a_job_reaches_an_endpoint_that_verifies_it_with_the_official_library(there):
    secret = new_secret()
    with Receiver() as receiver, sender(there.ledger.outbox):
        there.ledger.webhooks.add("team", receiver.url, [secret])
        job = there.succeeded()
        got = receiver.next()
        assert settled(there, DeliveryState.DELIVERED).last_status == 204
    message = Webhook(secret).verify(got.body, dict(got.headers))
    assert message["type"] == "job.succeeded"
    assert message["data"] == {"id": job.id, "function": "echo", "state": "succeeded"}


def test_while_secrets_rotate_the_receiver_may_use_either(there):
    new, old = new_secret(), new_secret()
    with Receiver() as receiver, sender(there.ledger.outbox):
        there.ledger.webhooks.add("team", receiver.url, [new, old])
        there.succeeded()
        got = receiver.next()
    for secret in (new, old):
        Webhook(secret).verify(got.body, dict(got.headers))


def test_the_address_of_a_single_job_is_signed_with_the_secret_of_the_deployment(there):
    with Receiver() as receiver, sender(there.ledger.outbox):
        there.succeeded(webhook=receiver.url)
        got = receiver.next()
    Webhook(OWN).verify(got.body, dict(got.headers))


def test_a_message_that_fails_is_sent_again_by_schedule_under_the_same_id(there):
    with Receiver(500, 503, 204) as receiver, sender(there.ledger.outbox):
        there.succeeded(webhook=receiver.url)
        ids = [receiver.next().headers["webhook-id"]]
        for tries, pause_s in enumerate(DELIVERY_PAUSES_S[:2], start=1):
            until(lambda tries=tries: waits(there, tries))
            there.wait(pause_s - 0.001)
            assert there.ledger.outbox.claim() == []
            there.wait(0.001)
            ids.append(receiver.next().headers["webhook-id"])
        assert settled(there, DeliveryState.DELIVERED).tries == 3
    assert len(set(ids)) == 1


def test_a_redirect_is_a_failure_and_leads_nowhere(there):
    with Receiver() as inner, Receiver(redirect_to(inner.url)) as outer, sender(there.ledger.outbox):
        there.succeeded(webhook=outer.url)
        outer.next()
        until(lambda: waits(there, 1))
        assert inner.connections == 0
    [tried] = there.ledger.webhooks.deliveries("team")
    assert (tried.state, tried.last_status) == (DeliveryState.WAITING, 307)
    assert "redirects are not followed" in (tried.last_error or "")


def test_an_endpoint_that_is_gone_is_disabled_with_all_that_waits_for_it(there):
    with Receiver(410) as receiver:
        endpoint = there.ledger.webhooks.add("team", receiver.url, [new_secret()])
        for _ in range(3):
            there.succeeded()
        with sender(there.ledger.outbox, at_once=1):
            until(lambda: True if {each.state for each in tried(there)} == {DeliveryState.DEAD} else None)
    assert receiver.connections == 1
    assert [each.enabled for each in there.ledger.webhooks.all("team") if each.id == endpoint.id] == [False]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "[::ffff:127.0.0.1]"])
def test_a_closed_address_is_never_connected_to_and_tried_again_by_schedule(there, host):
    with Receiver() as receiver, sender(there.ledger.outbox, Policy(http=True)):
        there.succeeded(webhook=f"http://{host}:{receiver.port}/in")
        until(lambda: waits(there, 1))
        assert receiver.connections == 0
    [delivery] = tried(there)
    assert "invalid_request: webhook address" in (delivery.last_error or "")


class Severed(Outbox):
    """An outbox whose first acknowledgement never reaches the ledger."""

    def __init__(self, outbox: Outbox) -> None:
        self.__dict__ = dict(vars(outbox))
        self.lost = threading.Event()

    def ack(self, delivery: Delivery, status: int) -> None:
        if not self.lost.is_set():
            self.lost.set()
            raise StorageUnavailableError("the ledger does not answer")
        super().ack(delivery, status)


def test_a_message_that_was_sent_but_not_acknowledged_is_sent_again_with_its_id(there):
    outbox = Severed(there.ledger.outbox)
    with Receiver() as receiver, sender(outbox):
        there.succeeded(webhook=receiver.url)
        first = receiver.next()
        assert outbox.lost.wait(20)
        there.wait(CLAIMED_FOR.total_seconds())
        second = receiver.next()
        settled(there, DeliveryState.DELIVERED)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_message_of_a_sender_that_died_while_sending_comes_from_the_next_one_with_its_id(there):
    with Receiver(hang, 204) as receiver:
        there.succeeded(webhook=receiver.url)
        with sender(there.ledger.outbox):
            first = receiver.next()
        there.wait(CLAIMED_FOR.total_seconds())
        with sender(there.ledger.outbox):
            second = receiver.next()
            settled(there, DeliveryState.DELIVERED)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_an_address_that_hangs_holds_up_no_other_one(there):
    with Receiver(hang) as slow, Receiver() as quick, sender(there.ledger.outbox):
        there.succeeded(webhook=slow.url)
        slow.next()
        there.succeeded(webhook=quick.url)
        quick.next()


def test_no_more_than_the_bounded_number_of_messages_are_under_way(there):
    for _ in range(5):
        there.succeeded(webhook="https://hooks.example.com")
    post = Counting()
    running = Sender(there.ledger.outbox, post, at_once=2)
    running.start()
    until(lambda: True if len(post.sent) == 5 else None)
    running.stop()
    assert post.most == 2


def test_a_message_has_fifteen_seconds_in_all(there):
    there.succeeded(webhook="https://hooks.example.com")
    post = Counting()
    running = Sender(there.ledger.outbox, post)
    running.start()
    until(lambda: True if post.sent else None)
    running.stop()
    assert post.within == {15.0}


def test_stopping_lets_what_is_under_way_come_to_its_end(there):
    with Receiver(204) as receiver:
        there.succeeded(webhook=receiver.url)
        running = Sender(there.ledger.outbox, Post(WIDE))
        running.start()
        receiver.next()
        running.stop()
    assert [each.state for each in tried(there)] == [DeliveryState.DELIVERED]


def test_being_woken_makes_it_look_at_once(there, monkeypatch):
    monkeypatch.setattr(sending, "LOOKS_EVERY_S", 3600)
    with Receiver() as receiver, sender(there.ledger.outbox) as running:
        until(lambda: True if running._events is not None else None)
        there.succeeded(webhook=receiver.url)
        until(lambda: running.wake() or (True if receiver.connections else None))


class Flaky(Outbox):
    """An outbox that cannot be reached at first."""

    def __init__(self, outbox: Outbox, *faults: Exception) -> None:
        self.__dict__ = dict(vars(outbox))
        self.faults = list(faults)

    def claim(self, limit: int = 10) -> list[Delivery]:
        if self.faults:
            raise self.faults.pop()
        return super().claim(limit)


def test_a_ledger_that_does_not_answer_for_a_while_does_not_end_the_sender(there):
    outbox = Flaky(there.ledger.outbox, StorageUnavailableError("the ledger does not answer"), RuntimeError("a bug"))
    with Receiver() as receiver, sender(outbox):
        there.succeeded(webhook=receiver.url)
        receiver.next()
    assert outbox.faults == []


DIES = """
import sys
from datetime import datetime
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.database import open_engine
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.post import Post
from clipmill.jobs.webhooks.sender import Sender
ledger = Ledger(open_engine(sys.argv[1]), lambda: datetime.fromisoformat(sys.argv[2]))
sender = Sender(ledger.outbox, Post(Policy(http=True, private=True)))
sender.start()
sender._thread.join()
"""


def test_a_message_taken_by_a_process_that_is_killed_before_the_answer_comes_again_with_its_id(there):
    with Receiver(hang, 204) as receiver:
        there.succeeded(webhook=receiver.url)
        command = [sys.executable, "-c", DIES, there.engine.url.render_as_string(), there.now.isoformat()]
        with subprocess.Popen(command) as dying:
            first = receiver.next()
            dying.kill()
        there.wait(CLAIMED_FOR.total_seconds())
        with sender(there.ledger.outbox):
            second = receiver.next()
            settled(there, DeliveryState.DELIVERED)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_message_for_an_endpoint_that_was_removed_meanwhile_is_not_sent(there):
    with Receiver() as receiver:
        endpoint = there.ledger.webhooks.add("team", receiver.url, [new_secret()])
        there.succeeded()
        there.ledger.webhooks.change("team", endpoint.id, secrets=[])
        with sender(there.ledger.outbox):
            settled(there, DeliveryState.DEAD)
    assert receiver.connections == 0


def test_a_fault_of_ours_costs_one_try_and_not_the_sender(there, monkeypatch):
    def broken(*_: object):
        raise KeyError("a bug")

    with Receiver() as receiver, sender(there.ledger.outbox):
        with monkeypatch.context() as patch:
            patch.setattr(lanes, "signed", broken)
            there.succeeded(webhook=receiver.url)
            until(lambda: waits(there, 1))
        there.wait(DELIVERY_PAUSES_S[0])
        receiver.next()


def test_no_secret_reaches_a_log_or_a_row(there, caplog):
    caplog.set_level(logging.DEBUG)
    bad = "whsec_CANARY"
    with Receiver(500) as receiver, sender(there.ledger.outbox):
        there.ledger.webhooks.add("team", receiver.url, [bad])
        there.succeeded(webhook=f"http://user:CANARY@127.0.0.1:{receiver.port}/in?key=CANARY")
        until(lambda: True if len([each for each in tried(there) if each.last_error]) == 2 else None)
    assert "CANARY" not in caplog.text
    assert "CANARY" not in str([(each.last_error, each.message_id, each.kind) for each in tried(there)])
    assert OWN not in repr(WIDE)
