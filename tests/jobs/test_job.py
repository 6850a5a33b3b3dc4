import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.errors import ForbiddenError, InvalidKeyError, InvalidRequestError
from clipmill.jobs.job import Job, new_job_id
from clipmill.storage.keys import validate_job_id

plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(request=st.dictionaries(st.text(), plain_json, max_size=4), tenant=st.sampled_from(["", "team", "a/b"]))
def test_a_job_survives_the_way_through_json(request: dict[str, Any], tenant: str):
    job = Job(new_job_id(), "echo", request, tenant)
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


def test_a_new_id_is_valid_and_ids_of_later_jobs_sort_later(monkeypatch: pytest.MonkeyPatch):
    ids = []
    for milliseconds in (1, 31, 32, 1_700_000_000_000):
        monkeypatch.setattr("time.time_ns", lambda now=milliseconds: now * 1_000_000)
        ids.append(validate_job_id(new_job_id()))
    assert ids == sorted(ids)
    assert {len(job_id) for job_id in ids} == {30}


def test_a_request_that_names_its_tenant_is_that_tenants_and_nobody_elses():
    assert Job("job_1", "echo", {"tenant_id": "team"}).tenant == "team"
    assert Job("job_1", "echo", {"tenant_id": "team"}, "team").tenant == "team"
    with pytest.raises(ForbiddenError, match="'other'"):
        Job("job_1", "echo", {"tenant_id": "other"}, "team")
    with pytest.raises(InvalidKeyError):
        Job("job_1", "echo", {"tenant_id": "../other"})


def test_two_new_ids_differ():
    assert new_job_id() != new_job_id()


def test_a_job_without_an_id_gets_one():
    assert Job.from_json({"function": "echo", "request": {}}).id.startswith("job_")


@pytest.mark.parametrize(
    "data",
    [
        {"request": {}},
        {"function": "echo"},
        {"function": "echo", "request": []},
        {"function": "echo", "request": {}, "tenant": 7},
        {"function": "echo", "request": {}, "kept": 1},
        {"function": "echo", "request": {}, "credentials": "x"},
        {"function": "echo", "request": {"at": float("nan")}},
        {"function": "echo", "request": {"at": {1, 2}}},
    ],
)
def test_what_is_no_job_is_refused(data: dict[str, Any]):
    with pytest.raises(InvalidRequestError):
        Job.from_json(data)


@pytest.mark.parametrize(("job_id", "tenant"), [("a/b", "team"), ("", "team"), ("x" * 129, "team"), ("a", "../team")])
def test_an_id_or_tenant_that_could_leave_its_place_is_refused(job_id: str, tenant: str):
    with pytest.raises(InvalidKeyError):
        Job(job_id, "echo", {}, tenant)


def test_the_digest_tells_requests_apart_and_ignores_id_and_order():
    job = Job("a", "echo", {"x": 1, "y": 2}, "team")
    assert job.digest == Job("b", "echo", {"y": 2, "x": 1}, "team").digest
    others = [
        Job("a", "other", {"x": 1, "y": 2}, "team"),
        Job("a", "echo", {"x": 1}, "team"),
        Job("a", "echo", {"x": 1, "y": 2}),
    ]
    assert job.digest not in {other.digest for other in others}
