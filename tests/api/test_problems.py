import pytest
from tests.api.callers import Caller
from tests.api.worlds import World

from clipmill.api.statuses import STATUSES
from clipmill.errors import every_error


def test_every_error_has_a_status_and_every_status_is_an_errors():
    assert {error.code for error in every_error()} == set(STATUSES)


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        (400, "incomplete_body"),
        (404, "source_missing not_found"),
        (408, "request_timeout"),
        (412, "precondition_failed"),
        (416, "range_not_satisfiable"),
        (410, "source_expired"),
        (403, "access_denied"),
        (401, "unauthorized"),
        (409, "conflict cancelled"),
        (413, "limit_exceeded body_too_large"),
        (429, "rate_limited too_many_jobs too_many_watchers"),
        (500, "encoder_failed decoder_failed internal"),
        (502, "untrusted_certificate"),
        (503, "storage_unavailable storage_write_failed worker_lost"),
        (504, "timeout stalled storage_timeout"),
        (507, "out_of_memory disk_full"),
    ],
)
def test_the_statuses_are_those_that_are_documented(status: int, codes: str):
    assert {code: STATUSES[code] for code in codes.split()} == dict.fromkeys(codes.split(), status)


def test_a_problem_says_what_it_is_in_its_own_media_type(client: Caller):
    told = client.get("/v1/jobs/job_01M7YVE95EBZJRTMNXZ8B14MF7", headers={"X-Request-ID": "mine-1"})
    problem = told.json()
    assert told.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["code"], problem["retryable"]) == (404, "not_found", False)
    assert problem["type"] == "urn:clipmill:problem:not_found"
    assert problem["request_id"] == told.headers["x-request-id"] == "mine-1"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("DELETE", "/v1/jobs", 405), ("GET", "/v1/jobs/%00", 404)],
)
def test_what_is_no_route_is_a_problem_too(client: Caller, method: str, path: str, status: int):
    told = client.request(method, path)
    assert (told.status_code, told.json()["status"]) == (status, status)


def test_a_request_id_that_could_spoil_a_log_is_replaced(client: Caller):
    assert client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "state=asleep", "colour=red", "cursor=!"])
def test_a_wrong_parameter_is_named(client: Caller, query: str):
    told = client.get(f"/v1/jobs?{query}")
    assert told.status_code == 422
    assert query.partition("=")[0] in told.json()["detail"]


def test_a_fault_of_ours_is_told_without_what_happened(there: World, client: Caller, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(type(there.ledger), "jobs", lambda *_: 1 / 0)
    told = client.get("/v1/jobs")
    assert (told.status_code, told.json()["code"]) == (500, "internal")
    assert "division" not in told.text
