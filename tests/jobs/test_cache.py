from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.errors import InvalidRequestError, SourceMissingError
from clipmill.jobs.cache import StepCache, cache_key
from clipmill.storage.open import open_store
from clipmill.storage.store import Store

KEY = cache_key("1", ["object:5:etag:a.mp4"], {"fps": 30})
AGES = timedelta(days=365)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.fractions() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Quality(StrEnum):
    HIGH = "high"


def stored() -> tuple[Store, StepCache]:
    store = open_store("memory://", {})
    return store, StepCache(store, "team")


def finished(store: Store, cache: StepCache, key: str, data: bytes = b"video") -> None:
    store.put_bytes(f"team/{cache.object_key(key)}", data)
    cache.commit(key, {"frames": 5})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"fps": 30}, {"fps": 30.0}),
        ({"fps": Fraction(30)}, {"fps": 30}),
        ({"t": 0.1}, {"t": Fraction(1, 10)}),
        ({"list": [1, 2]}, {"list": (1, 2)}),
        ({"quality": Quality.HIGH}, {"quality": "high"}),
    ],
)
def test_equal_parameters_have_one_key(one: dict[str, Any], other: dict[str, Any]):
    assert cache_key("1", [], one) == cache_key("1", [], other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": "1/1"}),
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}),
        ({"a": 0}, {"a": False}),
        ({"a": None}, {}),
        ({"a": [1, [2]]}, {"a": [1, 2]}),
        ({"rate": Fraction(30000, 1001)}, {"rate": 29.97}),
    ],
)
def test_different_parameters_have_different_keys(one: dict[str, Any], other: dict[str, Any]):
    assert cache_key("1", [], one) != cache_key("1", [], other)


@given(one=values, other=values)
def test_only_equal_parameters_share_a_key(one: Any, other: Any):
    same = cache_key("1", [], {"value": one}) == cache_key("1", [], {"value": other})
    assert same == (kinds(one) == kinds(other))


def kinds(value: Any) -> Any:
    """The value with each number and truth told apart, which Python's == does not."""
    match value:
        case bool():
            return ("truth", value)
        case int() | Fraction():
            return ("number", Fraction(value))
        case list():
            return [kinds(part) for part in value]
        case dict():
            return {name: kinds(part) for name, part in value.items()}
        case _:
            return value


def test_the_version_of_a_function_and_each_input_count():
    keys = {
        cache_key("1", ["a"], {}),
        cache_key("2", ["a"], {}),
        cache_key("1", ["b"], {}),
        cache_key("1", ["a", "b"], {}),
        cache_key("1", ["b", "a"], {}),
    }
    assert len(keys) == 5


def test_what_is_no_number_has_no_key():
    with pytest.raises(InvalidRequestError):
        cache_key("1", [], {"at": float("nan")})
    with pytest.raises(TypeError):
        cache_key("1", [], {"at": object()})


def test_a_committed_step_is_found_with_its_result():
    store, cache = stored()
    assert cache.find(KEY) is None
    finished(store, cache, KEY)
    assert cache.find(KEY) == {"frames": 5}


def test_an_output_without_its_mark_is_not_believed():
    store, cache = stored()
    store.put_bytes(f"team/{cache.object_key(KEY)}", b"video")
    assert cache.find(KEY) is None


def test_a_mark_without_its_output_is_not_believed():
    store, cache = stored()
    finished(store, cache, KEY)
    store.delete(f"team/{cache.object_key(KEY)}")
    assert cache.find(KEY) is None


def test_an_output_of_another_size_is_not_believed():
    store, cache = stored()
    finished(store, cache, KEY)
    store.put_bytes(f"team/{cache.object_key(KEY)}", b"vid")
    assert cache.find(KEY) is None


@pytest.mark.parametrize("mark", [b"", b"[]", b'{"size":5}', b'{"size":5,"result":7}'])
def test_a_mark_that_cannot_be_read_is_not_believed(mark: bytes):
    store, cache = stored()
    finished(store, cache, KEY)
    store.put_bytes(f"team/{cache.object_key(KEY)}".replace("output.mp4", "result.json"), mark)
    assert cache.find(KEY) is None


def test_a_step_without_an_output_cannot_be_committed():
    _, cache = stored()
    with pytest.raises(SourceMissingError):
        cache.commit(KEY, {})


def test_tenants_do_not_share_entries():
    store, cache = stored()
    finished(store, cache, KEY)
    assert StepCache(store, "other").find(KEY) is None


def test_entries_that_are_too_old_go_finished_or_not():
    store, cache = stored()
    finished(store, cache, KEY)
    store.put_bytes(f"team/{cache.object_key('f' * 64)}", b"half")
    cache.prune(10**9, timedelta(hours=1), now=datetime.now(UTC) + timedelta(minutes=30))
    assert cache.find(KEY) is not None
    cache.prune(10**9, timedelta(hours=1), now=datetime.now(UTC) + timedelta(hours=2))
    assert not list(store.list("team/cache/"))


def test_the_oldest_entries_go_first_until_the_rest_fits(tmp_path):
    store = open_store(str(tmp_path), {})
    cache = StepCache(store, "team")
    keys = [cache_key("1", [], {"n": number}) for number in range(4)]
    for key in keys:
        finished(store, cache, key, bytes(1000))
    size = sum(info.size for info in store.list("team/cache/")) // 4
    freed = cache.prune(2 * size, AGES)
    assert [cache.find(key) is not None for key in keys] == [False, False, True, True]
    assert freed == 2 * size


def test_a_step_that_is_just_being_finished_is_not_pruned_for_space():
    store, cache = stored()
    store.put_bytes(f"team/{cache.object_key(KEY)}", b"video")
    cache.prune(0, AGES)
    cache.commit(KEY, {"frames": 5})
    assert cache.find(KEY) == {"frames": 5}


def test_pruning_touches_nothing_but_the_cache():
    store, cache = stored()
    finished(store, cache, KEY)
    store.put_bytes("team/out.mp4", b"mine")
    cache.prune(0, AGES)
    assert [info.key for info in store.list("team")] == ["team/out.mp4"]
