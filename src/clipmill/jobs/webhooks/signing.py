"""Signatures of messages as Standard Webhooks has them: over ``id.timestamp.body``, one for every secret in use.

Convention: a secret is ``whsec_`` and base64; timestamps are whole seconds since the start of 1970.
Source: https://www.standardwebhooks.com, version 1.
"""

import base64
import binascii
import hashlib
import hmac
import secrets as chance
from collections.abc import Iterable

from clipmill.errors import InvalidRequestError

PREFIX = "whsec_"
_MADE_BYTES = 32
_FEWEST_BYTES = 24
_MOST_BYTES = 64


def new_secret() -> str:
    return PREFIX + base64.b64encode(chance.token_bytes(_MADE_BYTES)).decode()


def signed(message_id: str, at_s: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """The headers of a message; with several secrets any of them verifies it."""
    headers = {"webhook-id": message_id, "webhook-timestamp": str(at_s)}
    content = b".".join([message_id.encode(), str(at_s).encode(), body])
    signatures = [_signature(key_of(secret), content) for secret in secrets]
    return headers | ({"webhook-signature": " ".join(signatures)} if signatures else {})


def key_of(secret: str) -> bytes:
    """The bytes that sign; a secret that is none is an error, which does not show it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not (secret.startswith(PREFIX) and _FEWEST_BYTES <= len(key) <= _MOST_BYTES):
        raise InvalidRequestError(
            f"a webhook secret is {PREFIX!r} and base64 of {_FEWEST_BYTES} to {_MOST_BYTES} bytes. Make one with "
            "`openssl rand -base64 32`."
        )
    return key


def _signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
