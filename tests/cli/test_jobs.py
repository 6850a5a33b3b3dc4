import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.shell import Said, clipmill, on_a_terminal, request_file
from tests.jobs.machines import pid_in
from tests.served import Served

from clipmill import Client


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as service:
        yield service


@pytest.fixture(autouse=True)
def there(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPMILL_URL", served.url)
    monkeypatch.delenv("CLIPMILL_API_KEY", raising=False)


def sent(function: str, *arguments: object) -> str:
    """The id of a new job."""
    return clipmill("jobs", "submit", function, *arguments).stdout.strip()


def ended(job_id: str) -> Said:
    return clipmill("jobs", "watch", job_id, "--json")


def test_a_job_is_sent_and_its_id_printed(tmp_path: Path):
    request = request_file(tmp_path, {"text": "from the file"})
    job_id = sent("echo", "--request", request, "--set", "text=from the line", "--label", "match=1")
    assert job_id.startswith("job_")
    said = ended(job_id)
    assert (said.code, said.json["result"]["text"]) == (0, "from the line")
    shown = clipmill("jobs", "show", job_id, "--json").json
    assert (shown["state"], shown["labels"]) == ("succeeded", {"match": "1"})


def test_sent_and_watched_in_one_go():
    said = clipmill("jobs", "submit", "echo", "--set", "text=hi", "--watch")
    assert said.json["text"] == "hi"
    assert "job_" in said.stderr


def test_progress_is_told_as_json_lines(served: Served):
    source = served.data / "local" / "a.mp4"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text("bytes")
    said = clipmill(
        "jobs", "submit", "copy", "--set", "input_key=a.mp4", "--set", "output_key=b.mp4", "--set", "count=5",
        "--watch", "--json", "--progress", "json",
    )  # fmt: skip
    assert said.code == 0
    assert [output["key"] for output in said.json["outputs"]] == ["b.mp4"]
    shown = [line["progress"] for line in said.lines]
    assert shown
    assert shown == sorted(shown)


def test_a_bar_is_drawn_on_a_terminal(tmp_path: Path):
    job_id = sent("render_for_ever", "--set", f"path={tmp_path / 'pid'}")
    pid_in(tmp_path / "pid")
    stop = threading.Timer(1.0, lambda: _cancel(job_id))
    stop.start()
    code, shown = on_a_terminal("jobs", "watch", job_id)
    stop.join()
    assert code == 9
    assert "%" in shown


def test_a_job_that_failed_ends_with_the_code_of_its_error():
    said = ended(sent("raise_typed", "--set", "text=codec"))
    assert (said.code, said.json["code"]) == (3, "unsupported_codec")
    assert "Sorenson Spark" in said.stderr


def test_a_cancelled_job_ends_with_9(tmp_path: Path):
    job_id = sent("render_for_ever", "--set", f"path={tmp_path / 'pid'}")
    assert clipmill("jobs", "cancel", job_id).code == 0
    assert ended(job_id).code == 9
    assert clipmill("jobs", "cancel", job_id, "--json").json["state"] == "cancelled"


def test_a_stopped_job_is_done_again():
    job_id = sent("raise_typed")
    ended(job_id)
    said = clipmill("jobs", "retry", job_id, "--json")
    assert said.json["retry_of"] == job_id
    assert ended(said.json["id"]).code == 1


def test_jobs_are_listed_newest_first():
    ids = [sent("echo", "--set", "text=list") for _ in range(3)]
    listed = clipmill("jobs", "ls", "--function", "echo", "--limit", "2", "--json").json["jobs"]
    assert [job["id"] for job in listed] == ids[:0:-1]
    assert ids[2] in clipmill("jobs", "ls").stdout


def test_people_read_what_was_asked_and_what_became_of_it():
    job_id = sent("raise_typed")
    ended(job_id)
    said = clipmill("jobs", "show", job_id)
    assert [word for word in ("raise_typed", "failed", "encoder_failed") if word not in said.stdout] == []


def test_a_wrong_request_is_told_before_any_job_is_made():
    said = clipmill("jobs", "submit", "echo", "--set", "txt=hi")
    assert said.code == 3
    assert "did you mean text" in said.stderr


def test_a_job_that_is_not_there_ends_with_4():
    assert clipmill("jobs", "show", "job_01M7YW9R6J5Q5KBPNBEM8H4V4Z").code == 4


def test_a_wrong_key_ends_with_4(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_API_KEY", "cm_" + "0" * 60)
    said = clipmill("jobs", "ls")
    assert said.code == 4
    assert "0" * 60 not in said.stderr


def test_no_service_at_the_address_ends_with_7(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("clipmill.client.patience.Patience.pause", lambda *_: None)
    said = clipmill("jobs", "ls", "--url", "http://127.0.0.1:9")
    assert said.code == 7
    assert "127.0.0.1:9" in said.stderr


def test_a_label_without_a_value_is_a_usage_error():
    assert clipmill("jobs", "submit", "echo", "--label", "red").code == 2


def _cancel(job_id: str) -> None:
    with Client() as client:
        client.cancel(job_id)
