"""A started service: what is sent over HTTP is done by children of this machine."""

from collections.abc import Iterator

import pytest
from tests.api.callers import Caller
from tests.api.worlds import World, body

from clipmill.api.app import create_app
from clipmill.api.options import ApiOptions
from clipmill.jobs.dispatch import Service
from clipmill.runners.local import LocalRunner


@pytest.fixture
def started(there: World) -> Iterator[Caller]:
    machine = there.service.machine
    service = Service(there.ledger, machine, LocalRunner(machine))
    there.ledger.keys.issue("nobody", "makes keys needed", [])
    service.start()
    with Caller(create_app(service, ApiOptions(tick_s=0.02))) as caller:
        caller.headers = there.headers()
        yield caller
    service.stop()


def test_a_job_goes_from_its_submission_to_its_result(started: Caller, there: World):
    assert started.get("/readyz").status_code == 200
    there.service.store.put_bytes("team/in.mp4", b"bytes")
    request = {"input_key": "in.mp4", "output_key": "out.mp4", "count": 3}
    where = started.post("/v1/jobs", json=body(function="copy", request=request)).headers["location"]
    told = started.get(where, headers={"Prefer": "wait=60"}).json()
    assert (told["state"], told["percent"]) == ("succeeded", 100)
    result = started.get(f"{where}/result").json()
    assert result["result"]["size"] == 5
    assert result["outputs"] == [{"key": "out.mp4", "url": "/v1/objects/out.mp4"}]
    stream = started.get(f"{where}/events").text
    assert stream.count("event: done") == 1
    assert stream.rstrip().splitlines()[-2] == "event: done"


def test_a_job_under_way_is_stopped(started: Caller):
    where = started.post("/v1/jobs", json=body(function="render_for_ever", request={})).headers["location"]
    while started.get(where).json()["frames_done"] is None:
        pass
    assert started.post(f"{where}:cancel").json()["cancel_requested"]
    assert started.get(where, headers={"Prefer": "wait=60"}).json()["state"] == "cancelled"
