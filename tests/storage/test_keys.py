import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.contracts.store_contract import INVALID_KEYS

from clipmill.errors import InvalidKeyError
from clipmill.storage.keys import (
    MAX_KEY_BYTES,
    full_key,
    output_key,
    temp_prefix,
    validate_job_id,
    validate_key,
    validate_tenant,
)

PARTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\\\x7f" + "".join(map(chr, range(32)))), min_size=1
).filter(lambda part: part not in {".", ".."})
KEYS = st.lists(PARTS, min_size=1, max_size=5).map("/".join).filter(lambda key: len(key.encode()) <= 400)


@given(KEYS)
def test_a_key_of_good_parts_is_returned_unchanged(key):
    assert validate_key(key) == key


@given(st.text(max_size=40))
def test_a_valid_key_survives_as_a_path_and_never_climbs(key):
    try:
        validate_key(key)
    except InvalidKeyError:
        return
    parts = key.split("/")
    assert all(parts)
    assert not {".", ".."} & set(parts)
    assert key.isprintable() or not any(ord(character) < 32 for character in key)


@pytest.mark.parametrize("key", INVALID_KEYS)
def test_an_invalid_key_is_refused(key):
    with pytest.raises(InvalidKeyError):
        validate_key(key)


@pytest.mark.parametrize("number", [*range(32), 127, ord("\\")])
def test_every_control_character_and_the_backslash_are_refused(number):
    with pytest.raises(InvalidKeyError, match="contains"):
        validate_key(f"a{chr(number)}b")


def test_a_key_that_is_no_unicode_is_refused():
    with pytest.raises(InvalidKeyError, match="Unicode"):
        validate_key("a\ud800")


def test_the_length_is_counted_in_bytes():
    assert validate_key("é" * (MAX_KEY_BYTES // 2))
    with pytest.raises(InvalidKeyError, match="1026 bytes"):
        validate_key("é" * (MAX_KEY_BYTES // 2 + 1))


def test_the_length_of_the_full_key_counts():
    assert validate_key("k" * 1020)
    with pytest.raises(InvalidKeyError, match="1025 bytes"):
        full_key("team", "k" * 1020)


@given(KEYS, KEYS)
def test_a_full_key_lies_below_its_tenant_and_ends_with_the_key(tenant, key):
    assert full_key(tenant, key) == f"{tenant}/{key}"


@given(KEYS)
def test_the_empty_tenant_is_the_root_of_the_bucket(key):
    assert full_key("", key) == key


@given(KEYS, KEYS, KEYS)
def test_a_shared_key_takes_no_tenant(tenant, prefix, key):
    assert full_key(tenant, f"{prefix}/{key}", [f"{prefix}/"]) == f"{prefix}/{key}"


def test_a_shared_prefix_is_a_whole_folder_with_or_without_its_slash():
    for prefix in ("games", "games/"):
        assert full_key("team", "games/x.mp4", [prefix]) == "games/x.mp4"
        assert full_key("team", "games2/x.mp4", [prefix]) == "team/games2/x.mp4"
        assert full_key("team", "games", [prefix]) == "team/games"


@given(KEYS, KEYS, KEYS)
def test_a_shared_key_is_no_output(tenant, prefix, key):
    with pytest.raises(InvalidKeyError, match="read-only"):
        output_key(tenant, f"{prefix}/{key}", [prefix])


def test_a_tenant_named_like_a_shared_prefix_cannot_write_into_it():
    with pytest.raises(InvalidKeyError, match="read-only"):
        output_key("games", "x.mp4", ["games/"])


@given(KEYS, KEYS, KEYS)
def test_an_output_outside_of_the_shared_prefixes_is_the_full_key(tenant, prefix, key):
    assume(not f"{tenant}/{key}".startswith(f"{prefix}/") and not key.startswith(f"{prefix}/"))
    assert output_key(tenant, key, [prefix]) == full_key(tenant, key, [prefix])


@pytest.mark.parametrize("tenant", ["/team", "team/", "a//b", "..", "a/../b", "a\tb"])
def test_a_tenant_follows_the_rules_of_keys(tenant):
    with pytest.raises(InvalidKeyError, match="tenant"):
        full_key(tenant, "a.mp4")


def test_the_empty_tenant_is_refused_unless_the_deployment_sets_it():
    with pytest.raises(InvalidKeyError, match="root of the bucket"):
        validate_tenant("")
    assert validate_tenant("", root_allowed=True) == ""
    assert validate_tenant("team/7") == "team/7"


@given(st.from_regex(r"[A-Za-z0-9._-]{1,128}", fullmatch=True).filter(lambda name: name not in {".", ".."}))
def test_temporary_objects_of_a_job_lie_below_its_own_folder(job_id):
    assert temp_prefix("team", job_id) == f"team/temp/{job_id}/"


@pytest.mark.parametrize("job_id", ["", "a/b", "a b", "é", "x" * 129, ".", "..", "a\n"])
def test_a_job_id_that_could_leave_its_folder_is_refused(job_id):
    with pytest.raises(InvalidKeyError, match="job_id"):
        validate_job_id(job_id)
    with pytest.raises(InvalidKeyError, match="job_id"):
        temp_prefix("team", job_id)
