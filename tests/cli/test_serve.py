import json
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.cli.shell import called, clipmill, finished, started
from tests.jobs.machines import lives, nothing_left, pid_in
from tests.served import PROGRAM, Served, plain_environment


def got(url: str) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def posted(url: str, value: dict) -> dict:
    request = urllib.request.Request(url, json.dumps(value).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_it_prints_where_it_listens_and_takes_jobs(tmp_path: Path):
    with Served(tmp_path) as served:
        assert got(f"{served.url}/readyz") == (200, {"status": "ready"})
        job = posted(f"{served.url}/v1/jobs", {"function": "echo", "request": {"text": "hi"}})
        assert got(f"{served.url}/v1/jobs/{job['id']}")[0] == 200
        assert (served.data / "ledger.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_leaves_nothing_running(tmp_path: Path, number: signal.Signals):
    with Served(tmp_path) as served:
        asked = {"function": "render_for_ever", "request": {"path": str(tmp_path / "pid")}}
        posted(f"{served.url}/v1/jobs", asked)
        child = pid_in(tmp_path / "pid")
        assert served.stop(number).code == 0
    assert not lives(child)
    assert nothing_left(tmp_path)


def test_a_job_under_way_may_end_before_the_service_does(tmp_path: Path):
    with Served(tmp_path, CLIPMILL_DRAIN_S="30") as served:
        source = served.data / "local" / "a.mp4"
        source.parent.mkdir(parents=True)
        source.write_text("bytes")
        request = {"input_key": "a.mp4", "output_key": "b.mp4", "count": 2}
        job = posted(f"{served.url}/v1/jobs", {"function": "copy", "request": request})
        assert served.stop().code == 0
        served._begin(served.port)
        assert got(f"{served.url}/v1/jobs/{job['id']}")[1]["state"] in {"succeeded", "queued"}


def test_the_log_is_json_on_every_line(tmp_path: Path):
    with Served(tmp_path) as served:
        got(f"{served.url}/v1/jobs")
        served.stop()
        lines = [json.loads(line) for line in served.log.splitlines() if not line.startswith("Stopping")]
    assert [line["status"] for line in lines if line.get("route") == "/v1/jobs"] == [200]


def test_quiet_logs_nothing_of_calls_that_went_well(tmp_path: Path):
    with Served(tmp_path, "--quiet") as served:
        got(f"{served.url}/v1/jobs")
        assert served.log == ""


def test_without_a_key_only_this_machine_is_let_in(tmp_path: Path):
    said = called("serve", "--host", "0.0.0.0", "--port", "0", "--data", tmp_path, env=plain_environment(tmp_path))
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


def test_a_port_that_is_taken_is_told(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = called("serve", "--port", port, "--data", tmp_path, "--json", env=plain_environment(tmp_path))
    assert said.code == 7
    assert str(port) in said.json["error"]
    assert "Traceback" not in said.stderr


def test_a_key_opens_the_service_and_without_it_nothing_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    key = clipmill("keys", "create", "--tenant", "red", "--data", tmp_path / "data").stdout.strip()
    with Served(tmp_path, "--host", "127.0.0.1") as served:
        assert got(f"{served.url}/v1/jobs")[0] == 401
        monkeypatch.setenv("CLIPMILL_URL", served.url)
        monkeypatch.setenv("CLIPMILL_API_KEY", key)
        assert clipmill("jobs", "ls", "--json").json == {"jobs": []}
        assert key not in served.log


def test_metrics_are_there_when_asked_for(tmp_path: Path):
    with Served(tmp_path, CLIPMILL_METRICS="on") as served, urllib.request.urlopen(f"{served.url}/metrics") as answer:
        assert b"clipmill_jobs" in answer.read()


def test_limits_are_those_of_the_settings(tmp_path: Path):
    with Served(tmp_path, CLIPMILL_REQUESTS_PER_MINUTE="1") as served:
        assert [got(f"{served.url}/v1/jobs")[0] for _ in range(2)] == [200, 429]


def test_a_database_that_cannot_be_is_refused(tmp_path: Path):
    environment = plain_environment(tmp_path) | {"CLIPMILL_DATABASE": "mysql://root:canary@host/jobs"}
    said = called("serve", "--port", "0", env=environment)
    assert said.code == 3
    assert "canary" not in said.stderr
