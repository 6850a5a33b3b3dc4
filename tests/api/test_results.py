from tests.api.callers import Caller
from tests.api.worlds import Worker, World

from clipmill.errors import EncoderFailedError


def test_a_result_is_told_with_links_to_its_outputs(there: World, client: Caller):
    job = there.submit()
    clips = [{"output_key": "clips/a b.mp4"}, {"output_key": "out.mp4"}]
    Worker(there.ledger).succeed(output_key="out.mp4", clips=clips)
    told = client.get(f"/v1/jobs/{job.id}/result").json()
    assert told["id"] == job.id
    assert told["result"]["output_key"] == "out.mp4"
    assert told["outputs"] == [
        {"key": "out.mp4", "url": "/v1/objects/out.mp4"},
        {"key": "clips/a b.mp4", "url": "/v1/objects/clips/a%20b.mp4"},
    ]


def test_a_store_that_signs_links_serves_the_outputs_itself(there: World, client: Caller, monkeypatch):
    monkeypatch.setattr(
        type(there.service.store), "sign_get", lambda _, key, seconds: f"https://b/{key}?for={seconds}", raising=False
    )
    job = there.submit()
    Worker(there.ledger).succeed(output_key="out.mp4")
    (output,) = client.get(f"/v1/jobs/{job.id}/result").json()["outputs"]
    assert output["url"] == "https://b/team/out.mp4?for=3600"


def test_there_is_no_result_before_the_end(there: World, client: Caller):
    told = client.get(f"/v1/jobs/{there.submit().id}/result")
    assert (told.status_code, told.json()["code"]) == (409, "conflict")


def test_a_failed_job_says_why_it_has_no_result(there: World, client: Caller):
    job = there.submit()
    Worker(there.ledger).fail(EncoderFailedError("no frames came out."))
    told = client.get(f"/v1/jobs/{job.id}/result")
    assert told.status_code == 409
    assert "EncoderFailedError: no frames came out." in told.json()["detail"]
