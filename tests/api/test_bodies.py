from collections.abc import Iterator

import pytest
from tests.api.callers import Caller
from tests.api.worlds import World, body

MOST = 2 * 1024 * 1024


def sent(client: Caller, content: str) -> tuple[int, str, str | None]:
    told = client.post("/v1/jobs", content=content.encode(), headers={"Content-Type": "application/json"})
    errors = told.json().get("errors", [])
    return told.status_code, told.json()["code"], errors[0].get("pointer") if errors else None


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ('{"function": "echo", "request": {}, "colour": 1}', "/colour"),
        ('{"function": "echo", "request": {"txt": "hi"}}', "/request"),
        ('{"function": "echo", "request": {"count": "1"}}', "/request/count"),
        ('{"function": "ecko", "request": {}}', "/function"),
        ('{"function": "echo"}', "/request"),
        ('{"function": "echo", "request": {}, "runner": "moon"}', "/runner"),
        ('{"function": "echo", "request": {}, "labels": {"a": 1}}', "/labels/a"),
        ('{"function": 7, "request": {}}', "/function"),
        ('{"function": "echo", "request": {}, "tenant": "other"}', "/tenant"),
    ],
)
def test_a_wrong_body_is_refused_with_a_pointer_to_its_fault(there: World, client: Caller, content: str, pointer: str):
    status, code, found = sent(client, content)
    assert (status, found) == (422, pointer)
    assert code in {"invalid_request", "unknown_job_type"}
    assert there.ledger.jobs("team").jobs == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"function": "echo", "request": {"count": NaN}}',
        '{"function": "echo", "request": {"count": -Infinity}}',
        '{"function": "echo", "request": {"count": 1e999}}',
        '{"function": "echo", "request": {"text": "\\ud800"}}',
        '{"function": "echo", "request": {"text": "a"}, "request": {"text": "b"}}',
        '{"function": "echo", "request": ' + '{"a":' * 100_000 + "1" + "}" * 100_001,
        '{"function": "echo", "request": {"count": ' + "9" * 5000 + "}}",
    ],
)
def test_what_is_no_plain_json_object_is_refused(there: World, client: Caller, content: str):
    assert sent(client, content)[:2] == (422, "invalid_request")
    assert there.ledger.jobs("team").jobs == []


def test_a_body_of_another_type_is_refused(client: Caller):
    told = client.post("/v1/jobs", content=b"{}", headers={"Content-Type": "text/plain"})
    assert (told.status_code, told.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_that_says_it_is_too_large_is_refused(client: Caller):
    told = client.post("/v1/jobs", json=body(request={"text": "x" * MOST}))
    assert (told.status_code, told.json()["code"]) == (413, "body_too_large")


def test_a_body_without_a_length_is_read_no_further_than_the_limit(client: Caller):
    taken = 0

    async def endless():
        nonlocal taken
        for _ in range(1000):
            taken += 65536
            yield b" " * 65536

    told = client.post("/v1/jobs", content=endless(), headers={"Content-Type": "application/json"})
    assert told.status_code == 413
    assert taken <= MOST + 2 * 65536


def test_nobody_without_a_key_has_a_body_read(there: World, calling):
    there.key()

    async def untouched() -> Iterator[bytes]:
        raise AssertionError
        yield b""

    told = calling(there).post("/v1/jobs", content=untouched(), headers={"Content-Type": "application/json"})
    assert told.status_code == 401


@pytest.mark.parametrize(
    "text",
    [
        "https://bucket.example/a.mp4?X-Amz-Date=1&X-Amz-Signature=0a1b",
        "https://someone:secret@host.example/a.mp4",
        "s3://AKIA:secret@bucket",
        "https://x.example/hook?token=abc",
        "cm_" + "0" * 60,
    ],
)
@pytest.mark.parametrize("place", ["request", "labels", "webhook", "callback_url"])
def test_a_job_that_carries_a_credential_is_refused(there: World, client: Caller, text: str, place: str):
    changes = {"request": {"request": {"text": text}}, "labels": {"labels": {"a": text}}, "webhook": {"webhook": text}}
    changes["callback_url"] = {"callback_url": text}
    told = client.post("/v1/jobs", json=body(**changes[place]))
    pointers = {
        "request": "/request/text",
        "labels": "/labels/a",
        "webhook": "/webhook",
        "callback_url": "/callback_url",
    }
    assert (told.status_code, told.json()["errors"][0]["pointer"]) == (422, pointers[place])
    assert there.ledger.jobs("team").jobs == []


def test_links_without_credentials_and_words_about_tokens_are_text_like_any_other(client: Caller):
    text = "token = 5, see https://sport.example/match?id=7&t=12"
    assert client.post("/v1/jobs", json=body(request={"text": text})).status_code == 202
