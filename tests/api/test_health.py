from tests.api.callers import Caller
from tests.api.worlds import Worker, World

from clipmill.api.options import ApiOptions
from clipmill.jobs.dispatch import Service


def test_a_process_that_answers_is_alive(there: World, calling):
    there.key()
    assert calling(there).get("/healthz").json() == {"status": "ok"}


def test_a_service_is_ready_while_it_carries_out_jobs(there: World, calling, monkeypatch):
    monkeypatch.setattr(Service, "ready", True)
    assert calling(there).get("/readyz").json() == {"status": "ready"}


def test_a_service_that_is_not_started_is_not_ready(client: Caller):
    told = client.get("/readyz")
    assert (told.status_code, told.headers["retry-after"]) == (503, "5")


def test_metrics_are_off_unless_enabled(client: Caller):
    assert client.get("/metrics").status_code == 404


def test_metrics_count_jobs_calls_and_events(make_world, calling):
    world = make_world(options=ApiOptions(metrics=True))
    caller = calling(world)
    caller.headers = world.headers()
    world.submit("one"), world.submit("two")
    Worker(world.ledger).succeed()
    job = world.submit()
    caller.get(f"/v1/jobs/{job.id}")
    told = caller.get("/metrics").text
    assert 'clipmill_jobs{state="queued"} 2.0' in told
    assert 'clipmill_jobs{state="succeeded"} 1.0' in told
    assert 'clipmill_http_requests_total{method="GET",route="/v1/jobs/{job_id}",status="200"} 1.0' in told
    assert 'clipmill_http_request_seconds_count{route="/v1/jobs/{job_id}"} 1.0' in told
    assert "clipmill_events_sent_total 0.0" in told
    assert job.id not in told


def test_metrics_want_a_key_of_their_own(make_world, calling):
    world = make_world(options=ApiOptions(metrics=True))
    caller = calling(world)
    assert caller.get("/metrics", headers=world.headers("team", "metrics")).status_code == 200
    assert caller.get("/metrics", headers=world.headers("team", "jobs:read")).status_code == 403


def test_paths_that_callers_invent_do_not_fill_the_meters(make_world, calling):
    world = make_world(options=ApiOptions(metrics=True))
    caller = calling(world)
    for number in range(5):
        caller.get(f"/invented/{number}")
    told = caller.get("/metrics").text
    assert 'route="none",status="404"} 5.0' in told
    assert "invented" not in told
