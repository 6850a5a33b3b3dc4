"""What the runner makes of what the platform says, with the platform's words written down."""

import json
import threading
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from tests.jobs.machines import job, machine

from clipmill.errors import CancelledError, InvalidRequestError, TimeoutError, WorkerLostError  # noqa: A004
from clipmill.function.needs import Gpu
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.stored_results import StoredResults
from clipmill.runners.runner import Status
from clipmill.runners.runpod import watch
from clipmill.runners.runpod.place import Place
from clipmill.runners.runpod.runner import Account, RunPodRunner
from clipmill.runners.runpod.watch import Patience

TASK = job("echo", text="hi")
PLACE = Place("cpu1", "x-u1", TASK.digest, TASK.id, TASK.tenant)
GOOD = Outcome(result={"status": "success", "text": "hi"})
QUEUED = (200, {"id": "x-u1", "status": "IN_QUEUE"})
CANCELLED = (200, {"status": "CANCELLED", "workerId": "w1"})
OUT_OF_ORDER = (503, {})
FORGOTTEN = (404, {})
QUICK = Patience(look_s=0.001, stop_s=0.2, forgotten_s=0.2, unsure_s=0.2)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience runs out by how often it is asked for, however slow this machine is."""
    ticks = (Fraction(tick, 100) for tick in count())
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: float(next(ticks))))


class Script:
    """Answers as written, the last line for ever, and remembers what was asked."""

    def __init__(self, *lines: tuple[int, dict[str, Any]]) -> None:
        self._lines: Iterator[tuple[int, dict[str, Any]]] = iter(lines)
        self._last = lines[-1]
        self.asked: list[str] = []
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.split("/")[3])
        if request.content:
            self.bodies.append(json.loads(request.content))
        status, told = next(self._lines, self._last)
        return httpx.Response(status, json=told)


def runner(tmp_path: Path, script: Script, endpoints: dict[Gpu, str] | None = None) -> RunPodRunner:
    account = Account("https://runpod.test/v2", "rpa_1", endpoints or {Gpu.NONE: "cpu1", Gpu.MEDIUM: "gpu2"})
    return RunPodRunner(machine(tmp_path), account, QUICK, httpx.Client(transport=httpx.MockTransport(script)))


def end(there: RunPodRunner, handle: str = PLACE.handle) -> Outcome:
    *_, outcome = there.events(handle)
    assert isinstance(outcome, Outcome)
    return outcome


def kept(tmp_path: Path, task: Job = TASK) -> None:
    StoredResults(machine(tmp_path).store).keep(task, GOOD, [])


def test_a_job_is_watched_through_an_outage(tmp_path: Path):
    ours = {"attempts": 1}
    done = (200, {"status": "COMPLETED", "output": {"status": "success", "text": "hi", "clipmill": ours}})
    script = Script(QUEUED, OUT_OF_ORDER, OUT_OF_ORDER, done)
    assert end(runner(tmp_path, script)) == GOOD
    assert script.asked == ["status"] * 4


def test_while_the_platform_says_nothing_the_store_is_asked(tmp_path: Path):
    kept(tmp_path)
    assert end(runner(tmp_path, Script(OUT_OF_ORDER))) == GOOD


@pytest.mark.parametrize("line", [FORGOTTEN, OUT_OF_ORDER])
def test_a_job_is_lost_only_when_nothing_was_known_of_it_for_long(tmp_path: Path, line: tuple[int, dict[str, Any]]):
    script = Script(line)
    there = runner(tmp_path, script)
    assert there.status(PLACE.handle) is Status.UNKNOWN
    outcome = end(there)
    assert (type(outcome.error), len(script.asked) > 3) == (WorkerLostError, True)


def test_an_end_without_an_outcome_is_a_lost_worker_unless_the_result_is_there(tmp_path: Path):
    failed = (200, {"status": "FAILED", "error": "worker exited with https://x.test/?sig=1"})
    outcome = end(runner(tmp_path, Script(failed)))
    assert isinstance(outcome.error, WorkerLostError)
    assert "sig=1" not in outcome.error.message
    kept(tmp_path)
    assert end(runner(tmp_path, Script(failed))) == GOOD


def test_a_late_note_in_the_place_of_a_result_is_none(tmp_path: Path):
    note = {"run": "x-u1", "started": 1.0, "events": []}
    overwritten = (200, {"status": "COMPLETED", "output": {"clipmill": note}})
    assert isinstance(end(runner(tmp_path, Script(overwritten))).error, WorkerLostError)
    kept(tmp_path)
    assert end(runner(tmp_path, Script(overwritten))) == GOOD


def test_the_time_limit_of_the_platform_is_a_timeout(tmp_path: Path):
    assert isinstance(end(runner(tmp_path, Script((200, {"status": "TIMED_OUT"})))).error, TimeoutError)


def test_cancelled_is_believed_when_the_flag_is_down_and_cancel_is_sent_again_until_then(tmp_path: Path):
    script = Script(CANCELLED)
    there = runner(tmp_path, script)
    machine(tmp_path).store.put_bytes(PLACE.cancel_key, b"")
    assert isinstance(end(there).error, CancelledError)
    assert script.asked.count("cancel") > 1
    assert not machine(tmp_path).store.exists(PLACE.cancel_key)


def test_a_job_cancelled_in_the_queue_ends_at_once(tmp_path: Path):
    script = Script((200, {"status": "CANCELLED"}))
    machine(tmp_path).store.put_bytes(PLACE.cancel_key, b"")
    assert isinstance(end(runner(tmp_path, script)).error, CancelledError)
    assert script.asked == ["status"]


def test_the_order_names_keys_and_how_often_it_may_be_tried(tmp_path: Path):
    script = Script(QUEUED)
    handle = runner(tmp_path, script).submit(TASK)
    assert Place.parse(handle) == PLACE
    assert script.bodies[0]["input"] == {
        "job_id": TASK.id, "function": "echo", "request": {"text": "hi"}, "user_id": "team", "kept": True, "attempts": 3,
    }  # fmt: skip
    assert script.bodies[0]["policy"]["executionTimeout"] == (3 * 600 + 9 + 60) * 1000


def test_a_job_that_is_under_way_is_not_sent_again_by_anybody(tmp_path: Path):
    script = Script(QUEUED)
    first = runner(tmp_path, script).submit(TASK)
    assert runner(tmp_path, script).submit(TASK) == first
    assert script.asked == ["run", "status"]


def test_a_function_goes_to_the_smallest_card_that_is_large_enough(tmp_path: Path):
    account = Account("", "", {Gpu.NONE: "cpu1", Gpu.MEDIUM: "gpu2"})
    assert [account.endpoint_for(gpu) for gpu in (Gpu.NONE, Gpu.SMALL, Gpu.MEDIUM)] == ["cpu1", "gpu2", "gpu2"]
    with pytest.raises(InvalidRequestError, match="large=ID"):
        account.endpoint_for(Gpu.LARGE)


def test_a_runner_that_is_closed_stops_watching_and_leaves_the_job_alone(tmp_path: Path):
    script = Script(QUEUED)
    there = runner(tmp_path, script)
    threading.Timer(0.05, there.close).start()
    with pytest.raises(CancelledError, match="shuts down"):
        list(there.events(PLACE.handle))
    with pytest.raises(CancelledError):
        there.submit(TASK)
    assert set(script.asked) == {"status"}


def test_the_key_of_an_account_is_not_shown():
    assert "rpa_1" not in repr(Account("https://runpod.test", "rpa_1", {}))
