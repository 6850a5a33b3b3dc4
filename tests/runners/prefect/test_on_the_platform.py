"""Prefect's own server and worker processes on this machine.

Most jobs go through our worker, which starts no process for a run: Prefect's own takes six seconds of processor time.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.cli.shell import clipmill
from tests.contracts.runner_contract import OFFERED, RunnerContract, ended, finished
from tests.jobs.machines import job, lives, wait_until
from tests.runners.prefect.captioning import begun, is_free, status
from tests.runners.prefect.platform import QUICK, START_S, Platform, end_all_of, on_postgres
from tests.runners.prefect.reading import LONG, flow_process, in_places, places, run_of, state_of, written
from tests.runners.prefect.sending import shop_of

from clipmill.errors import CancelledError, SourceMissingError, WorkerLostError
from clipmill.function.stages import Stage
from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.caption_book.locks import Database
from clipmill.jobs.caption_book.steps import Step
from clipmill.jobs.job import Job
from clipmill.jobs.ledger.states import State
from clipmill.media.captions.states import Status as StepStatus
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.client import PrefectRunner
from clipmill.runners.prefect.deployables import FLOWS, INITIAL_FLOW, JOB_FLOW, NAME
from clipmill.runners.prefect.deployment import bring
from clipmill.runners.prefect.handle import Handle
from clipmill.runners.prefect.hold import Hold
from clipmill.runners.prefect.places import Places, Terms
from clipmill.runners.prefect.runs import Run, RunState
from clipmill.runners.runner import Runner, Status
from clipmill.storage.store import Store


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    limits = {"CLIPMILL_PREFECT_LIMITS": "small=1,large=1"}
    with on_postgres(tmp_path_factory.mktemp("prefect"), quick=True, **limits) as (platform, _url):
        platform.worker(CLIPMILL_GPU="small")
        yield platform


@pytest.fixture
def runner(platform: Platform, tmp_path: Path) -> Iterator[PrefectRunner]:
    with closing(platform.runner(tmp_path)) as runner:
        yield runner


class TestPrefectRunner(RunnerContract):
    @pytest.fixture
    def runner(self, runner: PrefectRunner) -> PrefectRunner:
        return runner

    @pytest.fixture
    def store(self, platform: Platform) -> Store:
        return platform.store

    @pytest.fixture
    def another_caller(self, platform: Platform, tmp_path: Path) -> Iterator[Runner]:
        with closing(platform.runner(tmp_path)) as caller:
            yield caller


def test_people_see_the_bar_and_prefects_states(platform: Platform, runner: PrefectRunner):
    good, bad = (runner.submit(job(name)) for name in ("echo", "raise_typed"))
    for handle in (good, bad):
        ended(runner, handle)
    wait_until(lambda: (state_of(platform, good), state_of(platform, bad)) == ("COMPLETED", "FAILED"))
    asked = {"type": {"any_": ["progress"]}, "flow_run_id": {"any_": [run_of(good)]}}
    (bar,) = platform.ask("POST", "/artifacts/filter", artifacts=asked)
    assert (bar["data"], bar["description"]) == (100.0, "done")


def test_a_run_that_the_server_forgot_is_answered_from_the_store(
    platform: Platform, runner: PrefectRunner, tmp_path: Path
):
    handle = runner.submit(job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key="forgotten.mp4"))
    _, outcome = ended(runner, handle)
    platform.ask("DELETE", f"/flow_runs/{run_of(handle)}")
    assert runner.status(handle) is Status.FINISHED
    assert ended(runner, handle)[1] == outcome
    platform.store.delete(f"team/jobs/{handle.split('/')[2]}/result.json")
    assert runner.status(handle) is Status.UNKNOWN
    events, lost = ended(runner, handle)
    assert (type(lost.error), events[-1].stage) == (WorkerLostError, Stage.FAILED)


def test_a_job_that_waits_is_cancelled_at_once(platform: Platform, runner: PrefectRunner):
    platform.ask("PATCH", f"/work_pools/{platform.settings.prefect.pool}", is_paused=True)
    try:
        handle = runner.submit(job("echo"))
        assert runner.status(handle) is Status.RUNNING
        runner.cancel(handle)
        assert isinstance(ended(runner, handle)[1].error, CancelledError)
    finally:
        platform.ask("PATCH", f"/work_pools/{platform.settings.prefect.pool}", is_paused=False)


def test_a_run_that_is_called_crashed_stops_and_its_job_begins_again(
    platform: Platform, runner: PrefectRunner, tmp_path: Path
):
    task = job("render_for_ever", path=str(tmp_path / "pid"))
    first = runner.submit(task)
    pid = int(written(tmp_path / "pid"))
    state = {"type": "CRASHED", "name": "Crashed"}
    platform.ask("POST", f"/flow_runs/{run_of(first)}/set_state", state=state, force=True)
    assert isinstance(ended(runner, first)[1].error, WorkerLostError)
    wait_until(lambda: not lives(pid))
    (tmp_path / "pid").unlink()
    second = runner.submit(task)
    assert second != first
    again = int(written(tmp_path / "pid"))
    runner.cancel(second)
    assert isinstance(ended(runner, second)[1].error, CancelledError)
    assert not lives(again)


def test_a_run_that_finds_no_place_waits_in_its_queue_and_keeps_nobody_else_from_work(
    platform: Platform, runner: PrefectRunner
):
    somebody = run_in(platform, "small")
    with closing(Api(platform.settings.prefect)) as api:
        there = Places(api, Terms(renewed_every_s=1.0))
        taken = there.take(somebody)
        assert taken
        with Hold(there, taken, somebody.id, pytest.fail):
            handle = runner.submit(job("process_framing", input_key="nowhere.mp4", output_key="out.mp4"))
            wait_until(lambda: was_put_back(platform, handle))
            assert finished(runner, job("echo"))[1].error is None
            assert not RunState(state_of(platform, handle)).is_final
    assert isinstance(ended(runner, handle)[1].error, SourceMissingError)
    wait_until(lambda: not places(platform))


def run_in(platform: Platform, queue: str) -> Run:
    """A run of somebody else's in a queue."""
    found = platform.ask("GET", f"/work_pools/{platform.settings.prefect.pool}/queues/{queue}")
    return Run(str(uuid4()), RunState.RUNNING, "", None, found["id"])


def was_put_back(platform: Platform, handle: str) -> bool:
    states = platform.ask("GET", f"/flow_run_states/?flow_run_id={run_of(handle)}")
    return any("places" in (state["message"] or "") for state in states)


def test_a_whole_workflow_is_walked_by_one_run(platform: Platform, runner: PrefectRunner):
    _, outcome = finished(runner, job("export_multi_clip", clips=[], output_key="reel.mp4"))
    assert outcome.error is not None
    assert outcome.error.code == "no_clips"


def test_the_command_line_runs_a_job_there_and_says_so(platform: Platform, monkeypatch: pytest.MonkeyPatch):
    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)
    said = clipmill("run", "echo", "--set", "text=hi", "--runner", "prefect", "--json", catalogue=OFFERED)
    assert (said.code, said.json["text"], said.json["runner"]) == (0, "hi", "prefect")


def test_a_worker_that_is_killed_gives_its_place_back_and_its_job_ends_once(platform: Platform, tmp_path: Path):
    """The server waits half as long as it does elsewhere."""
    begun = tmp_path / "begun"
    with shop_of(platform, tmp_path) as shop:
        sent = shop.send("stay_once", path=str(begun), output_key="late.mp4")
        written(begun)
        end_all_of(platform.workers[-1])
        platform.worker(CLIPMILL_GPU="small")
        wait_until(lambda: shop.get(sent).state.terminal, START_S)
        record = shop.get(sent)
        wait_until(lambda: "small" not in in_places(platform))
    with closing(Api(platform.settings.prefect)) as api:
        there = Places(api, Terms(2.0, 12.0, 18.0))
        wait_until(lambda: (place := there.take(run_in(platform, "small"))) and not there.give_back(place))
    assert (record.state, record.attempt) == (State.SUCCEEDED, 2)
    assert len(begun.read_text().split()) == 2


