"""Events over real connections, from a service in a process of its own."""

import http.client
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.serving import Served, served
from tests.api.worlds import Worker, World
from tests.jobs.machines import wait_until
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect

QUIET_S = 20.0


@dataclass(frozen=True)
class Sent:
    """One event as it came; a comment has no id."""

    id: str
    event: str
    data: dict[str, Any]


class Live:
    """A running service, and the ledger below it as its worker sees it."""

    def __init__(self, world: World, service: Served) -> None:
        self.world = world
        self.service = service
        self.headers = world.headers()

    def stream(self, path: str, last_id: str | None = None) -> Iterator[Sent]:
        """The events of an answer, until it ends or nobody wants more."""
        more = {} if last_id is None else {"Last-Event-ID": last_id}
        with httpx.stream("GET", self.service.url + path, headers=self.headers | more, timeout=QUIET_S) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                elif "data" in fields:
                    yield Sent(fields["id"], fields["event"], json.loads(fields["data"]))
                    fields = {}
                else:
                    fields = {}

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.service.url + path, headers=self.headers | headers, timeout=QUIET_S)

    def socket(self, path: str, **headers: str) -> ClientConnection:
        url = self.service.url.replace("http", "ws", 1) + path
        return connect(url, additional_headers=headers or self.headers, open_timeout=QUIET_S)

    def meter(self, name: str) -> float:
        (line,) = [each for each in self.get("/metrics").text.splitlines() if each.startswith(f"{name} ")]
        return float(line.split()[1])


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    world = World(folder)
    world.key()
    with served(folder) as service:
        yield Live(world, service)
    world.ledger.close()


def finished(world: World, steps: int) -> str:
    """A job that told so many steps of progress and ended."""
    job = world.submit()
    worker = Worker(world.ledger)
    for step in range(steps):
        worker.progress(step)
    worker.succeed(output_key="out.mp4")
    return job.id


def test_a_stream_tells_a_job_from_its_first_event_to_its_last_and_ends(live: Live):
    job_id = finished(live.world, 5)
    told = list(live.stream(f"/v1/jobs/{job_id}/events"))
    assert [each.id for each in told] == [str(number) for number in range(1, 10)]
    assert [each.event for each in told] == ["state", "state", *["progress"] * 5, "state", "done"]
    assert told[-1].data["state"] == "succeeded"
    assert all(each.data["job_id"] == job_id for each in told)


def test_events_come_as_they_happen(live: Live):
    job = live.world.submit()
    stream = live.stream(f"/v1/jobs/{job.id}/events")
    assert next(stream).data["state"] == "queued"
    worker = Worker(live.world.ledger)
    assert next(stream).data["state"] == "running"
    worker.progress(40)
    assert next(stream).data["progress"] == 40
    worker.succeed()
    assert [each.event for each in stream] == ["state", "done"]


def test_a_caller_that_comes_back_again_and_again_hears_everything_once(live: Live):
    job = live.world.submit()
    worker = Worker(live.world.ledger)
    heard: list[Sent] = []
    for round_ in range(4):
        stream = live.stream(f"/v1/jobs/{job.id}/events", heard[-1].id if heard else None)
        for step in range(5):
            worker.progress(round_ * 10 + step)
        heard += [next(stream) for _ in range(4)]
        stream.close()
    worker.succeed()
    heard += live.stream(f"/v1/jobs/{job.id}/events", heard[-1].id)
    last = live.world.ledger.get("team", job.id).last_seq
    assert [each.id for each in heard] == [str(number) for number in range(1, last + 1)]


def test_who_heard_it_all_is_told_not_to_come_back(live: Live):
    job_id = finished(live.world, 1)
    last = list(live.stream(f"/v1/jobs/{job_id}/events"))[-1].id
    assert live.get(f"/v1/jobs/{job_id}/events", **{"Last-Event-ID": last}).status_code == 204


@pytest.mark.parametrize("last_id", ["x", "1.2", "-1", "1e3"])
def test_an_id_that_is_none_of_ours_is_refused(live: Live, last_id: str):
    told = live.get(f"/v1/jobs/{finished(live.world, 0)}/events", **{"Last-Event-ID": last_id})
    assert (told.status_code, told.json()["errors"][0]["parameter"]) == (422, "Last-Event-ID")


def test_several_jobs_on_one_connection_go_on_where_each_of_them_was(live: Live):
    ids = [finished(live.world, 3), finished(live.world, 6)]
    path = f"/v1/events?jobs={','.join(ids)}"
    whole = list(live.stream(path))
    for cut in (1, 5, len(whole) - 1):
        rest = list(live.stream(path, whole[cut - 1].id))
        seqs = [(each.data["job_id"], each.data["seq"]) for each in whole[:cut] + rest]
        assert len(set(seqs)) == len(seqs) == len(whole)
    assert whole[-1].id == "7.10"


