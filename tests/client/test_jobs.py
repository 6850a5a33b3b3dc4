"""Both clients against a real service."""

import json
import threading
from pathlib import Path

import anyio
import pytest
from standardwebhooks import Webhook
from tests.client.conftest import SECRET
from tests.jobs.machines import pid_in, wait_until
from tests.jobs.webhooks.receivers import Got, Receiver
from tests.served import Served

from clipmill import AsyncClient, Client
from clipmill.client import EventKind, JobState, Patience, RemoteEvent
from clipmill.errors import (
    AccessDeniedError,
    CancelledError,
    ConflictError,
    EncoderFailedError,
    InvalidRequestError,
    NotFoundError,
    StorageUnavailableError,
    TimeoutError,  # noqa: A004
    UnauthorizedError,
)
from clipmill.jobs.ledger.kinds import EventKind as LedgerEventKind
from clipmill.jobs.ledger.states import State


def stored(served: Served, key: str, data: bytes = b"bytes", tenant: str = "local") -> None:
    path = served.data / tenant / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_a_job_is_sent_watched_and_answered(served: Served, client: Client):
    stored(served, "raw/a.mp4")
    job = client.submit("copy", {"input_key": "raw/a.mp4", "output_key": "out/a.mp4", "count": 3}, labels={"for": "us"})
    assert (job.function, job.labels) == ("copy", {"for": "us"})
    told = list(client.watch(job.id))
    assert [event.seq for event in told] == list(range(1, len(told) + 1))
    assert {event.kind for event in told} >= {EventKind.STATE, EventKind.PROGRESS, EventKind.DONE}
    assert [event.last for event in told[-2:]] == [False, True]
    result = client.result(job.id)
    assert (result.value["size"], [output.key for output in result.outputs]) == (5, ["out/a.mp4"])
    assert client.job(job.id).state is JobState.SUCCEEDED


def test_the_bar_of_a_watched_job_never_falls(served: Served, client: Client):
    stored(served, "raw/a.mp4")
    job = client.submit("copy", {"input_key": "raw/a.mp4", "output_key": "out/b.mp4", "count": 20})
    shown = [event.progress.progress for event in client.watch(job.id) if event.progress]
    assert shown
    assert shown == sorted(shown)


def test_an_address_is_told_of_a_job_until_its_end(served: Served, client: Client):
    stored(served, "raw/a.mp4")
    with Receiver() as receiver:
        asked = {"input_key": "raw/a.mp4", "output_key": "out/called.mp4", "count": 3}
        job = client.submit("copy", asked, callback_url=receiver.url)
        # Of a job as short as this one, the end may be all that there was time to tell.
        last = _callbacks(receiver)[-1]
    assert (last.path, json.loads(last.body)) == ("/in/complete", {"output_video_key": "out/called.mp4"})
    assert client.job(job.id).state is JobState.SUCCEEDED


def test_an_address_is_told_how_far_a_job_is_while_it_is_under_way(client: Client, tmp_path: Path):
    with Receiver() as receiver:
        job = client.submit("render_for_ever", {"path": str(tmp_path / "pid")}, callback_url=receiver.url)
        first = receiver.next()
        client.cancel(job.id)
        got = [first, *_callbacks(receiver)]
    bars = [Webhook(SECRET).verify(each.body, dict(each.headers))["progress"] for each in got[:-1]]
    assert first.path == "/in/progress"
    assert bars == sorted(bars)
    assert got[-1].path == "/in/error"


def test_a_job_that_failed_raises_its_error(client: Client):
    job = client.submit("raise_typed", {})
    with pytest.raises(EncoderFailedError, match="x264 failed"):
        client.result(job.id)
    assert client.wait(job.id).state is JobState.FAILED


def test_waiting_ends_with_the_job_or_in_time(client: Client, tmp_path: Path):
    job = client.submit("render_for_ever", {"path": str(tmp_path / "pid")})
    with pytest.raises(TimeoutError, match="It goes on"):
        client.wait(job.id, timeout_s=0.2)
    client.cancel(job.id)
    ended = client.wait(job.id, timeout_s=30)
    assert ended.state is JobState.CANCELLED
    assert isinstance(ended.error, CancelledError)
    with pytest.raises(ConflictError):
        client.retry(client.submit("echo", {}).id)


def test_the_same_idempotency_key_is_the_same_job(client: Client):
    first = client.submit("echo", {"text": "a"}, idempotency_key="one")
    assert client.submit("echo", {"text": "a"}, idempotency_key="one").id == first.id
    with pytest.raises(ConflictError):
        client.submit("echo", {"text": "b"}, idempotency_key="one")
    assert client.submit("echo", {"text": "a"}).id != first.id


def test_a_stopped_job_is_done_again(client: Client):
    job = client.submit("raise_typed", {})
    client.wait(job.id)
    again = client.retry(job.id)
    assert again.id != job.id
    assert again.data["retry_of"] == job.id


def test_jobs_are_listed_over_all_pages(client: Client):
    sent = [client.submit("echo", {"text": "listed"}, labels={"list": "yes"}).id for _ in range(3)]
    client.wait(sent[-1])
    found = [job.id for job in client.jobs(function="echo")]
    assert [job_id for job_id in found if job_id in sent] == sent[::-1]
    assert sent[0] not in [job.id for job in client.jobs(state="failed")]


def test_a_plan_makes_no_job(client: Client):
    before = len(list(client.jobs()))
    assert client.plan("echo", {"text": "hi"})["will_say"] == "hi"
    assert len(list(client.jobs())) == before


def test_functions_and_usage_are_told(client: Client):
    assert {"echo", "process_framing", "export_multi_clip"} <= {each["name"] for each in client.functions()}
    assert client.usage()["jobs"] >= 0


def test_a_wrong_request_says_where_it_is_wrong(client: Client):
    with pytest.raises(InvalidRequestError, match="did you mean text") as raised:
        client.submit("echo", {"txt": "hi"})
    assert raised.value.details["errors"][0]["pointer"].startswith("/request")


def test_a_job_that_is_not_there_is_an_error(client: Client):
    for ask in (client.job, client.cancel, client.retry, client.wait, lambda job_id: list(client.watch(job_id))):
        with pytest.raises(NotFoundError, match="there is no job"):
            ask("job_01M7YW9R6J5Q5KBPNBEM8H4V4Z")


def test_an_id_is_never_taken_for_a_path(client: Client):
    with pytest.raises(NotFoundError):
        client.job("../functions")


def test_the_awaited_client_does_the_same(served: Served):
    stored(served, "raw/a.mp4")

    async def work() -> None:
        async with AsyncClient(served.url) as client:
            job = await client.submit("copy", {"input_key": "raw/a.mp4", "output_key": "out/c.mp4"})
            told = [event async for event in client.watch(job.id)]
            assert told[-1].last
            assert (await client.result(job.id)).outputs[0].key == "out/c.mp4"
            assert job.id in [each.id async for each in client.jobs()]
            with pytest.raises(InvalidRequestError):
                await client.submit("echo", {"txt": "hi"})

    anyio.run(work)


def test_an_awaited_watch_can_be_left_at_any_time(served: Served, tmp_path: Path):
    async def work() -> int:
        async with AsyncClient(served.url) as client:
            job = await client.submit("render_for_ever", {"path": str(tmp_path / "pid")})
            told = 0
            with anyio.move_on_after(30):
                async for event in client.watch(job.id):
                    told += 1
                    if event.kind is EventKind.PROGRESS:
                        break
            await client.cancel(job.id)
            return told

    assert anyio.run(work)


def test_address_and_key_come_from_the_environment(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_URL", served.url + "/")
    with Client() as client:
        assert client.functions()


def test_where_nobody_listens_is_told_with_what_to_do():
    with (
        Client("http://127.0.0.1:9", patience=Patience(pauses_s=())) as client,
        pytest.raises(StorageUnavailableError, match="Check its address"),
    ):
        client.functions()


def test_an_address_that_holds_a_password_is_refused():
    with pytest.raises(InvalidRequestError, match="CLIPMILL_API_KEY") as raised:
        Client("https://me:canary@host")
    assert "canary" not in str(raised.value)


def test_a_key_that_would_break_a_header_is_refused_and_not_shown():
    with pytest.raises(InvalidRequestError, match="api_key") as raised:
        Client("http://host", "canary\r\nX-Other: 1")
    assert "canary" not in str(raised.value)


def test_states_and_kinds_are_those_of_the_service():
    assert {state.value: state.final for state in JobState} == {state.value: state.terminal for state in State}
    assert [kind.value for kind in EventKind] == [kind.value for kind in LedgerEventKind]


def test_a_watch_outlives_a_restart_of_the_service(tmp_path: Path):
    with Served(tmp_path, CLIPMILL_RUNNING_JOBS="1") as served, Client(served.url) as client:
        client.submit("render_for_ever", {"path": str(tmp_path / "pid")})
        pid_in(tmp_path / "pid")
        waiting = client.submit("echo", {"text": "hi"})
        told: list[RemoteEvent] = []
        watching = threading.Thread(target=lambda: told.extend(_noted(client, waiting.id, tmp_path / "begun")))
        watching.start()
        wait_until((tmp_path / "begun").exists)
        served.restart()
        client.cancel(waiting.id)
        watching.join(30)
        assert [(event.seq, event.kind) for event in told] == [(1, EventKind.STATE), (2, EventKind.DONE)]


def _noted(client: Client, job_id: str, begun: Path):
    for event in client.watch(job_id):
        begun.touch()
        yield event


def with_another_end(key: str) -> str:
    """The key with another last digit, whatever that was."""
    return key[:-1] + ("0" if key[-1] != "0" else "1")


def test_keys_open_what_they_are_good_for(tmp_path: Path):
    from clipmill.jobs.ledger import Ledger

    with Served(tmp_path) as served:
        ledger = Ledger.open(f"sqlite:///{served.data}/ledger.db")
        keys = {
            tenant: ledger.keys.issue(tenant, "test", scopes)[0]
            for tenant, scopes in {"red": ["jobs:read", "jobs:write"], "blue": ["jobs:read"]}.items()
        }
        ledger.close()
        red, blue = (Client(served.url, key) for key in keys.values())
        with red, blue:
            job = red.submit("echo", {})
            assert red.wait(job.id).state is JobState.SUCCEEDED
            with pytest.raises(NotFoundError):
                blue.job(job.id)
            with pytest.raises(AccessDeniedError):
                blue.submit("echo", {})
        for wrong in ("", "cm_wrong", with_another_end(keys["red"])):
            with Client(served.url, wrong) as stranger, pytest.raises(UnauthorizedError) as raised:
                stranger.functions()
            assert wrong == "" or wrong not in str(raised.value)
        assert not any(key in served.log for key in keys.values())
        assert not any(key in repr(red) for key in keys.values())


def _callbacks(receiver: Receiver) -> list[Got]:
    """What an address hears of one job from now on."""
    got = [receiver.next()]
    while got[-1].path == "/in/progress":
        got.append(receiver.next())
    return got
