"""What only a bucket can get wrong: pages of a listing, foreign objects, links."""

import pytest
from tests.storage.conftest import QUICK

from clipmill.errors import SourceMissingError
from clipmill.storage.open import open_store
from clipmill.storage.reader import RangedReader, open_object


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 13])
def test_a_listing_of_several_pages_names_each_object_once(s3_store, monkeypatch, count):
    monkeypatch.setattr("clipmill.storage.objects._PAGE", 5)
    expected = [f"many/{number:02d}/x.bin" for number in range(count)]
    for key in (*expected, "many2.bin", "later/x.bin"):
        s3_store.put_bytes(key, b"")
    assert [info.key for info in s3_store.list("many")] == expected


def test_another_client_sees_the_keys_as_they_are(s3_server):
    bucket = s3_server.new_bucket()
    store = open_store(s3_server.url(bucket).replace("?", "/pre/fix?"), s3_server.environment, QUICK)
    store.put_bytes("a b/ü+%25.mp4", b"x")
    seen = s3_server.client.list_objects_v2(Bucket=bucket)["Contents"]
    assert [item["Key"] for item in seen] == ["pre/fix/a b/ü+%25.mp4"]


def test_objects_of_another_client_are_read(s3_server):
    bucket = s3_server.new_bucket()
    s3_server.client.put_object(Bucket=bucket, Key="raw/match #1.mp4", Body=b"video")
    store = open_store(s3_server.url(bucket), s3_server.environment, QUICK)
    assert store.get_bytes("raw/match #1.mp4") == b"video"


def test_a_bucket_that_does_not_exist_is_named_as_the_reason(s3_server):
    store = open_store(s3_server.url("no-such-bucket"), s3_server.environment, QUICK)
    with pytest.raises(SourceMissingError, match=r"s3://no-such-bucket/a\.mp4.*NoSuchBucket"):
        store.get_bytes("a.mp4")


def test_an_object_of_a_bucket_is_read_by_ranges(s3_store):
    s3_store.put_bytes("a.bin", b"0123456789")
    with open_object(s3_store, "a.bin") as file:
        assert isinstance(file, RangedReader)
        assert file.read(3) == b"012"


def test_two_stores_in_memory_share_nothing():
    one, other = open_store("memory://", {}), open_store("memory://", {})
    one.put_bytes("a", b"x")
    assert not other.exists("a")


def test_memory_has_no_links():
    store = open_store("memory://", {})
    store.put_bytes("a", b"x")
    assert store.sign_get("a", 60) is None  # type: ignore[attr-defined]
