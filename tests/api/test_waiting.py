import threading
import time

import pytest
from tests.api.callers import Caller
from tests.api.worlds import Worker, World


def test_a_call_that_prefers_to_wait_is_answered_when_the_job_has_ended(there: World, client: Caller):
    job = there.submit()
    worker = Worker(there.ledger)
    timer = threading.Timer(0.3, worker.succeed)
    timer.start()
    told = client.get(f"/v1/jobs/{job.id}", headers={"Prefer": "wait=30"})
    timer.join()
    assert told.json()["state"] == "succeeded"
    assert told.headers["preference-applied"] == "wait=30"


def test_a_call_that_waited_long_enough_is_told_how_the_job_stands(there: World, client: Caller):
    job = there.submit()
    begun = time.monotonic()
    told = client.get(f"/v1/jobs/{job.id}", headers={"Prefer": "respond-async, wait=1"})
    assert told.json()["state"] == "queued"
    assert time.monotonic() - begun >= 1


def test_progress_alone_does_not_end_the_wait(there: World, client: Caller):
    job = there.submit()
    worker = Worker(there.ledger)
    timer = threading.Timer(0.2, worker.progress, [40])
    timer.start()
    told = client.get(f"/v1/jobs/{job.id}", headers={"Prefer": "wait=1"}).json()
    timer.join()
    assert (told["state"], told["percent"]) == ("running", 40)


def test_nobody_waits_for_a_job_that_has_ended(there: World, client: Caller):
    job = there.submit()
    Worker(there.ledger).succeed()
    told = client.get(f"/v1/jobs/{job.id}", headers={"Prefer": "wait=60"})
    assert told.json()["state"] == "succeeded"


def test_a_wait_answers_with_304_when_nothing_has_changed(there: World, client: Caller):
    path = f"/v1/jobs/{there.submit().id}"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"Prefer": "wait=1", "If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("prefer", ["wait=abc", "wait=-1", "handling=lenient", "wait"])
def test_a_preference_that_makes_no_sense_is_passed_over(there: World, client: Caller, prefer: str):
    told = client.get(f"/v1/jobs/{there.submit().id}", headers={"Prefer": prefer})
    assert told.status_code == 200
    assert "preference-applied" not in told.headers
