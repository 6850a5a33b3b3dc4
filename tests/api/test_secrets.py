"""Secrets that callers send or a deployment holds are found nowhere afterwards."""

import io
import json
import logging
import sqlite3
from collections.abc import Iterator

import pytest
from tests.api.callers import Caller
from tests.api.worlds import Worker, World, body

from clipmill.api.journal import JsonLines, without_keys
from clipmill.errors import EncoderFailedError

CANARY = "c4n4ry5ecret"
LINK = f"https://bucket.example/a.mp4?X-Amz-Signature={CANARY}"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, as a service writes it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def files(world: World) -> bytes:
    """The database as it lies on the disk, what is not yet in its main file included."""
    sqlite3.connect(world.path).close()
    return b"".join(path.read_bytes() for path in world.path.parent.glob("ledger.db*"))


def test_a_key_is_found_in_no_answer_log_or_database(there: World, calling, logged: io.StringIO):
    key = there.key()
    caller: Caller = calling(there)
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    answers = [
        caller.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"}),
        caller.get("/v1/jobs", headers={"X-API-Key": wrong}),
        caller.get(f"/v1/jobs/{key}", headers={"X-API-Key": key}),
        caller.get(f"/v1/functions/{key}", headers={"X-API-Key": key}),
        caller.get(f"/v1/jobs?cursor={key}&token={key}", headers={"X-API-Key": key}),
        caller.post("/v1/jobs", json=body(request={"text": key}), headers={"X-API-Key": key}),
        caller.post("/v1/jobs", json=body(function=key), headers={"X-API-Key": key, "X-Request-ID": "mine"}),
    ]
    assert [each.status_code for each in answers] == [200, 401, 404, 404, 422, 422, 422]
    secret = key[15:]
    assert logged.getvalue().count('"message": "answered"') == len(answers)
    assert all(secret not in each.text + str(each.headers) for each in answers)
    assert secret not in logged.getvalue()
    assert secret.encode() not in files(there)


@pytest.mark.parametrize(
    "changes",
    [
        {"request": {"text": LINK}},
        {"request": {LINK: 1}},
        {"request": {"count": LINK}},
        {"webhook": f"https://user:{CANARY}@x.example"},
        {"runner": LINK},
        {"function": LINK},
        {LINK: 1},
    ],
)
def test_a_signed_link_is_found_in_no_answer_log_or_database(
    there: World, client: Caller, logged: io.StringIO, changes: dict[str, object]
):
    told = client.post("/v1/jobs", json=body() | changes)
    assert told.status_code == 422
    assert CANARY not in told.text
    assert CANARY not in logged.getvalue()
    assert CANARY.encode() not in files(there)


def test_a_failure_that_holds_a_signed_link_is_told_without_it(there: World, client: Caller):
    job = there.submit()
    worker = Worker(there.ledger)
    there.ledger.log(worker.lease, f"reading {LINK}")
    worker.fail(EncoderFailedError(f"GET {LINK} failed"))
    told = [client.get(f"/v1/jobs/{job.id}"), client.get(f"/v1/jobs/{job.id}/result")]
    assert all(CANARY not in each.text for each in told)
    assert CANARY.encode() not in files(there)


def test_the_environment_is_found_in_no_answer_or_log(there: World, client: Caller, logged: io.StringIO, monkeypatch):
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", CANARY)
    told = [client.post("/v1/jobs:plan", json=body()), client.get("/v1/functions"), client.get("/openapi.json")]
    assert [each.status_code for each in told] == [200] * 3
    assert all(CANARY not in each.text for each in told)
    assert CANARY not in logged.getvalue()


def test_a_fault_of_ours_is_logged_without_secrets(there: World, client: Caller, logged: io.StringIO, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError(f"GET {LINK} with {there.key()}")

    monkeypatch.setattr(type(there.ledger), "jobs", broken)
    assert client.get("/v1/jobs").status_code == 500
    (fault,) = [line for line in map(json.loads, logged.getvalue().splitlines()) if "fault" in line]
    assert "RuntimeError" in fault["fault"]
    assert CANARY not in logged.getvalue()


def test_a_line_of_the_log_tells_who_asked_for_what(there: World, client: Caller, logged: io.StringIO):
    job = there.submit()
    told = client.get(f"/v1/jobs/{job.id}?colour=red", headers={"X-Request-ID": "mine"})
    (line,) = [each for each in map(json.loads, logged.getvalue().splitlines()) if each["message"] == "answered"]
    assert told.status_code == line["status"] == 200
    assert (line["request_id"], line["job_id"], line["tenant"]) == ("mine", job.id, "team")
    assert (line["method"], line["route"]) == ("GET", "/v1/jobs/{job_id}")
    assert line["key"] in client.headers["Authorization"]


def test_lists_and_objects_are_cleaned_all_the_way_down():
    assert without_keys({"a": [LINK, ("cm_" + "0" * 60,)]}) == {
        "a": ["https://bucket.example/a.mp4?[redacted]", ["cm_000000000000[redacted]"]]
    }