def test_a_stream_of_several_jobs_wants_all_of_them(live: Live):
    foreign = live.world.submit("other").id
    assert live.get(f"/v1/events?jobs={finished(live.world, 0)},{foreign}").status_code == 404
    assert live.get("/v1/events?jobs=").status_code == 404
    many = ",".join(f"job_{number:026d}" for number in range(51))
    assert live.get(f"/v1/events?jobs={many}").status_code == 422
    Worker(live.world.ledger).succeed()


def test_a_silent_stream_is_kept_alive_by_comments(live: Live):
    job = live.world.submit()
    url = f"{live.service.url}/v1/jobs/{job.id}/events"
    with httpx.stream("GET", url, headers=live.headers | {"Last-Event-ID": "1"}, timeout=QUIET_S) as answer:
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(6)] == ["retry: 1000", "", ": still here", "", ": still here", ""]
    Worker(live.world.ledger).succeed()


def test_a_watcher_that_goes_is_forgotten(live: Live):
    job = live.world.submit()
    streams = [live.stream(f"/v1/jobs/{job.id}/events") for _ in range(3)]
    for each in streams:
        next(each)
    assert live.meter("clipmill_watchers") == 3
    for each in streams:
        each.close()
    wait_until(lambda: live.meter("clipmill_watchers") == 0)
    Worker(live.world.ledger).succeed()


def test_a_reader_that_stands_still_loses_nothing_and_holds_up_nobody(live: Live):
    job = live.world.submit()
    path = f"/v1/jobs/{job.id}/events"
    slow = live.stream(path)
    next(slow)
    worker = Worker(live.world.ledger)
    for step in range(600):
        worker.ledger.log(worker.lease, f"{step} " + "x" * 2000)
    worker.succeed()
    last = live.world.ledger.get("team", job.id).last_seq
    assert len(list(live.stream(path))) == last
    assert [each.id for each in slow] == [str(number) for number in range(2, last + 1)]


def test_a_socket_tells_the_same_as_a_stream(live: Live):
    job_id = finished(live.world, 4)
    with live.socket(f"/v1/ws/jobs/{job_id}") as told:
        messages = [json.loads(message) for message in told]
    assert [Sent(**each) for each in messages] == list(live.stream(f"/v1/jobs/{job_id}/events"))


def test_a_socket_goes_on_behind_an_event_and_closes_well(live: Live):
    job = live.world.submit()
    with live.socket(f"/v1/ws/jobs/{job.id}?after=1") as told:
        Worker(live.world.ledger).succeed()
        assert [json.loads(told.recv())["id"] for _ in range(3)] == ["2", "3", "4"]
        with pytest.raises(ConnectionClosedOK):
            told.recv()


def test_a_socket_that_its_caller_closes_is_forgotten(live: Live):
    job = live.world.submit()
    with live.socket(f"/v1/ws/jobs/{job.id}") as told:
        told.recv()
        assert live.meter("clipmill_watchers") == 1
    wait_until(lambda: live.meter("clipmill_watchers") == 0)
    Worker(live.world.ledger).succeed()


@pytest.mark.parametrize(
    ("tenant", "path", "status"),
    [
        ("other", "/v1/ws/jobs/{job_id}", 404),
        ("team", "/v1/ws/jobs/job_0", 404),
        ("team", "/v1/ws/jobs/{job_id}?after=x", 422),
        (None, "/v1/ws/jobs/{job_id}", 401),
    ],
)
def test_a_socket_is_refused_with_the_problem_that_a_call_would_get(
    live: Live, tenant: str | None, path: str, status: int
):
    headers = {"X-API-Key": live.world.key(tenant)} if tenant else {"X-Nothing": "1"}
    with pytest.raises(InvalidStatus) as refused:
        live.socket(path.format(job_id=finished(live.world, 0)), **headers)
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"")["status"] == status


def test_a_connection_serves_one_call_after_another(live: Live):
    host, port = live.service.url.removeprefix("http://").split(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=QUIET_S)) as connection:
        sockets: list[object] = []
        for _ in range(3):
            connection.request("GET", "/v1/jobs", headers=dict(live.headers))
            told = connection.getresponse()
            told.read()
            assert told.status == 200
            sockets.append(connection.sock)
    assert sockets[0] is not None
    assert all(used is sockets[0] for used in sockets)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[[], Live]]:
    """A service that the test may end."""
    world = World(tmp_path)
    world.key()
    with served(tmp_path) as service:
        yield lambda: Live(world, service)
    world.ledger.close()


def test_a_service_that_is_asked_to_end_does_not_wait_for_watchers(own: Callable[[], Live]):
    live = own()
    stream = live.stream(f"/v1/jobs/{live.world.submit().id}/events")
    next(stream)
    begun = time.monotonic()
    live.service.process.send_signal(signal.SIGTERM)
    assert list(stream) == []
    live.service.process.wait(QUIET_S)
    assert time.monotonic() - begun < QUIET_S
