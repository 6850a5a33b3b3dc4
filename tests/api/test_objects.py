"""Objects over HTTP: what is written is read, whole or in part, by whom it belongs to."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest
from tests.api.callers import Caller
from tests.api.worlds import World

from clipmill.errors import StorageUnavailableError
from clipmill.jobs.scopes import Scope
from clipmill.storage.folder import FolderStore
from clipmill.storage.open import open_store

DIGITS = b"0123456789"


def put(client: Caller, key: str, data: bytes, **how):
    return client.request("PUT", f"/v1/objects/{key}", content=data, **how)


def test_what_was_put_is_got(client: Caller):
    data = bytes(range(256)) * 20_000
    told = put(client, "raw/a.mp4", data)
    assert (told.status_code, told.json()["size"], told.json()["content_type"]) == (200, len(data), "video/mp4")
    read = client.get("/v1/objects/raw/a.mp4")
    assert (read.status_code, read.content) == (200, data)
    assert read.headers["etag"] == told.json()["etag"] == told.headers["etag"]


def test_an_empty_object_is_an_object(client: Caller):
    assert put(client, "a.bin", b"").json()["size"] == 0
    read = client.get("/v1/objects/a.bin")
    assert (read.status_code, read.content, read.headers["content-length"]) == (200, b"", "0")


def test_an_object_lies_below_its_tenant(there: World, client: Caller):
    put(client, "raw/a.mp4", b"bytes")
    assert [info.key for info in there.service.store.list("")] == ["team/raw/a.mp4"]


def test_a_tenant_writes_and_reads_only_what_is_its_own(there: World, client: Caller, calling):
    put(client, "raw/a.mp4", b"ours")
    other = calling(there)
    other.headers = there.headers("stranger")
    assert put(other, "raw/a.mp4", b"theirs").status_code == 200
    assert client.get("/v1/objects/raw/a.mp4").content == b"ours"
    assert other.request("HEAD", "/v1/objects/raw/b.mp4").status_code == 404


@pytest.mark.parametrize("key", ["with space ü.mp4", "100%25?a=b#c.mp4", "a;b&c+d.mp4"])
def test_unusual_names_are_kept(there: World, client: Caller, key: str):
    told = put(client, quote(key), b"x")
    assert told.json()["key"] == key
    assert there.service.store.exists(f"team/{key}")
    assert client.get(told.headers["location"]).content == b"x"


@pytest.mark.parametrize("key", ["%2E%2E/owner/a.mp4", "a%2F..%2Fb", "a%00b", "a%0Ab", "a%5Cb", "a/", "%2Fetc/passwd"])
def test_a_key_that_is_none_is_refused_before_anything_is_stored(there: World, client: Caller, key: str):
    told = put(client, key, b"x")
    assert (told.status_code, told.json()["code"]) == (422, "invalid_key")
    assert client.get(f"/v1/objects/{key}").status_code == 422
    assert list(there.service.store.list("")) == []


@pytest.mark.parametrize(
    ("asked", "expected", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-4", b"6789", "bytes 6-9/10"),
        ("bytes=-99", DIGITS, "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("Bytes = 2-2", b"2", "bytes 2-2/10"),
    ],
)
def test_a_range_gives_that_part(client: Caller, asked: str, expected: bytes, content_range: str):
    put(client, "a.bin", DIGITS)
    read = client.get("/v1/objects/a.bin", headers={"Range": asked})
    assert (read.status_code, read.content) == (206, expected)
    assert read.headers["content-range"] == content_range
    assert read.headers["content-length"] == str(len(expected))


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_without_bytes_is_416(client: Caller, asked: str):
    put(client, "a.bin", DIGITS)
    read = client.get("/v1/objects/a.bin", headers={"Range": asked})
    assert (read.status_code, read.headers["content-range"]) == (416, "bytes */10")
    assert read.json()["code"] == "range_not_satisfiable"
    assert read.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=3-1", "bytes=-", "lines=0-1", "bytes=a-b"])
def test_a_range_that_is_no_single_one_gives_the_whole(client: Caller, asked: str):
    put(client, "a.bin", DIGITS)
    read = client.get("/v1/objects/a.bin", headers={"Range": asked})
    assert (read.status_code, read.content) == (200, DIGITS)


def test_a_range_of_a_version_that_was_replaced_gives_the_whole_new_one(client: Caller):
    old = put(client, "a.bin", DIGITS).headers["etag"]
    asked = {"Range": "bytes=0-1", "If-Range": old}
    assert client.get("/v1/objects/a.bin", headers=asked).status_code == 206
    put(client, "a.bin", b"another")
    read = client.get("/v1/objects/a.bin", headers=asked)
    assert (read.status_code, read.content) == (200, b"another")


def test_a_range_may_depend_on_the_time_of_change(client: Caller):
    put(client, "a.bin", DIGITS)
    changed = client.get("/v1/objects/a.bin").headers["last-modified"]
    asked = {"Range": "bytes=0-1", "If-Range": changed}
    assert client.get("/v1/objects/a.bin", headers=asked).status_code == 206
    asked["If-Range"] = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert client.get("/v1/objects/a.bin", headers=asked).status_code == 200


def test_whoever_has_it_is_told_so(client: Caller):
    tag = put(client, "a.bin", DIGITS).headers["etag"]
    changed = client.get("/v1/objects/a.bin").headers["last-modified"]
    for held in ({"If-None-Match": f'"x", W/{tag}'}, {"If-Modified-Since": changed}):
        read = client.get("/v1/objects/a.bin", headers=held)
        assert (read.status_code, read.content) == (304, b"")
    assert client.get("/v1/objects/a.bin", headers={"If-None-Match": '"x"'}).status_code == 200


def test_what_depends_on_another_version_is_412(there: World, client: Caller):
    tag = put(client, "a.bin", DIGITS).headers["etag"]
    for method in ("GET", "DELETE"):
        assert (
            client.request(method, "/v1/objects/a.bin", headers={"If-Match": '"x"'}).json()["code"]
            == "precondition_failed"
        )
    assert there.service.store.exists("team/a.bin")
    assert client.request("DELETE", "/v1/objects/a.bin", headers={"If-Match": tag}).status_code == 204


def test_what_is_written_under_a_condition_changes_nothing_else(client: Caller):
    def written(data: bytes, **headers: str) -> int:
        return put(
            client, "a.bin", data, headers={name.replace("_", "-"): text for name, text in headers.items()}
        ).status_code

    assert written(b"none", If_Match="*") == 412
    assert written(b"first", If_None_Match="*") == 200
    tag = client.get("/v1/objects/a.bin").headers["etag"]
    assert written(b"again", If_None_Match="*") == 412
    assert written(b"known", If_None_Match=tag) == 412
    assert written(b"second", If_Match=f'"x", {tag}') == 200
    assert written(b"late", If_Match=tag) == 412
    assert written(b"old", If_Unmodified_Since="Thu, 01 Jan 1970 00:00:00 GMT") == 412
    assert client.get("/v1/objects/a.bin").content == b"second"


def test_of_racing_writers_of_nothing_one_wins(there: World, client: Caller):
    with ThreadPoolExecutor(4) as pool:
        asked = pool.map(
            lambda data: put(client, "a.bin", data, headers={"If-None-Match": "*"}), [b"a", b"b", b"c", b"d"]
        )
    told = {each.status_code: each for each in asked}
    assert sorted(told) == [200, 412]
    assert told[200].headers["etag"] == client.get("/v1/objects/a.bin").headers["etag"]


def test_a_head_tells_what_a_get_would_answer(client: Caller):
    put(client, "a.mp4", DIGITS)
    read, told = client.get("/v1/objects/a.mp4"), client.request("HEAD", "/v1/objects/a.mp4")
    names = ("etag", "last-modified", "content-type", "content-length", "accept-ranges")
    assert {name: read.headers[name] for name in names} == {name: told.headers[name] for name in names}
    assert told.content == b""


def test_what_browsers_could_run_is_plain_bytes(client: Caller):
    put(client, "page.html", b"<script>")
    read = client.get("/v1/objects/page.html")
    assert read.headers["content-type"] == "application/octet-stream"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in read.headers["content-security-policy"]


def test_a_deleted_object_is_gone(client: Caller):
    put(client, "a.bin", DIGITS)
    assert client.request("DELETE", "/v1/objects/a.bin").status_code == 204
    assert client.get("/v1/objects/a.bin").status_code == 404
    assert client.request("DELETE", "/v1/objects/a.bin").status_code == 404


@pytest.mark.parametrize("announced", [True, False])
def test_an_object_that_is_too_large_is_refused_while_it_comes(make_world, calling, announced: bool):
    there = make_world(input_bytes=1000)
    client = calling(there)
    client.headers = there.headers()
    put(client, "a.bin", b"old")
    taken = []

    async def pieces():
        for _ in range(100):
            taken.append(1)
            yield bytes(100)

    told = put(client, "a.bin", pieces(), headers={"Content-Length": "10000"} if announced else {})
    assert (told.status_code, told.json()["code"]) == (413, "limit_exceeded")
    assert len(taken) < 100
    assert client.get("/v1/objects/a.bin").content == b"old"


@pytest.mark.parametrize("length", [9, 11])
def test_a_body_that_is_not_as_long_as_announced_is_not_stored(there: World, client: Caller, length: int):
    async def pieces():
        yield DIGITS

    told = put(client, "a.bin", pieces(), headers={"Content-Length": str(length)})
    assert (told.status_code, told.json()["code"]) == (400, "incomplete_body")
    assert list(there.service.store.list("")) == []


def test_shared_objects_are_read_and_not_written(there: World, client: Caller):
    machine = replace(there.service.machine, shared_prefixes=("games/",))
    object.__setattr__(there.service, "machine", machine)
    there.service.store.put_bytes("games/a.mp4", b"shared")
    assert client.get("/v1/objects/games/a.mp4").content == b"shared"
    told = put(client, "games/a.mp4", b"mine")
    assert (told.status_code, told.json()["code"]) == (422, "invalid_key")
    assert client.request("DELETE", "/v1/objects/games/a.mp4").status_code == 422
    assert there.service.store.get_bytes("games/a.mp4") == b"shared"


def test_a_key_for_reading_does_not_write(there: World, calling):
    reader = calling(there)
    reader.headers = there.headers("team", Scope.OBJECTS_READ)
    assert put(reader, "a.bin", b"x").status_code == 403
    assert reader.request("DELETE", "/v1/objects/a.bin").status_code == 403
    assert reader.get("/v1/objects/a.bin").status_code == 404


def test_a_tenant_with_too_many_uploads_waits(there: World, client: Caller, monkeypatch):
    monkeypatch.setattr("clipmill.api.traffic.MOST_UPLOADS_OF_ONE", 0)
    told = put(client, "a.bin", b"x")
    assert (told.status_code, told.json()["code"]) == (429, "rate_limited")
    assert "retry-after" in told.headers


def test_a_caller_who_falls_silent_is_given_up(there: World, client: Caller, monkeypatch):
    monkeypatch.setattr("clipmill.api.incoming.SILENCE_S", 0.05)

    async def pieces():
        yield DIGITS
        await asyncio.sleep(30)

    told = put(client, "a.bin", pieces())
    assert (told.status_code, told.json()["code"]) == (408, "request_timeout")
    assert list(there.service.store.list("")) == []


def test_an_object_of_a_bucket_is_streamed_as_well(there: World, client: Caller):
    remote = open_store("memory://", {})
    object.__setattr__(there.service, "machine", replace(there.service.machine, store=remote))
    data = bytes(range(256)) * 60_000
    assert put(client, "a.bin", data).json()["size"] == len(data)
    assert client.get("/v1/objects/a.bin").content == data
    read = client.get("/v1/objects/a.bin", headers={"Range": "bytes=4194300-8388700"})
    assert read.content == data[4_194_300:8_388_701]


def test_a_store_that_fails_on_the_way_cuts_the_answer(there: World, client: Caller):
    class Failing(FolderStore):
        def local_path(self, key: str) -> None:
            return None

        def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
            if start:
                raise StorageUnavailableError("gone")
            return super().read_range(key, start, length, etag)

    store = Failing(there.path.parent / "store")
    object.__setattr__(there.service, "machine", replace(there.service.machine, store=store))
    put(client, "a.bin", bytes(9_000_000))
    with pytest.raises((httpx.HTTPError, AssertionError)):
        client.get("/v1/objects/a.bin")
