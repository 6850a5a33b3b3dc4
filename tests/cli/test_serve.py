import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.shell import Said, clipmill, finished, started
from tests.jobs.machines import DEADLINE_S, lives, nothing_left, pid_in, wait_until
from tests.media_factory import Recipe, make_video
from tests.served import PROGRAM, Served, plain_environment

from clipmill.api import journal
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.ledger.states import State

EVERYBODY = "0.0.0.0"  # noqa: S104 - what is refused here


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served"), CLIPMILL_METRICS="on", CLIPMILL_BODY_MB="0.001") as service:
        yield service


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Said]:
    """What is said by a service that does not come as far as to listen, in this process."""

    def serve(*arguments: object, **environment: str) -> Said:
        for name, value in {**plain_environment(tmp_path), **environment}.items():
            monkeypatch.setenv(name, value)
        return clipmill("serve", *arguments)

    # It would turn the log of all tests that follow into JSON.
    monkeypatch.setattr(journal, "write_json_lines", lambda _level: None)
    return serve


def got(url: str, value: Any = None) -> tuple[int, Any]:
    """Status and JSON of an answer; to a ``value`` that was posted, if there is one."""
    with httpx.Client(timeout=DEADLINE_S) as client:
        answer = client.get(url) if value is None else client.post(url, json=value)
    return answer.status_code, answer.json()


def sent(served: Served, function: str, **request: Any) -> str:
    status, job = got(f"{served.url}/v1/jobs", {"function": function, "request": request})
    assert status == 202, job
    return job["id"]


def test_it_takes_jobs_where_it_says_that_it_listens(served: Served):
    assert got(f"{served.url}/readyz") == (200, {"status": "ready"})
    assert got(f"{served.url}/v1/jobs/{sent(served, 'echo', text='hi')}")[0] == 200


def test_a_new_database_is_for_its_owner_only(tmp_path: Path):
    clipmill("keys", "ls", "--data", tmp_path)
    assert (tmp_path / "ledger.db").stat().st_mode & 0o077 == 0


def test_the_log_is_json_on_every_line(served: Served):
    got(f"{served.url}/v1/usage")
    wait_until(lambda: "/v1/usage" in served.log)
    lines = [json.loads(line) for line in served.log.splitlines()]
    assert [line["status"] for line in lines if line.get("route") == "/v1/usage"] == [200]


def test_metrics_and_limits_are_those_of_the_settings(served: Served):
    assert "clipmill_jobs" in httpx.get(f"{served.url}/metrics").text
    assert got(f"{served.url}/v1/jobs", {"function": "echo", "request": {"text": "x" * 2000}})[0] == 413


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_leaves_nothing_running(tmp_path: Path, number: signal.Signals):
    with Served(tmp_path) as served:
        sent(served, "render_for_ever", path=str(tmp_path / "pid"))
        child = pid_in(tmp_path / "pid")
        assert served.stop(number).code == 0
    assert not lives(child)
    assert nothing_left(tmp_path)


def test_a_job_under_way_may_come_to_its_end_first(tmp_path: Path):
    with Served(tmp_path, "--quiet", CLIPMILL_DRAIN_S="60") as served:
        (served.data / "local").mkdir()
        make_video(served.data / "local" / "a.mp4", Recipe(size=(320, 180), frames=60))
        wanted = {"input_key": "a.mp4", "output_key": "b.mp4", "output_width": 360, "output_height": 640}
        job_id = sent(served, "process_framing", **wanted)
        wait_until(lambda: got(f"{served.url}/v1/jobs/{job_id}")[1]["state"] == "running")
        assert served.stop().code == 0
        assert not [line for line in served.log.splitlines() if "answered" in line]
    ledger = Ledger.open(f"sqlite:///{served.data}/ledger.db")
    assert ledger.get("local", job_id).state is State.SUCCEEDED
    ledger.close()


def test_without_a_key_only_this_machine_is_let_in(refused: Callable[..., Said], tmp_path: Path):
    said = refused("--host", EVERYBODY, "--port", "0", "--data", tmp_path)
    assert said.code == 4
    assert said.stdout == ""
    assert "clipmill keys" in said.stderr


def test_people_are_told_that_there_is_no_key(tmp_path: Path):
    process = started("serve", "--port", "0", "--data", tmp_path, program=PROGRAM, env=plain_environment(tmp_path))
    assert process.stdout is not None
    words = process.stdout.readline() + process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert finished(process).code == 0
    assert "clipmill serves http://127.0.0.1:" in words
    assert "only this machine is let in, as tenant local" in words


def test_a_port_that_is_taken_is_told(refused: Callable[..., Said], tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("--port", port, "--data", tmp_path, "--json")
    assert said.code == 7
    assert f"port {port} cannot be listened on: another program has it" in said.json["error"]
    assert not (tmp_path / "ledger.db").exists()
    assert "Traceback" not in said.stderr


def test_from_the_first_key_on_nobody_is_let_in_without_one(served: Served, monkeypatch: pytest.MonkeyPatch):
    made = clipmill("keys", "create", "--tenant", "red", "--data", served.data, "--json").json
    monkeypatch.setenv("CLIPMILL_URL", served.url)
    try:
        assert got(f"{served.url}/v1/jobs")[0] == 401
        monkeypatch.setenv("CLIPMILL_API_KEY", made["key"])
        assert clipmill("jobs", "ls", "--json").json == {"jobs": []}
        assert made["key"] not in served.log
    finally:
        clipmill("keys", "revoke", made["id"], "--tenant", "red", "--data", served.data)
    assert clipmill("jobs", "ls").code == 4


def test_a_database_that_cannot_be_is_refused_without_its_password(refused: Callable[..., Said]):
    said = refused("--port", "0", CLIPMILL_DATABASE="mysql://root:canary@host/jobs")
    assert said.code == 3
    assert "canary" not in said.stderr