def made_by_hand(platform: Platform, task: Job, queue: str) -> str:
    """A run of the job in a queue that our worker does not serve."""
    deployment = platform.ask("GET", f"/deployments/name/{JOB_FLOW}/{NAME}")["id"]
    given = {"job": json.dumps(task.to_json()), "store": platform.settings.store, "once": True}
    made = platform.ask(
        "POST", f"/deployments/{deployment}/create_flow_run", parameters=given, work_queue_name=queue, name=task.id
    )
    return str(Handle.of(made["id"], task))


def test_the_process_of_prefects_own_worker_carries_a_caption_flow_out(platform: Platform, tmp_path: Path):
    """It takes a place and the lock, fails in the child for want of the video, and leaves neither."""
    bring(platform.settings.prefect, [each for each in FLOWS if each.flow == INITIAL_FLOW], QUICK)
    asked = {"video_id": "match", "tenant_id": "team", "storage_key": "team/nowhere.mp4"}
    run = begun(platform, INITIAL_FLOW, queue="large", **asked)
    database = f"sqlite:///{tmp_path}/book.db"
    platform.start(sys.executable, "-m", "prefect.engine", run, CLIPMILL_DATABASE=database).wait(START_S)
    state = platform.ask("GET", f"/flow_runs/{run}")["state"]
    assert (state["type"], "nowhere.mp4" in state["message"]) == ("FAILED", True)
    with closing(CaptionBook.open(database)) as book:
        assert status(book, "match", Step.INITIAL) is StepStatus.ERROR
        assert is_free(book, "match", Database.LAYOUT)
    assert not places(platform)


@LONG
def test_a_run_of_prefects_own_worker_may_be_ended_and_outlives_its_worker(
    platform: Platform, runner: PrefectRunner, tmp_path: Path
):
    marks = [tmp_path / name for name in ("cancelled", "ended")]
    tasks = [job("render_for_ever", path=str(mark)) for mark in marks]
    handles = [made_by_hand(platform, task, "medium") for task in tasks]
    worker = platform.stock_worker("--work-queue", "medium", "--limit", "2")
    children = [int(written(mark)) for mark in marks]
    flows = [flow_process(child) for child in children]
    os.kill(flows[1], signal.SIGTERM)
    events, outcome = ended(runner, handles[1])
    assert (type(outcome.error), events[-1].stage) == (WorkerLostError, Stage.FAILED)
    os.kill(worker.pid, signal.SIGKILL)
    # Nobody is left to hand the word on: the run hears it by itself.
    runner.cancel(handles[0])
    assert isinstance(ended(runner, handles[0])[1].error, CancelledError)
    wait_until(lambda: not any(lives(pid) for pid in (*children, *flows)))
    assert [state_of(platform, handle) for handle in handles] == ["CANCELLED", "CRASHED"]


def test_what_is_missing_or_differs_is_told_and_brought(platform: Platform, monkeypatch: pytest.MonkeyPatch):
    """The last one here: its deployments send all that follows to another pool."""
    more = {"CLIPMILL_PREFECT_POOL": "another", "CLIPMILL_PREFECT_LIMITS": "small=2,large=1"}
    for name, value in (platform.environment | more).items():
        monkeypatch.setenv(name, value)
    before = {row["name"]: row for row in _deployed("--check")}
    assert (before["another"]["found"], before["another/small"]["words"]) == (False, "queue, 2 at a time")
    assert all(row["found"] for row in _deployed())


def _deployed(*options: str) -> list[dict[str, Any]]:
    said = clipmill("deploy", "prefect", *options, "--json").json
    return said.get("details", said)["functions"]
