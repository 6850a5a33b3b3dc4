"""Callbacks of a job in the ledger, on their way to a server that listens."""

import json
from contextlib import contextmanager

import pytest
from standardwebhooks import Webhook
from tests.jobs.ledger.worlds import GOOD, PASSING, World, frames
from tests.jobs.webhooks.receivers import Receiver

from clipmill.errors import ConflictError, EncoderFailedError
from clipmill.jobs.ledger.callbacks import CALLED_FOR, PROGRESS_EVERY
from clipmill.jobs.webhooks import sender as sending
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.post import Post
from clipmill.jobs.webhooks.sender import Sender
from clipmill.jobs.webhooks.signing import new_secret

OWN = new_secret()


@contextmanager
def sender(there: World):
    running = Sender(there.ledger.outbox, Post(Policy(True, True, (OWN,))), callbacks=there.ledger.callbacks)
    running.start()
    try:
        yield running
    finally:
        running.stop(0)


def told(receiver: Receiver):
    got = receiver.next()
    return got.path, json.loads(got.body)


def test_an_address_is_told_of_a_job_in_order_and_nothing_behind_its_end(there: World, monkeypatch):
    monkeypatch.setattr(sending, "LOOKS_EVERY_S", 0.02)
    with Receiver() as receiver, sender(there):
        lease = there.begun(callback_url=receiver.url)
        there.ledger.report(lease, frames(1, 40))
        assert told(receiver) == ("/in/progress", {"progress": 42, "message": "rendering"})
        there.ledger.begin_publishing(lease)
        there.ledger.commit(lease, GOOD)
        assert told(receiver) == ("/in/complete", {"output_video_key": "out.mp4"})
        there.wait(1000)
    assert receiver.got.empty()


def test_what_is_written_here_is_sent_at_once(there: World, monkeypatch):
    monkeypatch.setattr(sending, "LOOKS_EVERY_S", 3600.0)
    with Receiver() as receiver, sender(there):
        lease = there.begun(callback_url=receiver.url, webhook=f"http://127.0.0.1:{receiver.port}/hook")
        there.ledger.report(lease, frames(1, 40))
        assert told(receiver)[0] == "/in/progress"
        there.ledger.begin_publishing(lease)
        there.ledger.commit(lease, GOOD)
        endings = {receiver.next().path}
        there.ledger.webhooks.ping("team", there.ledger.webhooks.add("team", receiver.url, [OWN]).id)
        endings |= {receiver.next().path, receiver.next().path}
    assert endings == {"/hook", "/in/complete", "/in"}


def test_callbacks_are_signed_where_the_deployment_has_a_secret(there: World):
    with Receiver() as receiver, sender(there):
        there.succeeded(callback_url=receiver.url)
        got = receiver.next()
    assert Webhook(OWN).verify(got.body, dict(got.headers)) == {"output_video_key": "out.mp4"}


def test_a_failure_says_whether_it_may_be_tried_again(there: World):
    with Receiver() as receiver, sender(there):
        there.ledger.fail(there.begun(callback_url=receiver.url, max_attempts=1), PASSING)
        there.ledger.fail(there.begun(callback_url=receiver.url), EncoderFailedError("it died"))
        bodies = [told(receiver), told(receiver)]
    assert {(path, body["should_retry"]) for path, body in bodies} == {("/in/error", True), ("/in/error", False)}


def calls(there: World):
    return there.ledger.callbacks.claim()


def test_newer_progress_takes_the_place_of_what_was_not_told(there: World):
    lease = there.begun(callback_url="https://host/in")
    for seq in range(1, 6):
        there.ledger.report(lease, frames(seq, 10 * seq))
    [call] = calls(there)
    assert call.body["progress"] == 50
    there.ledger.callbacks.settle(call, arrived=True)
    assert calls(there) == []


def test_progress_is_told_once_in_a_second_and_never_tried_again(there: World):
    lease = there.begun(callback_url="https://host/in")
    there.ledger.report(lease, frames(1, 10))
    [first] = calls(there)
    there.ledger.callbacks.settle(first, arrived=False)
    there.wait(PROGRESS_EVERY.total_seconds() - 0.6)
    there.ledger.report(lease, frames(2, 20))
    assert calls(there) == []
    there.wait(0.6)
    assert [call.body["progress"] for call in calls(there)] == [26]


def test_while_one_call_is_under_way_no_other_is_made_for_the_same_job(there: World):
    lease = there.begun(callback_url="https://host/in")
    there.ledger.report(lease, frames(1, 10))
    [first] = calls(there)
    there.ledger.begin_publishing(lease)
    there.ledger.commit(lease, GOOD)
    assert calls(there) == []
    there.ledger.callbacks.settle(first, arrived=True)
    assert [call.step for call in calls(there)] == ["complete"]


def test_the_end_is_tried_three_times_under_one_id(there: World):
    there.succeeded(callback_url="https://host/in")
    ids: list[str] = []
    for pause_s in (3, 6, 1000):
        [call] = calls(there)
        ids.append(call.message_id)
        there.ledger.callbacks.settle(call, arrived=False)
        assert calls(there) == []
        there.wait(pause_s)
    assert (calls(there), len(ids), len(set(ids))) == ([], 3, 1)


def test_what_a_dead_sender_claimed_is_sent_by_the_next_one(there: World):
    there.succeeded(callback_url="https://host/in")
    [lost] = calls(there)
    there.wait(CALLED_FOR.total_seconds())
    [again] = calls(there)
    assert again.message_id == lost.message_id
    there.ledger.callbacks.settle(lost, arrived=False)
    there.ledger.callbacks.settle(again, arrived=True)
    there.wait(1000)
    assert calls(there) == []


def test_a_retried_job_is_told_of_at_the_same_address(there: World):
    failed = there.ledger.fail(there.begun(callback_url="https://host/in"), EncoderFailedError("it died"))
    [call] = calls(there)
    there.ledger.callbacks.settle(call, arrived=True)
    again = there.ledger.retry("team", failed.id)
    there.ledger.report(there.lease(), frames(1, 40))
    assert [(call.job_id, call.address) for call in calls(there)] == [(again.id, "https://host/in")]


@pytest.mark.parametrize("other", ["https://host/other", None])
def test_the_same_job_for_another_address_is_another_job(there: World, other: str | None):
    there.submit(idempotency_key="one", callback_url="https://host/in")
    with pytest.raises(ConflictError):
        there.submit(idempotency_key="one", callback_url=other)
