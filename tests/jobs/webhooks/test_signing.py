import base64
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from clipmill.errors import InvalidRequestError
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.signing import key_of, new_secret, signed

BODY = b'{"type":"job.succeeded","data":{"id":"job_1"}}'


def test_the_official_library_verifies_a_signed_message():
    secret = new_secret()
    headers = signed("msg_1", int(time.time()), BODY, [secret])
    assert Webhook(secret).verify(BODY, headers)["data"] == {"id": "job_1"}


def test_during_rotation_the_old_and_the_new_secret_verify_the_same_message():
    new, old = new_secret(), new_secret()
    headers = signed("msg_1", int(time.time()), BODY, [new, old])
    for secret in (new, old):
        Webhook(secret).verify(BODY, headers)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body", "secret"])
def test_the_official_library_refuses_a_message_that_was_changed(changed):
    secret = new_secret()
    headers, body = signed("msg_1", int(time.time()), BODY, [secret]), BODY
    if changed == "body":
        body = BODY.replace(b"job_1", b"job_2")
    elif changed == "secret":
        secret = new_secret()
    else:
        headers[changed] = headers[changed][:-1] + "9"
        headers[changed] = headers[changed] if changed == "webhook-id" else str(int(time.time()) - 60)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def test_the_signature_is_the_one_that_the_official_library_makes():
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    at_s = 1_700_000_000
    headers = signed("msg_1", at_s, BODY, [secret])
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": Webhook(secret).sign("msg_1", datetime.fromtimestamp(at_s, UTC), BODY.decode()),
    }


def test_a_message_without_any_secret_has_no_signature():
    assert signed("msg_1", 1, BODY, []).keys() == {"webhook-id", "webhook-timestamp"}


def test_no_two_secrets_are_the_same_and_each_has_256_bits():
    assert new_secret() != new_secret()
    assert len(key_of(new_secret())) == 32


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_CANARY", "CANARY" * 8, "whsec_" + "CANARY!!" * 8])
def test_a_secret_of_another_form_is_refused_without_being_shown(secret):
    with pytest.raises(InvalidRequestError) as caught:
        signed("msg_1", 1, BODY, [secret])
    assert "CANARY" not in str(caught.value)


def test_a_deployment_learns_of_a_bad_secret_before_anything_is_sent():
    with pytest.raises(InvalidRequestError, match="a webhook secret is"):
        Policy(secrets=("CANARY",))


@given(st.binary(min_size=24, max_size=64), st.text(min_size=1, max_size=40))
def test_any_key_of_the_right_size_signs_any_text(key, text):
    secret = "whsec_" + base64.b64encode(key).decode()
    body = text.encode("utf-8", "replace")
    Webhook(secret).verify(body, signed("msg_1", int(time.time()), body, [secret]), json_parse=False)
