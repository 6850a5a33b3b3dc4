"""The platform's own worker loop and client, as processes of this machine, against the double of the platform."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.runner_contract import RunnerContract, ended, finished, moving
from tests.jobs.machines import job, lives, pid_in, wait_until
from tests.media_factory import Recipe, make_video
from tests.runners.runpod.platform import ENDPOINT, KEY, Platform

from clipmill.errors import CancelledError, UnauthorizedError, WorkerLostError
from clipmill.jobs.outcome import Outcome
from clipmill.runners.runner import Runner, Status
from clipmill.runners.runpod.runner import RunPodRunner
from clipmill.storage.store import Store


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(tmp_path_factory.mktemp("runpod"), CLIPMILL_GPU="small") as platform:
        yield platform


@pytest.fixture
def runner(platform: Platform, tmp_path: Path) -> Iterator[RunPodRunner]:
    runner = platform.runner(tmp_path)
    yield runner
    runner.close()


class TestRunPodRunner(RunnerContract):
    @pytest.fixture
    def runner(self, platform: Platform, tmp_path: Path) -> Iterator[RunPodRunner]:
        runner = platform.runner(tmp_path)
        yield runner
        runner.close()

    @pytest.fixture
    def store(self, platform: Platform) -> Store:
        return platform.store

    @pytest.fixture
    def another_caller(self, platform: Platform, tmp_path: Path) -> Iterator[Runner]:
        caller = platform.runner(tmp_path)
        yield caller
        caller.close()


def test_a_result_that_the_platform_forgot_is_found_in_the_store(
    platform: Platform, runner: RunPodRunner, tmp_path: Path
):
    task = job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key=f"{tmp_path.name}.mp4")
    handle = runner.submit(task)
    _, outcome = ended(runner, handle)
    platform.forget(handle)
    assert runner.status(handle) is Status.FINISHED
    events, found = ended(runner, handle)
    assert (found, [event.progress for event in events]) == (outcome, [100.0])


def test_a_job_that_is_forgotten_and_left_nothing_is_lost(platform: Platform, runner: RunPodRunner):
    handle = runner.submit(job("echo"))
    ended(runner, handle)
    platform.forget(handle)
    platform.store.delete(f"team/jobs/{handle.split('/')[3]}/result.json")
    assert runner.status(handle) is Status.UNKNOWN
    assert isinstance(ended(runner, handle)[1].error, WorkerLostError)


def test_an_outage_of_the_platform_ends_no_job(platform: Platform, runner: RunPodRunner, tmp_path: Path):
    handle = runner.submit(job("render_for_ever", path=str(tmp_path / "pid")))
    watched = runner.events(handle)
    next(watched)
    platform.behave(outage=True)
    assert runner.status(handle) is Status.UNKNOWN
    platform.behave(outage=False)
    assert moving(watched)
    runner.cancel(handle)
    assert isinstance(ended(runner, handle)[1].error, CancelledError)


def test_a_cancel_that_the_platform_loses_stops_the_work(platform: Platform, runner: RunPodRunner, tmp_path: Path):
    handle = runner.submit(job("render_for_ever", path=str(tmp_path / "pid")))
    pid = pid_in(tmp_path / "pid")
    platform.behave(lossy=True)
    runner.cancel(handle)
    _, outcome = ended(runner, handle)
    platform.behave(lossy=False)
    assert (type(outcome.error), lives(pid)) == (CancelledError, False)
    assert not list(platform.store.list(f"team/temp/{handle.split('/')[3]}"))


def test_a_worker_killed_under_a_job_leaves_it_to_the_next_one(
    platform: Platform, runner: RunPodRunner, tmp_path: Path
):
    mark = tmp_path / "pid"
    handle = runner.submit(job("render_for_ever", path=str(mark)))
    first = pid_in(mark)
    watched = runner.events(handle)
    seen = moving(watched)
    platform.kill_worker()
    wait_until(lambda: not lives(first))
    mark.unlink()
    second = pid_in(mark)
    later = moving(watched)
    assert later[0].seq > seen[-1].seq
    assert later[0].progress >= seen[-1].progress
    runner.cancel(handle)
    *_, outcome = watched
    assert isinstance(outcome, Outcome)
    assert (type(outcome.error), lives(second)) == (CancelledError, False)
    assert platform.state["jobs"][handle.split("/")[1]]["retries"] == 1


def test_the_seconds_of_the_card_are_measured_in_the_worker(platform: Platform, runner: RunPodRunner, tmp_path: Path):
    platform.store.upload(make_video(tmp_path / "in.mp4", Recipe(size=(64, 64), frames=5)), f"{tmp_path.name}/in.mp4")
    _, outcome = finished(runner, job("process_framing", tmp_path.name, input_key="in.mp4", output_key="out.mp4"))
    timings = outcome.value()["timings"]
    assert 0 < timings["gpu_s"] == timings["total_s"]


def test_a_wrong_key_is_told_at_once(platform: Platform, tmp_path: Path):
    with (
        closing(platform.runner(tmp_path, key="rpa_wrong")) as runner,
        pytest.raises(UnauthorizedError, match="RUNPOD_API_KEY"),
    ):
        runner.submit(job("echo"))


CALLER = """
import json, sys, time
import runpod
runpod.api_key, runpod.endpoint_url_base = sys.argv[1:3]
endpoint = runpod.Endpoint(sys.argv[3])
sent, doomed = (endpoint.run({"input": json.loads(text)}) for text in sys.argv[4:6])
result = sent.output(timeout=60)
seen = []
while len(seen) < 2:
    note = doomed._fetch_job().get("output")
    if note and note not in seen:
        seen.append(note)
    time.sleep(0.05)
doomed.cancel()
print(json.dumps({"result": result, "seen": [note["clipmill"]["seq"] for note in seen], "end": doomed.status()}))
"""


def test_the_sdks_own_client_submits_polls_and_cancels(platform: Platform, tmp_path: Path):
    platform.store.upload(make_video(tmp_path / "in.mp4", Recipe(size=(64, 64), frames=5)), "editor/raw.mp4")
    mark = tmp_path / "pid"
    editor = {"job_id": "export_1", "type": "framing", "input_video_key": "raw.mp4", "user_id": "editor"}
    doomed = {"function": "render_for_ever", "request": {"path": str(mark)}, "user_id": "editor"}
    said = subprocess.run(
        [sys.executable, "-c", CALLER, KEY, platform.url, ENDPOINT, json.dumps(editor), json.dumps(doomed)],
        capture_output=True, text=True, check=True, timeout=90, env=dict(os.environ),
    )  # fmt: skip
    told = json.loads(said.stdout.splitlines()[-1])
    assert told["result"]["status"] == "success"
    assert told["result"]["output_video_key"] == "output/export_1/video.mp4"
    assert platform.store.exists("editor/output/export_1/video.mp4")
    assert told["seen"][0] < told["seen"][1]
    assert told["end"] == "CANCELLED"
    wait_until(lambda: not lives(pid_in(mark)))
