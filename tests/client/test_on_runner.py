"""A client that has a runner and no service."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jobs.machines import lives, pid_in
from tests.jobs.sample_functions import CATALOGUE

from clipmill import AsyncClient, Client
from clipmill.client import EventKind, JobState, on_runner
from clipmill.errors import EncoderFailedError, InvalidRequestError, TimeoutError  # noqa: A004 - the job's own


@pytest.fixture(autouse=True)
def own_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(on_runner, "CATALOG", CATALOGUE)
    monkeypatch.setenv("CLIPMILL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CLIPMILL_SCRATCH", str(tmp_path / "scratch"))
    monkeypatch.setenv("CLIPMILL_TENANT", "team")


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(runner="local") as opened:
        yield opened


def test_a_job_is_submitted_watched_and_tells_where_it_ran(client: Client, tmp_path: Path):
    (tmp_path / "store" / "team").mkdir(parents=True)
    (tmp_path / "store" / "team" / "a.mp4").write_bytes(b"source")
    request = {"input_key": "a.mp4", "output_key": "out.mp4", "count": 3}
    job = client.submit("copy", request, labels={"match": "7"})
    events = list(client.watch(job.id))
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    assert {event.kind for event in events[:-1]} == {EventKind.PROGRESS}
    assert (events[-1].kind, events[-1].data["state"]) == (EventKind.DONE, JobState.SUCCEEDED)
    assert [event.seq for event in client.watch(job.id, after=events[-2].seq)] == [events[-1].seq]
    found = client.wait(job.id)
    assert (found.state, found.percent, found.labels, found.data["runner"]) == (
        JobState.SUCCEEDED,
        100.0,
        {"match": "7"},
        "local",
    )
    result = client.result(job.id)
    assert (result.value["runner"], [output.key for output in result.outputs]) == ("local", ["out.mp4"])
    assert (tmp_path / "store" / "team" / "out.mp4").read_bytes() == b"source"


def test_an_error_of_a_job_is_raised_as_it_is(client: Client):
    job = client.submit("raise_typed", {})
    with pytest.raises(EncoderFailedError):
        client.result(job.id)
    assert client.job(job.id).state is JobState.FAILED


def test_a_cancelled_job_ends_and_waiting_for_one_that_goes_on_has_a_limit(client: Client, tmp_path: Path):
    job = client.submit("render_for_ever", {"path": str(tmp_path / "pid")}, idempotency_key="job-7")
    pid = pid_in(tmp_path / "pid")
    with pytest.raises(TimeoutError, match="It goes on"):
        client.wait(job.id, timeout_s=0.1)
    assert client.submit("render_for_ever", {"path": str(tmp_path / "pid")}, idempotency_key="job-7").id == "job-7"
    assert client.cancel("job-7").id == job.id
    assert client.wait(job.id).state is JobState.CANCELLED
    assert client.cancel(job.id).state is JobState.CANCELLED
    assert not lives(pid)


def test_a_store_that_is_given_is_used_in_place_of_the_environments(tmp_path: Path):
    (tmp_path / "mine" / "team").mkdir(parents=True)
    (tmp_path / "mine" / "team" / "a.mp4").write_bytes(b"source")
    with Client(runner="local", store=str(tmp_path / "mine")) as client:
        job = client.submit("copy", {"input_key": "a.mp4", "output_key": "out.mp4", "count": 1})
        client.result(job.id)
    assert (tmp_path / "mine" / "team" / "out.mp4").exists()
    assert not (tmp_path / "store").exists()


def test_it_can_be_awaited():
    async def asked() -> str:
        async with AsyncClient(runner="local") as client:
            job = await client.submit("echo", {"text": "hi"})
            return (await client.result(job.id)).value["text"]

    assert asyncio.run(asked()) == "hi"


def test_what_needs_a_service_says_so(client: Client, tmp_path: Path):
    (tmp_path / "a.mp4").write_bytes(b"source")
    for ask in (
        lambda: client.upload(tmp_path / "a.mp4", "a.mp4"),
        client.usage,
        lambda: list(client.jobs()),
        lambda: client.submit("echo", {}, webhook="https://host/hook"),
    ):
        with pytest.raises(InvalidRequestError, match="no service"):
            ask()


def test_what_cannot_be_meant_is_refused_at_once(client: Client):
    with pytest.raises(InvalidRequestError, match="local"):
        Client(runner="lambda")
    with pytest.raises(InvalidRequestError, match="one of the two"):
        Client("http://host", runner="local")
    with pytest.raises(InvalidRequestError, match="a service has its own"):
        Client("http://host", store="./media")
    with pytest.raises(InvalidRequestError, match="job_unknown"):
        client.wait("job_unknown")
