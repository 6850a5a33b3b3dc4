from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.ledger.worlds import World

from clipmill.errors import NotFoundError
from clipmill.jobs.ledger.api_keys import mint, name_in


def test_an_issued_key_is_verified_with_its_tenant_and_scopes(there: World):
    text, key = there.ledger.keys.issue("team", "laptop", ["jobs:read"])
    assert there.ledger.keys.verify(text) == key
    assert (key.tenant, key.name, key.created_at) == ("team", "laptop", there.now)
    assert key.opens("jobs:read")
    assert not key.opens("jobs:write")


def test_a_key_begins_with_its_sign_and_holds_at_least_128_random_bits():
    keys = {mint() for _ in range(50)}
    assert len({key[15:55] for key in keys}) == 50
    assert all(key.startswith("cm_") and len(key) == 63 for key in keys)


def test_the_key_itself_is_kept_nowhere(there: World):
    text, key = there.ledger.keys.issue("team", "laptop", [])
    assert text[15:55] not in str(there.rows("SELECT * FROM api_keys"))
    assert text[15:55] not in repr(key)


@given(place=st.integers(3, 62), sign=st.sampled_from("0123456789abcdef"))
def test_a_mistyped_key_is_told_by_its_checksum(place: int, sign: str):
    key = "cm_" + "0a" * 26 + "a5f6d4bb"
    key = key[:55] + mint_checksum(key[3:55])
    assert name_in(key) == "0a0a0a0a0a0a"
    wrong = key[:place] + sign + key[place + 1 :]
    assert (name_in(wrong) is None) == (wrong != key)


def mint_checksum(body: str) -> str:
    import zlib

    return f"{zlib.crc32(body.encode()):08x}"


@pytest.mark.parametrize("text", ["", "cm_", "cm_ü", "x" * 63, "cm_" + "0" * 60, "\0"])
def test_what_is_no_key_opens_nothing(there: World, text: str):
    there.ledger.keys.issue("team", "laptop", [])
    assert there.ledger.keys.verify(text) is None


def test_a_key_with_the_name_of_another_opens_nothing(there: World):
    text, key = there.ledger.keys.issue("team", "laptop", [])
    body = text[3:15] + "0" * 40
    assert there.ledger.keys.verify(f"cm_{body}{mint_checksum(body)}") is None
    assert not key.is_good(mint(), there.now)


def test_a_key_ends_at_its_time(there: World):
    text, _ = there.ledger.keys.issue("team", "laptop", [], expires_at=there.now + timedelta(hours=1))
    there.wait(3599)
    assert there.ledger.keys.verify(text)
    there.wait(1)
    assert there.ledger.keys.verify(text) is None


def test_a_revoked_key_opens_nothing_and_keeps_the_time_of_its_end(there: World):
    text, key = there.ledger.keys.issue("team", "laptop", [])
    there.ledger.keys.revoke("team", key.id)
    assert there.ledger.keys.verify(text) is None
    since = there.now
    there.wait(5)
    there.ledger.keys.revoke("team", key.id)
    assert there.ledger.keys.all("team") == [replace(key, revoked_at=since)]


def test_another_tenant_can_neither_see_nor_revoke_a_key(there: World):
    text, key = there.ledger.keys.issue("team", "laptop", [])
    with pytest.raises(NotFoundError):
        there.ledger.keys.revoke("other", key.id)
    assert there.ledger.keys.verify(text) == key
    assert there.ledger.keys.all("other") == []


def test_a_deployment_tells_whether_it_has_any_key(there: World):
    assert not there.ledger.keys.any()
    there.ledger.keys.issue("team", "laptop", [])
    assert there.ledger.keys.any()
