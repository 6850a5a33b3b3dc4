import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import clipmill
from tests.jobs.machines import nothing_left
from tests.storage.s3_server import S3Server, s3_server

from clipmill.cli.examination.checks import Check, State, examine
from clipmill.cli.examination.database import database_checks
from clipmill.cli.examination.store import StoreTrial
from clipmill.cli.verbs.doctor import doctor
from clipmill.errors import StorageWriteFailedError
from clipmill.settings import Settings
from clipmill.storage.folder import FolderStore
from clipmill.storage.store import ObjectInfo

__all__ = ["s3_server"]


def states(findings: list[dict[str, Any]]) -> dict[str, str]:
    return {finding["name"]: finding["state"] for finding in findings}


@pytest.fixture
def trusted_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial render is taken for done."""
    monkeypatch.setattr("clipmill.cli.examination.machine._render", lambda *_: "rendered")


def test_a_machine_that_can_do_the_work_ends_with_0(tmp_path: Path):
    said = clipmill("doctor", "--json")
    assert said.code == 0
    machine = states(said.json["machine"])
    assert {name for name, state in machine.items() if state == "ok"} >= {
        "python", "machine", "libav", "decoders", "scratch", "limits", "render",
    }  # fmt: skip
    assert states(said.json["store"]) == {
        "store": "ok", "put": "ok", "range": "ok", "replace": "ok", "multipart": "ok", "list": "ok",
        "presign": "missing", "delete": "ok",
    }  # fmt: skip
    assert nothing_left(tmp_path)
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


@pytest.mark.usefixtures("trusted_machine")
def test_a_machine_that_serves_nobody_needs_no_database():
    (found,) = clipmill("doctor", "--store", "memory://", "--json").json["database"]
    assert found["state"] == "missing"
    assert "clipmill serve" in found["detail"]
    assert not Path("clipmill-data").exists()


def test_the_database_of_the_service_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_DATABASE", f"sqlite:///{tmp_path}/jobs.db")
    clipmill("keys", "create")
    (finding,) = map(examine, database_checks(Settings.from_environment()))
    assert (finding.state, "has API keys" in finding.detail) == (State.OK, True)


def test_a_database_that_was_named_and_is_not_there_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_DATABASE", f"sqlite:///{tmp_path}/nowhere.db")
    (finding,) = map(examine, database_checks(Settings.from_environment()))
    assert finding.state is State.FAILED
    assert not (tmp_path / "nowhere.db").exists()


@pytest.mark.usefixtures("trusted_machine")
def test_people_read_a_line_for_each_check():
    said = clipmill("doctor", "--store", "memory://")
    assert "ok       render" in said.stdout
    assert "PyAV" in said.stdout
    assert said.stdout.endswith("All that is needed works.\n")


@pytest.mark.usefixtures("trusted_machine")
def test_a_bucket_is_really_tried_and_left_as_it_was(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch):
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    url = s3_server.url(s3_server.new_bucket())
    found = states(clipmill("doctor", "--store", url, "--json").json["store"])
    assert set(found.values()) == {"ok"}
    assert "presign" in found


@pytest.mark.usefixtures("trusted_machine")
def test_a_store_that_cannot_be_reached_ends_with_7(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        said = clipmill("doctor", "--store", f"s3://bucket?endpoint=http://127.0.0.1:{port}", "--json")
    assert said.code == 7
    assert states(said.json["store"]) == {"store": "ok", "put": "failed"}
    assert said.json["status"] == "error"


@pytest.mark.usefixtures("trusted_machine")
def test_a_store_without_credentials_is_told_with_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    said = clipmill("doctor", "--store", "s3://bucket?endpoint=http://127.0.0.1:1")
    assert said.code == 7
    assert "AWS_ACCESS_KEY_ID" in said.stdout


def test_scratch_space_that_cannot_be_made_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "occupied").write_text("a file")
    monkeypatch.setenv("CLIPMILL_SCRATCH", str(tmp_path / "occupied/scratch"))
    said = clipmill("doctor", "--store", "memory://", "--json")
    assert said.code == 1
    assert states(said.json["machine"])["scratch"] == "failed"


@pytest.mark.usefixtures("trusted_machine")
def test_a_full_scratch_disk_is_told(monkeypatch: pytest.MonkeyPatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1024))
    said = clipmill("doctor", "--store", "memory://")
    assert said.code == 1
    assert "1.0 KiB free, expected 2.0 GiB" in said.stdout


def test_a_check_that_is_not_needed_may_fail():
    def nothing() -> str:
        raise StorageWriteFailedError("there is none")

    assert examine(Check("luxury", nothing, needed=False)).state is State.MISSING
    assert examine(Check("need", nothing)).state is State.FAILED


class ForgetfulStore(FolderStore):
    """Answers ranges with other bytes, and keeps what it was told to delete."""

    def __init__(self, root: Path, fault: str) -> None:
        super().__init__(root)
        self.fault = fault

    def read_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        found = super().read_range(key, start, length, etag)
        return found[::-1] if self.fault == "range" and start else found

    def delete(self, key: str) -> None:
        if self.fault != "delete":
            super().delete(key)

    def put_bytes(self, key: str, data: bytes, content_type: str = "") -> ObjectInfo:
        return super().put_bytes(key, data[:-1] if self.fault == "put" else data)


@pytest.mark.parametrize("fault", ["put", "range", "delete"])
def test_a_store_that_breaks_its_word_is_found_out(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch):
    store = ForgetfulStore(tmp_path / "store", fault)
    monkeypatch.setattr("clipmill.cli.examination.store.open_store", lambda *_arguments: store)
    trial = StoreTrial("a store", Settings(scratch_root=tmp_path))
    found = [examine(check) for check in trial.checks()]
    assert fault in [finding.name for finding in found if finding.failed]


def test_the_verb_tells_its_exit_codes():
    assert "7 if only the store" in " ".join((doctor.help or "").replace("with ", "").split())
