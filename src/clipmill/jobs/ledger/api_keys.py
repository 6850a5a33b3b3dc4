"""API keys as values: what they look like, how they are kept, and what opens with one.

A key is ``cm_``, 12 hexadecimal digits that name it, 40 that are secret (160 random bits), and 8 of a checksum by
which a mistyped or leaked key can be told without asking anybody. Only a digest of it is kept.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

_KEY = re.compile(r"cm_([0-9a-f]{12})[0-9a-f]{40}([0-9a-f]{8})")


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key; nobody can open anything with it. ``id`` is the part of the key that names it."""

    id: str
    tenant: str
    name: str
    digest: str = field(repr=False)
    scopes: Sequence[str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def opens(self, scope: str) -> bool:
        """Whether the key is good for this."""
        return scope in self.scopes

    def is_good(self, text: str, now: datetime) -> bool:
        """Whether the text is this very key, neither revoked nor expired; it takes as long for any other text."""
        same = hmac.compare_digest(digest_of(text), self.digest)
        over = self.expires_at is not None and self.expires_at <= now
        return same and not over and self.revoked_at is None


def mint() -> str:
    """A new key, to be shown once."""
    body = secrets.token_hex(26)
    return f"cm_{body}{_checksum(body)}"


def name_in(text: str) -> str | None:
    """The id of the key that the text is, None if it cannot be one.

    >>> name_in("cm_" + "0" * 60) is None
    True
    """
    form = _KEY.fullmatch(text)
    if form is None or not hmac.compare_digest(_checksum(text[3:-8]), form[2]):
        return None
    return form[1]


def digest_of(text: str) -> str:
    """What is kept of a key. It is random and long, so no slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
