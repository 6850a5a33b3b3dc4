from pathlib import Path

from tests.cli.shell import clipmill, request_file
from tests.jobs.machines import nothing_left
from tests.jobs.sample_functions import CATALOGUE


def sample(function: str, *arguments: object):
    return clipmill("run", function, "--json", *arguments, catalogue=CATALOGUE)


def stored(tmp_path: Path, key: str, text: str = "bytes", store: str = "store") -> str:
    path = tmp_path / store / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return text


def test_a_request_is_run_with_keys_of_the_store(tmp_path: Path):
    stored(tmp_path, "raw/a.mp4")
    request = request_file(tmp_path, {"input_key": "raw/a.mp4", "output_key": "out/b.mp4"})
    said = sample("copy", "--request", request)
    assert (said.code, said.json["output_key"]) == (0, "out/b.mp4")
    assert (tmp_path / "store/out/b.mp4").read_text() == "bytes"
    assert nothing_left(tmp_path)


def test_settings_are_laid_over_the_request(tmp_path: Path):
    request = request_file(tmp_path, {"text": "from the file", "count": 3})
    assert sample("echo", "--request", request, "--set", "text=from the line").json["text"] == "from the line"


def test_another_store_is_used_when_named(tmp_path: Path):
    stored(tmp_path, "a.mp4", store="elsewhere")
    said = sample("copy", "--store", tmp_path / "elsewhere", "--set", "input_key=a.mp4", "--set", "output_key=b.mp4")
    assert said.code == 0
    assert (tmp_path / "elsewhere/b.mp4").exists()


def test_a_tenant_sees_its_own_objects_only(tmp_path: Path):
    stored(tmp_path, "red/a.mp4")
    keys = ("--set", "input_key=a.mp4", "--set", "output_key=b.mp4")
    assert sample("copy", "--tenant", "red", *keys).code == 0
    assert (tmp_path / "store/red/b.mp4").exists()
    assert sample("copy", "--tenant", "blue", *keys).code == 4


def test_the_deployments_tenant_counts_unless_one_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("CLIPMILL_TENANT", "red")
    stored(tmp_path, "red/a.mp4")
    assert sample("copy", "--set", "input_key=a.mp4", "--set", "output_key=b.mp4").code == 0


def test_a_job_that_was_run_before_is_answered_and_not_run_again(tmp_path: Path):
    asked = ("fail_then_work", "--job-id", "one", "--set", f"path={tmp_path / 'attempts'}", "--set", "output_key=a.mp4")
    first = sample(*asked, "--set", "count=0")
    assert sample(*asked, "--set", "count=0").json == first.json
    assert (tmp_path / "attempts").read_text() == "x"


def test_an_unknown_function_is_answered_with_the_nearest_one():
    said = sample("eco")
    assert said.code == 3
    assert said.json["code"] == "unknown_job_type"
    assert "Did you mean echo?" in said.stderr


def test_an_unknown_field_is_answered_with_the_nearest_one():
    said = sample("echo", "--set", "txt=hello")
    assert said.json["code"] == "invalid_request"
    assert "did you mean text?" in said.stderr


def test_a_request_file_that_is_not_there_ends_with_4():
    assert sample("echo", "--request", "nowhere.json").code == 4


def test_a_request_that_is_no_json_ends_with_3(tmp_path: Path):
    assert sample("echo", "--request", request_file(tmp_path, "{text: hello}")).code == 3


def test_an_unknown_runner_is_a_usage_error():
    assert sample("echo", "--runner", "moon").code == 2


def test_a_job_id_with_a_slash_is_refused():
    assert sample("echo", "--job-id", "a/b").json["code"] == "invalid_key"


def test_a_setting_of_the_environment_that_cannot_be_meant_is_named(monkeypatch):
    monkeypatch.setenv("CLIPMILL_THREADS", "many")
    said = sample("echo")
    assert said.code == 3
    assert "CLIPMILL_THREADS" in said.stderr


def test_the_result_is_json_for_people_too():
    said = clipmill("run", "echo", "--set", "text=hello", catalogue=CATALOGUE)
    assert said.json["text"] == "hello"
    assert "\n  " in said.stdout
