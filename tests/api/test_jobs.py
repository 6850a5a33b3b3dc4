from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.api.callers import Caller
from tests.api.worlds import Worker, World, body

from clipmill.errors import EncoderFailedError
from clipmill.jobs.ledger.listing import Wanted


def test_a_submitted_job_is_accepted_and_told_where_it_is(client: Caller):
    sent = client.post("/v1/jobs", json=body(labels={"match": "final"}))
    told = client.get(sent.headers["location"]).json()
    assert sent.status_code == 202
    assert told == sent.json()
    assert (told["state"], told["function"], told["labels"]) == ("queued", "echo", {"match": "final"})


def test_a_submitted_job_is_the_keys_tenants_with_what_the_function_needs(there: World, client: Caller):
    job = there.ledger.get("team", client.post("/v1/jobs", json=body(priority="premium")).json()["id"])
    assert (job.tenant, job.function_version, job.max_attempts, job.tier) == ("team", "1", 3, "premium")


def test_the_same_idempotency_key_and_body_is_the_same_job(client: Caller):
    first, second = (client.post("/v1/jobs", json=body(), headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.headers["location"] == second.headers["location"]


def test_the_same_idempotency_key_with_another_body_is_a_conflict(client: Caller):
    client.post("/v1/jobs", json=body(), headers={"Idempotency-Key": "once"})
    other = client.post("/v1/jobs", json=body(request={"text": "bye"}), headers={"Idempotency-Key": "once"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_of_racing_twins_one_makes_the_job(there: World, client: Caller):
    with ThreadPoolExecutor(8) as threads:
        sent = list(
            threads.map(lambda _: client.post("/v1/jobs", json=body(), headers={"Idempotency-Key": "race"}), range(16))
        )
    assert {each.status_code for each in sent} == {202}
    assert len({each.json()["id"] for each in sent}) == 1
    assert len(there.ledger.jobs("team", Wanted()).jobs) == 1


def test_jobs_are_listed_newest_first_a_page_at_a_time(there: World, client: Caller):
    sent = [there.submit().id for _ in range(5)]
    found, cursor = [], None
    while True:
        page = client.get("/v1/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [job["id"] for job in page["jobs"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == sent[::-1]


def test_jobs_are_listed_by_state_and_function(there: World, client: Caller):
    ended, waiting = there.submit(), there.submit()
    Worker(there.ledger).succeed()
    assert [job["id"] for job in client.get("/v1/jobs?state=succeeded").json()["jobs"]] == [ended.id]
    assert [job["id"] for job in client.get("/v1/jobs?state=queued&function=echo").json()["jobs"]] == [waiting.id]
    assert client.get("/v1/jobs?function=copy").json() == {"jobs": [], "cursor": None}


def test_a_list_leaves_out_requests_and_results(there: World, client: Caller):
    there.submit()
    (job,) = client.get("/v1/jobs").json()["jobs"]
    assert {"request", "result"}.isdisjoint(job)


def test_what_a_caller_holds_already_is_not_sent_again(there: World, client: Caller):
    path = f"/v1/jobs/{there.submit().id}"
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_the_tag_changes_with_everything_that_a_caller_sees(there: World, client: Caller):
    path = f"/v1/jobs/{there.submit().id}"
    tags = [client.get(path).headers["etag"]]
    worker = Worker(there.ledger)
    tags.append(client.get(path).headers["etag"])
    worker.progress(10)
    tags.append(client.get(path).headers["etag"])
    client.post(f"{path}:cancel")
    tags.append(client.get(path, headers={"If-None-Match": tags[-1]}).headers["etag"])
    assert len(set(tags)) == 4


def test_a_job_that_waits_is_cancelled_at_once_and_only_once(there: World, client: Caller):
    path = f"/v1/jobs/{there.submit().id}"
    first, second = client.post(f"{path}:cancel"), client.post(f"{path}:cancel")
    assert (first.status_code, first.json()["state"]) == (202, "cancelled")
    assert second.json() == first.json()


def test_a_job_under_way_is_asked_to_stop(there: World, client: Caller):
    path = f"/v1/jobs/{there.submit().id}"
    Worker(there.ledger)
    told = client.post(f"{path}:cancel").json()
    assert (told["state"], told["cancel_requested"]) == ("running", True)


def test_a_stopped_job_is_retried_as_one_that_names_it(there: World, client: Caller):
    job = there.submit()
    Worker(there.ledger).fail(EncoderFailedError("no frames came out."))
    first, second = (client.post(f"/v1/jobs/{job.id}:retry") for _ in range(2))
    assert (first.status_code, first.json()["retry_of"]) == (202, job.id)
    assert first.headers["location"] == second.headers["location"] == f"/v1/jobs/{first.json()['id']}"


def test_a_job_that_did_well_is_not_retried(there: World, client: Caller):
    job = there.submit()
    Worker(there.ledger).succeed()
    assert client.post(f"/v1/jobs/{job.id}:retry").status_code == 409


def test_a_plan_tells_what_a_job_would_do_and_makes_none(there: World, client: Caller):
    told = client.post("/v1/jobs:plan", json=body())
    assert (told.status_code, told.json()["plan"]["will_say"]) == (200, "hi")
    assert there.ledger.jobs("team").jobs == []


OF_OTHERS = [
    ({"video_key": "other/raw.mp4", "tenant_id": "team"}, "video_key"),
    ({"video_key": "team/raw.mp4", "tenant_id": "other"}, "tenant_id"),
]


@pytest.mark.parametrize(("named", "field"), OF_OTHERS, ids=["video_key", "tenant_id"])
def test_a_video_of_another_tenant_is_forbidden_at_once(
    there: World, client: Caller, monkeypatch: pytest.MonkeyPatch, named: dict[str, str], field: str
):
    name = "extract_frames_and_ocr"
    monkeypatch.setitem(there.service.machine.catalogue, name, f"clipmill.functions.{name}:{name}")
    request = {"video_id": "match", **named}
    told = client.post("/v1/jobs", json=body(function=name, request=request))
    problem = told.json()
    assert (told.status_code, problem["code"]) == (403, "forbidden")
    assert problem["errors"][0]["pointer"] == f"/request/{field}"
    assert there.ledger.jobs("team").jobs == []


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/jobs:plan"])
def test_a_workflow_is_checked_by_the_function_that_plans_it(client: Caller, path: str):
    assert client.post(path, json=body(function="echo_twice")).status_code in {200, 202}
    wrong = client.post(path, json=body(function="echo_twice", request={"count": "one"}))
    assert wrong.json()["errors"][0]["pointer"] == "/request/count"
