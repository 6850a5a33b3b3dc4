import pytest
from tests.client.scripts import CALM, Script, answer, problem

from clipmill.client.calls import Call
from clipmill.client.patience import Patience, answered
from clipmill.errors import (
    ConflictError,
    InvalidRequestError,
    RateLimitedError,
    SourceMissingError,
    StorageTimeoutError,
    StorageUnavailableError,
    TooManyJobsError,
)

LOST = StorageUnavailableError("nobody answers")
CALL = Call("GET", "/v1/functions")


def script(*answers) -> Script:
    return Script(list(answers), LOST)


def test_what_may_pass_is_asked_again_behind_growing_pauses():
    told = script(problem(503, "storage_unavailable"), LOST, answer(200, {"a": 1}))
    assert told.run(answered(CALM, CALL)).json() == {"a": 1}
    assert told.pauses == [1.0, 2.0]
    assert told.calls == [CALL] * 3


def test_patience_ends_with_the_last_error():
    told = script(LOST, LOST, problem(503, "storage_unavailable"))
    with pytest.raises(StorageUnavailableError, match="it is storage_unavailable"):
        told.run(answered(CALM, CALL))
    assert len(told.calls) == 3


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (422, "invalid_request", InvalidRequestError),
        (404, "source_missing", SourceMissingError),
        (409, "conflict", ConflictError),
        (429, "too_many_jobs", TooManyJobsError),
    ],
)
def test_what_will_not_pass_is_asked_once(status, code, kind):
    told = script(problem(status, code))
    with pytest.raises(kind, match=f"it is {code}"):
        told.run(answered(CALM, CALL))
    assert told.pauses == []


def test_a_service_is_left_alone_for_as_long_as_it_says():
    told = script(problem(429, "rate_limited", retry_after="7"), answer())
    told.run(answered(CALM, CALL))
    assert told.pauses == [7.0]


def test_a_service_that_wants_to_be_left_alone_for_too_long_is_an_error():
    told = script(problem(429, "rate_limited", retry_after="3600"))
    with pytest.raises(RateLimitedError) as raised:
        told.run(answered(CALM, CALL))
    assert raised.value.details["retry_after_s"] == 3600


def test_an_error_says_what_the_service_said_of_it():
    told = script(problem(404, "source_missing"))
    with pytest.raises(SourceMissingError) as raised:
        told.run(answered(CALM, CALL))
    assert raised.value.details == {"status": 404, "request_id": "req_1"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(502, StorageUnavailableError), (504, StorageTimeoutError), (404, SourceMissingError), (418, InvalidRequestError)],
)
def test_an_answer_that_is_not_ours_is_told_by_its_status(status, kind):
    impatient = Patience(pauses_s=())
    with pytest.raises(kind, match="bad gateway"):
        script(answer(status, b"<html>bad gateway</html>")).run(answered(impatient, CALL))


def test_secrets_in_the_words_of_others_are_not_repeated():
    body = b"no entry: https://b.example.com/a?X-Amz-Signature=canary"
    with pytest.raises(SourceMissingError) as raised:
        script(answer(404, body)).run(answered(CALM, CALL))
    assert "canary" not in str(raised.value)


def test_pauses_are_shortened_by_chance_to_no_less_than_half():
    shortest, longest = (Patience(pauses_s=(4.0,), draw=lambda drawn=drawn: drawn) for drawn in (0.0, 1.0))
    assert (shortest.pause((4.0,), 1, LOST), longest.pause((4.0,), 1, LOST)) == (2.0, 4.0)


def test_an_answer_that_is_no_json_asks_whether_this_is_a_service():
    with pytest.raises(StorageUnavailableError, match="is there a clipmill service"):
        script(answer(200, b"<html>")).run(answered(CALM, CALL)).json()
