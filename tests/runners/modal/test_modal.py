"""The real client, the real container entrypoint, our worker and our client, on the double of the control plane."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import modal
import pytest
from tests.cli.shell import clipmill
from tests.contracts.runner_contract import RunnerContract, ended, finished, moving
from tests.jobs.machines import job, lives, machine, pid_in, wait_until
from tests.runners.modal.cloud import ROOT, Cloud, cloud
from tests.runners.modal.sample_app import BODIES, CATALOGUE

from clipmill.errors import EncoderFailedError, InvalidRequestError, WorkerLostError
from clipmill.function.stages import Stage
from clipmill.functions.catalog import ALIASES, CATALOG
from clipmill.jobs.dispatch import Service
from clipmill.jobs.events import Event
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.states import State
from clipmill.jobs.ledger.submissions import Submission
from clipmill.jobs.outcome import Outcome
from clipmill.runners.modal.app import build
from clipmill.runners.modal.client import ModalRunner
from clipmill.runners.modal.opening import opened
from clipmill.runners.runner import Status
from clipmill.storage.store import Store

APP = "clipmill-video"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("modal")) as here:
        here.deploy(CATALOGUE, BODIES)
        yield here


def caller(deployed: Cloud) -> ModalRunner:
    return deployed.runner(machine(deployed.folder, deployed.store))


@pytest.fixture
def runner(deployed: Cloud) -> ModalRunner:
    return caller(deployed)


class TestModalRunner(RunnerContract):
    @pytest.fixture
    def runner(self, runner: ModalRunner) -> ModalRunner:
        return runner

    @pytest.fixture
    def store(self, deployed: Cloud) -> Store:
        return deployed.store

    @pytest.fixture
    def another_caller(self, deployed: Cloud) -> ModalRunner:
        return caller(deployed)


def flat(**more: object) -> dict[str, object]:
    return {"job_id": new_job_id(), "user_id": "team", **more}


def test_every_function_and_its_generator_is_found_by_name(deployed: Cloud):
    for name in CATALOGUE:
        for deployed_name in (name, f"{name}_stream"):
            modal.Function.from_name(APP, deployed_name).hydrate()


def test_needs_are_told_in_the_words_of_the_platform(deployed: Cloud):
    words = {
        "gpus": ["L4", "T4"],
        "memory_mib": 5120,
        "cpu": 4,
        "timeout_s": 369,
        "retries": 0,
        "max_containers": 10,
        "scaledown_s": 600,
    }
    told = deployed.functions()["stay_twice"]
    assert told | words == told
    assert "r2-credentials" in told["secrets"]


def test_a_secret_without_its_keys_is_refused(deployed: Cloud):
    wrong = replace(deployed.settings.modal, app="clipmill-wrong", secrets=("wasabi",))
    app = build(replace(deployed.settings, modal=wrong), {"echo": CATALOGUE["echo"]}, BODIES)
    with pytest.raises(modal.Error, match="WASABI_ACCESS_KEY"):
        app.deploy()


def test_an_app_that_is_not_deployed_is_told_when_the_runner_is_opened(deployed: Cloud, tmp_path: Path):
    nowhere = replace(deployed.settings.modal, app="clipmill-nowhere")
    with pytest.raises(InvalidRequestError, match="clipmill deploy modal"):
        opened(replace(deployed.settings, modal=nowhere), machine(tmp_path))


def test_a_function_is_called_with_flat_parameters(deployed: Cloud):
    work = modal.Function.from_name(APP, "fail_then_work")
    given = flat(output_key="flat.mp4", count=0)
    result = work.remote(**given)
    assert (result["status"], result["output_key"]) == ("success", "flat.mp4")
    assert deployed.store.get_bytes("team/flat.mp4") == b"at last"
    assert work.spawn(**given).get() == result


def test_a_failure_is_the_answer_unless_the_caller_wants_it_raised(deployed: Cloud):
    fail = modal.Function.from_name(APP, "raise_typed")
    answer = fail.remote(**flat())
    assert (answer["status"], answer["code"], answer["retryable"]) == ("error", "encoder_failed", False)
    with pytest.raises(EncoderFailedError):
        fail.remote(**flat(error_mode="raise"))


def test_a_generator_tells_events_and_then_the_result(deployed: Cloud):
    deployed.store.put_bytes("team/c.mp4", b"pictures")
    copied = modal.Function.from_name(APP, "copy_stream")
    first, *events, result = copied.remote_gen(
        **flat(job_id="job_stream", input_key="c.mp4", output_key="d.mp4", count=3)
    )
    assert first["call_id"].startswith("fc-")
    assert (first["job_id"], first["stage"]) == ("job_stream", "starting")
    assert [event["stage"] for event in events][-1] == "done"
    assert any(event["frames_done"] == 3 for event in events)
    assert result["output_key"] == "d.mp4"


def test_a_caller_that_was_killed_is_replaced_by_its_handle(deployed: Cloud, runner: ModalRunner, tmp_path: Path):
    mark = tmp_path / "pid"
    program = (
        "import sys, time\n"
        "from clipmill.jobs.job import Job\n"
        "from clipmill.runners.modal.client import ModalRunner\n"
        "from clipmill.settings import Settings\n"
        "from clipmill.storage.open import open_store\n"
        "settings = Settings.from_environment()\n"
        "runner = ModalRunner(settings, settings.machine(open_store(settings.store, {}), {}))\n"
        "print(runner.submit(Job('job_left', 'render_for_ever', {'path': sys.argv[1]}, 'team')), flush=True)\n"
        "time.sleep(600)\n"
    )
    environment = os.environ | deployed.environment
    arguments = [sys.executable, "-c", program, str(mark)]
    with subprocess.Popen(arguments, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        handle = first.stdout.readline().strip()
        first.kill()
    assert runner.status(handle) is Status.RUNNING
    assert moving(runner.events(handle))
    pid = pid_in(mark)
    assert runner.submit(Job("job_left", "render_for_ever", {"path": str(mark)}, "team")) == handle
    runner.cancel(handle)
    events, _ = ended(runner, handle)
    assert events[-1].stage is Stage.CANCELLED
    wait_until(lambda: not lives(pid))


def test_a_job_whose_containers_are_taken_away_and_killed_ends_once(
    deployed: Cloud, runner: ModalRunner, tmp_path: Path
):
    begun = tmp_path / "begun"
    handle = runner.submit(job("stay_twice", path=str(begun), output_key="late.mp4"))
    told = runner.events(handle)
    seen: list[Event | Outcome] = []
    for number, how in enumerate((signal.SIGINT, signal.SIGKILL), start=1):
        while not begun.exists() or len(begun.read_text().split()) < number:
            seen.append(next(told))
        os.kill(container_of(int(begun.read_text().split()[-1])), how)
    *seen, outcome = (*seen, *told)
    assert isinstance(outcome, Outcome)
    assert outcome.value()["output_key"] == "late.mp4"
    assert all(first.seq < second.seq and first.progress <= second.progress for first, second in pairwise(seen))
    assert [event.stage for event in seen if event.stage in {Stage.CANCELLED, Stage.FAILED}] == []
    assert len(begun.read_text().split()) == 3
    assert not any(lives(int(pid)) for pid in begun.read_text().split())
    assert deployed.store.get_bytes("team/late.mp4") == b"at last"


def test_a_forgotten_call_is_answered_from_the_store(deployed: Cloud, runner: ModalRunner, tmp_path: Path):
    task = job("fail_then_work", path=str(tmp_path / "attempts"), count=0, output_key="forgotten.mp4")
    handle = runner.submit(task)
    outcome = ended(runner, handle)[1]
    # The board tells of the last call of a job only.
    assert finished(runner, task)[1] == outcome
    deployed.post(f"forget/{handle.partition('/')[0]}")
    assert runner.status(handle) is Status.FINISHED
    assert ended(runner, handle)[1] == outcome


def test_a_call_that_nobody_knows_is_unknown_and_its_job_may_be_sent_again(runner: ModalRunner):
    handle = f"fc-999/{'0' * 64}/job_nowhere/team"
    assert runner.status(handle) is Status.UNKNOWN
    _, outcome = ended(runner, handle)
    assert isinstance(outcome.error, WorkerLostError)
    assert outcome.error.retryable


def test_a_platform_that_does_not_answer_is_asked_again(deployed: Cloud, runner: ModalRunner):
    handle = runner.submit(job("echo", text="hi"))
    first = ended(runner, handle)[1]
    deployed.post("refuse/on")
    assert runner.status(handle) is Status.UNKNOWN
    told = runner.events(handle)
    assert next(told)
    deployed.post("refuse/off")
    *_, outcome = told
    assert outcome == first


def test_the_command_line_runs_a_job_there_and_says_so(deployed: Cloud, monkeypatch: pytest.MonkeyPatch):
    for name, value in deployed.environment.items():
        monkeypatch.setenv(name, value)
    said = clipmill("run", "echo", "--set", "text=hi", "--runner", "modal", "--json", catalogue=CATALOGUE)
    assert (said.code, said.json["text"], said.json["runner"]) == (0, "hi", "modal")


def test_another_store_than_that_of_the_deployment_is_refused(deployed: Cloud, tmp_path: Path):
    elsewhere = ModalRunner(replace(deployed.settings, store="s3://elsewhere"), machine(tmp_path))
    _, outcome = finished(elsewhere, job("echo"))
    assert isinstance(outcome.error, InvalidRequestError)
    assert "s3://elsewhere" in outcome.error.message


def test_a_service_carries_its_jobs_there(deployed: Cloud, runner: ModalRunner, tmp_path: Path):
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    service = Service(ledger, machine(deployed.folder, deployed.store), runner)
    service.start()
    try:
        sent = ledger.submit(Submission("fail_then_work", {"count": 0, "output_key": "served.mp4"}, "team"))
        service.wake()
        wait_until(lambda: ledger.get("team", sent.id).state.terminal)
        record = ledger.get("team", sent.id)
    finally:
        service.stop()
    assert (record.state, record.runner) == (State.SUCCEEDED, "modal")
    assert record.handle is not None
    assert runner.status(record.handle) is Status.FINISHED


def test_a_deployment_by_the_command_line_is_looked_up(deployed: Cloud, monkeypatch: pytest.MonkeyPatch):
    surroundings = {"CLIPMILL_MODAL_APP": "clipmill-cli", "CLIPMILL_STORE": "s3://bucket"}
    surroundings |= {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    for name, value in (deployed.environment | surroundings).items():
        monkeypatch.setenv(name, value)
    before = clipmill("deploy", "modal", "--check")
    assert (before.code, "missing" in before.stderr) == (3, True)
    after = clipmill("deploy", "modal", "--json")
    assert after.code == 0
    rows = {row["name"]: row for row in after.json["functions"]}
    assert set(rows) == {name + end for name in (*CATALOG, *ALIASES) for end in ("", "_stream")}
    assert all(row["found"] for row in rows.values())
    assert rows["process_video"]["words"] == "L4 or T4, 4 cores, 5 GiB, 969 s"


def container_of(pid: int) -> int:
    """The container that a child lives in: its parent, or the parent of the warm process that forked it."""
    while b"_container_entrypoint" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid
