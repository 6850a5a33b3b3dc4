"""The handler in an event loop of ours, as the platform's SDK drives it."""

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from tests.jobs.machines import lives, machine, pid_in
from tests.jobs.webhooks.receivers import Handler, Receiver, plain

from clipmill.errors import CancelledError
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.post import Post
from clipmill.jobs.webhooks.signing import new_secret
from clipmill.runners.runpod.notes import reported
from clipmill.runners.runpod.place import cancel_key
from clipmill.runners.runpod.worker import FailedError, Worker

RENDER = {"job_id": "job_1", "function": "render_for_ever", "user_id": "team"}


def worker(tmp_path: Path, secret: str | None = None) -> Worker:
    policy = Policy(http=True, private=True, secrets=[secret] if secret else [])
    return Worker(machine(tmp_path), Post(policy), lambda _job, _note: None)


def taken(**given: Any) -> dict[str, Any]:
    return {"id": "x-u1", "input": given}


def test_a_cancel_by_the_platform_returns_when_the_work_has_ended_however_often_it_comes(tmp_path: Path):
    mark = tmp_path / "pid"

    async def cancelled() -> int:
        work = asyncio.create_task(worker(tmp_path).handle(taken(**RENDER, request={"path": str(mark)})))
        pid = await asyncio.to_thread(pid_in, mark)
        for _ in range(3):
            work.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await work
        return pid

    assert not lives(asyncio.run(cancelled()))


def test_a_run_whose_flag_is_up_already_is_cancelled_and_lowers_it(tmp_path: Path):
    store, key = machine(tmp_path).store, cancel_key("team", "job_1", "x-u1")
    store.put_bytes(key, b"")
    with pytest.raises(FailedError) as caught:
        asyncio.run(worker(tmp_path).handle(taken(**RENDER, request={})))
    outcome = reported(json.loads(str(caught.value)))
    assert outcome is not None
    assert isinstance(outcome.error, CancelledError)
    assert not store.exists(key)


def test_the_flag_of_another_run_is_nobodys_business(tmp_path: Path):
    machine(tmp_path).store.put_bytes(cancel_key("team", "job_1", "earlier-u1"), b"")
    told = asyncio.run(worker(tmp_path).handle(taken(job_id="job_1", function="echo", request={}, user_id="team")))
    assert told["status"] == "success"


def test_an_input_that_cannot_be_meant_is_raised_and_not_returned(tmp_path: Path):
    with pytest.raises(FailedError) as caught:
        asyncio.run(worker(tmp_path).handle(taken(type="framing")))
    told = json.loads(str(caught.value))
    assert (told["code"], told["retryable"]) == ("invalid_request", False)


def test_callbacks_are_signed_and_in_order_and_a_receiver_that_hangs_stalls_nothing(tmp_path: Path):
    secret, answers = new_secret(), threading.Event()

    def slow(handler: Handler) -> None:
        answers.wait(30)
        plain(handler, 204)

    request = {"path": str(tmp_path / "attempts"), "count": 0, "output_key": "out.mp4"}
    with Receiver(slow, 204) as receiver:
        call = taken(function="fail_then_work", request=request, callback_url=receiver.url, user_id="team")
        told = asyncio.run(worker(tmp_path, secret).handle(call))
        assert told["output_key"] == "out.mp4"
        answers.set()
        got = [receiver.next(), receiver.next()]
    assert [each.path for each in got] == ["/in/progress", "/in/complete"]
    assert [Webhook(secret).verify(each.body, dict(each.headers)) for each in got] == [
        {"progress": 0, "message": "starting"},
        {"output_video_key": "out.mp4"},
    ]


def test_neither_side_loads_the_sdk_before_it_serves():
    program = (
        "import sys, clipmill.runners.runpod.runner, clipmill.runners.runpod.serve; assert 'runpod' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
