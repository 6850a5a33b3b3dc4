from pathlib import Path

import pytest
from tests.client.scripts import CALM, Script, answer, problem

from clipmill.client.calls import Call
from clipmill.client.uploads import Plan, upload
from clipmill.errors import AccessDeniedError, ConflictError, NotFoundError, SourceMissingError, StorageUnavailableError

BROKEN = StorageUnavailableError("the connection was reset")
BEGUN = "Fri, 01 May 2026 10:00:00 GMT"
MADE = answer(200, {"key": "raw/a.mp4", "size": 25, "etag": '"e"'})


def part(number: int, **changes) -> dict:
    size = 10 if number < 3 else 5
    place = {"number": number, "offset": (number - 1) * 10, "size": size, "url": f"/v1/uploads/upl_1/parts/{number}"}
    return place | {"headers": {}, "needs_key": True, "etag": None} | changes


def page(*parts: dict, after: int | None = None):
    told = {"id": "upl_1", "key": "raw/a.mp4", "size": 25, "parts": list(parts), "after": after}
    return answer(201, told, date=BEGUN)


def source(folder: Path) -> Path:
    (folder / "a.mp4").write_bytes(bytes(range(25)))
    return folder / "a.mp4"


def plan(folder: Path, **changes) -> Plan:
    values = {"key": "raw/a.mp4", "content_type": None, "resume": None, "on_bytes": lambda _done, _size: None}
    return Plan(source(folder), **(values | changes))


def sent(folder: Path, *answers, **changes) -> Script:
    script = Script(list(answers), BROKEN)
    script.value = script.run(upload(CALM, plan(folder, **changes)))
    return script


def bytes_of(call: Call) -> bytes:
    return b"".join(call.body)


OK = answer(204)


def test_a_file_is_announced_sent_in_parts_and_completed(tmp_path):
    script = sent(tmp_path, page(part(1), part(2), part(3)), OK, OK, OK, MADE)
    assert [(call.method, call.url) for call in script.calls] == [
        ("POST", "/v1/uploads"),
        *(("PUT", f"/v1/uploads/upl_1/parts/{number}") for number in (1, 2, 3)),
        ("POST", "/v1/uploads/upl_1:complete"),
    ]
    assert b"".join(map(bytes_of, script.calls[1:4])) == bytes(range(25))
    assert (script.value.key, script.value.size, script.value.etag) == ("raw/a.mp4", 25, '"e"')


def test_only_the_part_that_failed_is_sent_again(tmp_path):
    script = sent(tmp_path, page(part(1), part(2), part(3)), OK, BROKEN, OK, OK, MADE)
    assert [call.url[-1] for call in script.calls if call.method == "PUT"] == ["1", "2", "2", "3"]


def test_an_upload_that_was_begun_before_sends_what_is_not_there(tmp_path):
    script = sent(tmp_path, page(part(1, etag='"1"'), part(2), part(3, etag='"3"')), OK, MADE, resume="upl_1")
    assert [(call.method, call.url) for call in script.calls[:2]] == [
        ("GET", "/v1/uploads/upl_1"), ("PUT", "/v1/uploads/upl_1/parts/2"),
    ]  # fmt: skip


def test_an_upload_of_another_file_is_not_gone_on_with(tmp_path):
    with pytest.raises(ConflictError, match="Begin a new one"):
        sent(tmp_path, page(part(1)), resume="upl_1", key="raw/b.mp4")


def test_an_error_says_which_upload_can_go_on(tmp_path):
    with pytest.raises(StorageUnavailableError) as raised:
        sent(tmp_path, page(part(1), part(2), part(3)), OK, BROKEN, BROKEN, BROKEN)
    assert raised.value.details["upload_id"] == "upl_1"


def test_many_parts_come_in_pages(tmp_path):
    script = sent(tmp_path, page(part(1), after=1), OK, page(part(2), part(3)), OK, OK, MADE)
    assert script.calls[2].query == {"after": "1"}


def test_a_link_that_is_no_longer_good_is_asked_for_anew(tmp_path):
    link = {"needs_key": False, "headers": {"Content-Type": "video/mp4"}}
    old, new = part(1, url="https://b.example.com/old", **link), part(1, url="https://b.example.com/new", **link)
    expired = answer(403, b"<Error><Code>AccessDenied</Code></Error>")
    script = sent(tmp_path, page(old), expired, page(new), OK, MADE)
    assert [call.url for call in script.calls[1:4]] == [old["url"], "/v1/uploads/upl_1", new["url"]]
    assert script.calls[2].query == {"after": "0", "limit": "1"}
    assert script.calls[3].headers == {"Content-Type": "video/mp4"}


def test_a_key_that_may_not_write_is_refused_once(tmp_path):
    with pytest.raises(AccessDeniedError):
        sent(tmp_path, page(part(1)), problem(403, "access_denied"))


def test_an_object_that_was_made_though_nobody_heard_of_it_is_a_success(tmp_path):
    gone = problem(404, "not_found")
    there = answer(200, content_length="25", etag='"e"', last_modified="Fri, 01 May 2026 10:00:09 GMT")
    assert sent(tmp_path, page(part(3, offset=20)), OK, BROKEN, gone, there).value.size == 25


@pytest.mark.parametrize(
    "there",
    [
        answer(200, content_length="25", etag='"e"', last_modified="Fri, 01 May 2026 09:59:59 GMT"),
        answer(200, content_length="24", etag='"e"', last_modified="Fri, 01 May 2026 10:00:09 GMT"),
        answer(404),
    ],
    ids=["older", "another size", "none"],
)
def test_an_object_of_before_is_no_success(tmp_path, there):
    with pytest.raises(NotFoundError):
        sent(tmp_path, page(part(3)), OK, problem(404, "not_found"), there)


def test_a_file_that_changes_while_it_is_sent_is_refused(tmp_path):
    steps = upload(CALM, plan(tmp_path))
    script = Script([page(part(1), part(2), part(3)), OK, OK, OK], BROKEN)
    real = script._do

    def meddled(step):
        (tmp_path / "a.mp4").write_bytes(bytes(25) + b"more") if len(script.calls) == 4 else None
        return real(step)

    script._do = meddled
    with pytest.raises(ConflictError, match="was changed while it was sent"):
        script.run(steps)


def test_a_file_that_is_not_there_is_an_error_of_its_own(tmp_path):
    steps = upload(CALM, Plan(tmp_path / "nowhere.mp4", "a", None, None, lambda _done, _size: None))
    with pytest.raises(SourceMissingError, match=r"nowhere\.mp4"):
        Script([], BROKEN).run(steps)


def test_how_much_is_sent_is_told_and_never_taken_back(tmp_path):
    told: list[int] = []
    steps = upload(CALM, plan(tmp_path, on_bytes=lambda done, _size: told.append(done)))
    script = Script([page(part(1), part(2), part(3, etag="3")), OK, BROKEN, OK, MADE], BROKEN)
    real = script._do

    def reading(step):
        if getattr(getattr(step, "call", None), "method", "") == "PUT":
            bytes_of(step.call)
        return real(step)

    script._do = reading
    script.run(steps)
    assert told == [10, 20, 25]
