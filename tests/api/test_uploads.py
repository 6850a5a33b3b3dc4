"""Uploads in parts over HTTP."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.api.callers import Caller
from tests.api.worlds import World
from tests.storage.s3_server import S3Server, s3_server

from clipmill.api.tidying import tidy
from clipmill.jobs.scopes import Scope
from clipmill.storage.open import open_store
from clipmill.storage.uploads import MIB, Uploads

__all__ = ["s3_server"]

SIZE = 12 * MIB
DATA = b"".join(bytes([number]) * MIB for number in range(12))


def begin(client: Caller, **changes):
    told = client.post("/v1/uploads", json={"key": "raw/a.mp4", "size": SIZE, "part_size": 5 * MIB} | changes)
    assert told.status_code == 201, told.text
    return told.json()


def send(client: Caller, part, **how):
    data = DATA[part["offset"] : part["offset"] + part["size"]]
    return client.request("PUT", part["url"], content=data, **how)


def keys(there: World) -> list[str]:
    return [info.key for info in there.service.store.list("")]


def test_parts_in_any_order_become_one_object_and_nothing_else(there: World, client: Caller):
    upload = begin(client)
    assert [part["size"] // MIB for part in upload["parts"]] == [5, 5, 2]
    for part in reversed(upload["parts"]):
        assert send(client, part).status_code == 204
    told = client.post(f"/v1/uploads/{upload['id']}:complete")
    assert (told.status_code, told.json()["size"]) == (200, SIZE)
    assert client.get("/v1/objects/raw/a.mp4").content == DATA
    assert keys(there) == ["team/raw/a.mp4"]


def test_an_upload_that_was_interrupted_goes_on_with_what_is_missing(client: Caller):
    upload = begin(client)
    send(client, upload["parts"][1])
    found = client.get(f"/v1/uploads/{upload['id']}").json()
    assert found["received"] == 1
    missing = [part for part in found["parts"] if part["etag"] is None]
    assert [part["number"] for part in missing] == [1, 3]
    for part in missing:
        send(client, part)
    assert client.post(f"/v1/uploads/{upload['id']}:complete").status_code == 200


def test_the_parts_of_a_large_upload_are_told_by_the_page(client: Caller):
    upload = begin(client, size=1500 * 5 * MIB)
    assert (len(upload["parts"]), upload["part_count"], upload["after"]) == (1000, 1500, 1000)
    rest = client.get(f"/v1/uploads/{upload['id']}?after=1000").json()
    assert [part["number"] for part in rest["parts"]] == list(range(1001, 1501))
    assert rest["after"] is None


def test_the_caller_may_name_the_parts_it_means(client: Caller):
    upload = begin(client)
    tags = [send(client, part).headers["etag"] for part in upload["parts"]]
    sent = [{"number": number, "etag": tag} for number, tag in enumerate(tags, 1)]
    address = f"/v1/uploads/{upload['id']}:complete"
    for wrong in (sent[:2], sent[::-1], [*sent[:2], {"number": 3, "etag": '"x"'}], [*sent, sent[0]]):
        assert client.post(address, json={"parts": wrong}).status_code == 422
    assert client.post(address, json={"parts": sent}).status_code == 200


def test_an_upload_that_lacks_a_part_is_not_completed(there: World, client: Caller):
    there.service.store.put_bytes("team/raw/a.mp4", b"old")
    upload = begin(client)
    send(client, upload["parts"][0])
    told = client.post(f"/v1/uploads/{upload['id']}:complete")
    assert (told.status_code, told.json()["code"]) == (409, "conflict")
    assert "2, 3" in told.json()["detail"]
    assert client.get("/v1/objects/raw/a.mp4").content == b"old"


@pytest.mark.parametrize("length", [2 * MIB - 1, 2 * MIB + 1])
@pytest.mark.parametrize("announced", [True, False])
def test_a_part_of_another_size_is_not_stored(client: Caller, length: int, announced: bool):
    upload = begin(client)

    async def pieces():
        yield bytes(length)

    told = client.request("PUT", upload["parts"][2]["url"], content=bytes(length) if announced else pieces())
    assert told.status_code == 400
    assert client.get(f"/v1/uploads/{upload['id']}").json()["received"] == 0


@pytest.mark.parametrize("number", [4, 10_000])
def test_a_part_that_the_upload_does_not_have_is_not_there(client: Caller, number: int):
    upload = begin(client)
    assert client.request("PUT", f"/v1/uploads/{upload['id']}/parts/{number}", content=b"x").status_code == 404


def test_a_part_sent_again_takes_the_place_of_the_first(client: Caller):
    upload = begin(client, size=1)
    for byte in (b"1", b"2"):
        client.request("PUT", upload["parts"][0]["url"], content=byte)
    client.post(f"/v1/uploads/{upload['id']}:complete")
    assert client.get("/v1/objects/raw/a.mp4").content == b"2"


def test_an_aborted_upload_leaves_nothing_and_is_gone(there: World, client: Caller):
    upload = begin(client)
    send(client, upload["parts"][0])
    assert client.post(f"/v1/uploads/{upload['id']}:abort").status_code == 204
    assert keys(there) == []
    assert client.get(f"/v1/uploads/{upload['id']}").status_code == 404
    assert send(client, upload["parts"][0]).status_code == 404


def test_an_upload_that_nobody_ends_is_swept_when_its_time_is_over(there: World, client: Caller):
    upload = begin(client)
    send(client, upload["parts"][0])
    expires = datetime.fromisoformat(upload["expires_at"])
    tidy(there.app.state.desk, expires - timedelta(seconds=1))
    assert len(keys(there)) == 2
    tidy(there.app.state.desk, expires + timedelta(seconds=1))
    assert keys(there) == []


def test_an_upload_expires_by_itself(client: Caller, monkeypatch):
    upload = begin(client)
    monkeypatch.setattr("clipmill.storage.uploads.KEPT", timedelta(seconds=-1))
    assert client.get(f"/v1/uploads/{upload['id']}").status_code == 404
    assert client.post(f"/v1/uploads/{upload['id']}:complete").status_code == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"size": 64 * 1024**3 + 1}, 413),
        ({"size": -1}, 422),
        ({"size": 1.5}, 422),
        ({"part_size": 5 * MIB - 1}, 422),
        ({"part_size": 5 * 1024 * MIB + 1}, 422),
        ({"size": 60 * 1024**3, "part_size": 5 * MIB}, 422),
        ({"key": "../a"}, 422),
        ({"content_type": "text/html\r\nX: y"}, 422),
        ({"parts": 3}, 422),
    ],
)
def test_an_upload_out_of_bounds_is_refused_and_leaves_nothing(there: World, client: Caller, changes, status: int):
    told = client.post("/v1/uploads", json={"key": "raw/a.mp4", "size": SIZE} | changes)
    assert told.status_code == status
    assert keys(there) == []


def test_an_upload_needs_a_key_for_writing(there: World, calling):
    reader = calling(there)
    reader.headers = there.headers("team", Scope.OBJECTS_READ)
    assert reader.post("/v1/uploads", json={"key": "a.mp4", "size": 1}).status_code == 403


@pytest.mark.parametrize("part_size", [5 * MIB, 64 * MIB])
def test_parts_go_to_a_bucket_without_passing_through_the_service(
    there: World, calling, s3_server: S3Server, part_size: int
):
    store = open_store(s3_server.url(s3_server.new_bucket()), s3_server.environment)
    object.__setattr__(there.service, "machine", replace(there.service.machine, store=store))
    client = calling(there)
    client.headers = there.headers()
    upload = begin(client, part_size=part_size)
    for part in upload["parts"]:
        assert part["url"].startswith(s3_server.endpoint)
        assert not part["needs_key"]
        data = DATA[part["offset"] : part["offset"] + part["size"]]
        assert httpx.put(part["url"], content=data, headers=part["headers"]).is_success
    assert client.get(f"/v1/uploads/{upload['id']}").json()["received"] == len(upload["parts"])
    told = client.post(f"/v1/uploads/{upload['id']}:complete")
    assert told.json()["size"] == SIZE
    assert client.get("/v1/objects/raw/a.mp4").content == DATA
    assert [info.key for info in store.list("")] == ["team/raw/a.mp4"]
    assert datetime.fromisoformat(upload["expires_at"]) > datetime.now(UTC)


def test_twins_that_complete_an_upload_get_the_same_object(there: World, client: Caller, monkeypatch):
    upload = begin(client)
    for part in upload["parts"]:
        send(client, part)
    whole = Uploads.complete
    joined: list[str] = []

    def slowly(uploads: Uploads, *of: object):
        joined.append("once")
        time.sleep(0.2)
        return whole(uploads, *of)

    monkeypatch.setattr(Uploads, "complete", slowly)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: client.post(f"/v1/uploads/{upload['id']}:complete"), range(4)))
    assert [each.status_code for each in told] == [200] * 4
    assert (len(joined), len({each.headers["etag"] for each in told})) == (1, 1)
