import json

import pytest
from tests.client.scripts import CALM, LOST, Script, answer, problem

from clipmill.client.views import EventKind
from clipmill.client.watching import watch
from clipmill.errors import NotFoundError, StorageTimeoutError, StorageUnavailableError

BROKEN = StorageUnavailableError("the connection was reset")
SILENT = StorageTimeoutError("nothing came for 45 s")


def event(seq: int, kind: str = "progress") -> bytes:
    data = {"job_id": "job_1", "seq": seq, "progress": seq * 10.0, "stage": "processing"}
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def stream(*pieces):
    return answer(200, pieces=pieces, content_type="text/event-stream; charset=utf-8")


def job(state: str, percent: float, **changes):
    ended = state not in {"queued", "running"}
    values = {
        "id": "job_1", "function": "echo", "state": state, "stage": "processing", "percent": percent, "attempt": 1,
        "labels": {}, "created_at": "2026-05-01T10:00:00.000Z",
        "finished_at": "2026-05-01T10:01:00.000Z" if ended else None,
    }  # fmt: skip
    return answer(200, values | changes)


def watched(*answers, after: int = 0, lost=BROKEN) -> Script:
    script = Script(list(answers), lost)
    script.run(watch(CALM, "job_1", after))
    return script


def numbers(script: Script) -> list[int]:
    return [told.seq for told in script.given]


def test_events_are_given_until_the_last():
    script = watched(stream(event(1, "state") + event(2), event(3, "done")))
    assert numbers(script) == [1, 2, 3]
    assert script.given[1].progress.progress == 20.0
    assert script.given[-1].last


def test_a_lost_connection_goes_on_behind_the_last_event():
    script = watched(stream(event(1), event(2), LOST), BROKEN, stream(event(3, "done")))
    assert numbers(script) == [1, 2, 3]
    assert [call.headers.get("Last-Event-ID") for call in script.calls] == [None, "2", "2"]
    assert script.pauses == [1.0, 2.0]


def test_a_stream_that_ends_too_early_is_a_lost_connection():
    assert numbers(watched(stream(event(1)), stream(event(2, "done")))) == [1, 2]


def test_an_event_that_comes_twice_is_given_once():
    assert numbers(watched(stream(event(1), event(2), LOST), stream(event(2), event(3, "done")))) == [1, 2, 3]


def test_every_event_that_comes_renews_the_patience():
    answers = [stream(event(number), LOST) for number in range(1, 9)]
    assert numbers(watched(*answers, stream(event(9, "done")))) == list(range(1, 10))


def test_a_service_that_stays_away_is_an_error():
    with pytest.raises(StorageUnavailableError, match="reset"):
        watched(stream(event(1), LOST), BROKEN, BROKEN)


def test_watching_goes_on_behind_the_event_that_is_named():
    script = watched(stream(event(8), event(9, "done")), after=7)
    assert script.calls[0].headers["Last-Event-ID"] == "7"


def test_a_job_that_was_told_to_its_end_gives_nothing():
    assert watched(answer(204), after=9).given == []


def test_a_job_that_is_not_there_is_an_error():
    with pytest.raises(NotFoundError):
        watched(problem(404, "not_found"))


def test_what_a_newer_service_tells_is_left_out():
    assert numbers(watched(stream(event(1, "rating"), event(2, "done")))) == [2]


@pytest.mark.parametrize(
    "refusal",
    [
        answer(200, b"<html>", content_type="text/html"),
        answer(404, b"no such page"),
        problem(429, "too_many_watchers"),
    ],
    ids=["a page", "a proxy", "too many"],
)
def test_where_no_stream_comes_through_the_job_is_asked_for(refusal):
    script = watched(refusal, job("queued", 0.0), job("running", 0.0), job("running", 40.0), job("succeeded", 100.0))
    assert [(told.kind, told.data["progress"]) for told in script.given] == [
        (EventKind.STATE, 0.0), (EventKind.STATE, 0.0), (EventKind.PROGRESS, 40.0), (EventKind.DONE, 100.0),
    ]  # fmt: skip
    assert {call.url for call in script.calls[1:]} == {"/v1/jobs/job_1"}


def test_a_stream_that_somebody_holds_back_is_given_up_for_asking():
    script = watched(SILENT, SILENT, job("succeeded", 100.0))
    assert [told.kind for told in script.given] == [EventKind.DONE]


def test_the_end_as_it_is_seen_by_asking_tells_the_failure():
    failure = {"code": "corrupt_media", "error": "CorruptMediaError: broken"}
    script = watched(answer(200, b""), job("failed", 12.0, failure=failure))
    assert script.given[-1].data["failure"] == failure
