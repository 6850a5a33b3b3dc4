"""Folders of outputs: named, marked, written side by side and in turn, and what they replace deleted in the end."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.machines import job, machine
from tests.storage.s3_server import S3Server, s3_server

from clipmill.errors import (
    AccessDeniedError,
    CancelledError,
    ConflictError,
    InvalidKeyError,
    StorageUnavailableError,
    error_from_json,
)
from clipmill.jobs import gate as gates
from clipmill.jobs.broker import Broker
from clipmill.jobs.gate import Passing, open_gate
from clipmill.jobs.perform import perform
from clipmill.jobs.progress import ProgressMeter
from clipmill.jobs.publication import AT_ONCE, IN_TURN, content_type
from clipmill.storage.open import open_store
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import ObjectInfo, OnBytes, Store

__all__ = ["s3_server"]


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store(f"file://{tmp_path / 'store'}", {})
    server: S3Server = request.getfixturevalue("s3_server")
    return open_store(server.url(server.new_bucket()), server.environment, RetryPolicy(pauses_s=(0.01, 0.02)))


def keys(store: Store) -> list[str]:
    return sorted(info.key for info in store.list(""))


class Watched(Store):
    """A store in memory that remembers in which order objects appeared, and how many were on their way at once."""

    def __init__(self, broken: str = "") -> None:
        self.store = open_store("memory://", {})
        self.appeared: list[str] = []
        self.most_at_once = 0
        self._broken = broken
        self._now = 0
        self._lock = threading.Lock()

    def __getattribute__(self, name: str) -> Any:
        own = {"upload", "store", "appeared", "most_at_once", "_broken", "_now", "_lock", "__class__"}
        return super().__getattribute__(name) if name in own else getattr(self.store, name)

    def upload(self, path: Path, key: str, content_type: str = "", on_bytes: OnBytes | None = None) -> ObjectInfo:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(0.01)
        with self._lock:
            self._now -= 1
            if self._broken and key.endswith(self._broken):
                raise StorageUnavailableError("the store went away")
            self.appeared.append(key)
        return self.store.upload(path, key, content_type, on_bytes)


class Told:
    """A broker told, in this process, what a child would tell it."""

    def __init__(self, tmp_path: Path, store: Store, check: Callable[[], None] = lambda: None, **changes: Any) -> None:
        self.scratch = tmp_path / "scratch"
        self.scratch.mkdir(exist_ok=True)
        here = machine(tmp_path, store, **changes)
        self.broker = Broker(here, "team", self.scratch, ProgressMeter("job"), check)

    def ask(self, verb: str, **values: str) -> bytes:
        answer, data = self.broker.answer({"ask": verb} | values)
        if "error" in answer:
            raise error_from_json(answer["error"])
        return data

    def output(self, key: str) -> None:
        path = self.scratch / key.replace("/", "_")
        path.write_text(key)
        self.ask("publish", path=str(path), key=key)

    def publish(self, gate: Callable[[], None] = open_gate) -> list[str]:
        return [info.key for info in self.broker.publish(Passing(gate))]


def test_a_function_names_a_folder_marks_another_and_replaces_what_was_there(store: Store, tmp_path: Path):
    for key in ("team/old/a.jpg", "team/old/deep/b.jpg", "other/old/c.jpg", "team/older.jpg"):
        store.put_bytes(key, b"old")
    task = job("renew", input_key="old/", output_key="new", count=5, text="one")
    outcome = perform(task, machine(tmp_path, store))
    assert outcome.result is not None
    assert outcome.result["there"] == ["old/a.jpg", "old/deep/b.jpg"]
    assert outcome.result["marked"] == ["new/.claims/one"]
    written = [f"team/new/{number:02}.mp4" for number in range(5)]
    kept = [key for key in keys(store) if "/temp/" not in key and "result" not in key]
    assert kept == ["other/old/c.jpg", "team/new/.claims/one", *written, "team/older.jpg"]


def test_a_call_that_fails_publishes_nothing_retires_nothing_and_leaves_its_mark(store: Store, tmp_path: Path):
    store.put_bytes("team/old/a.jpg", b"old")
    outcome = perform(
        job("renew", input_key="old", output_key="new", text="fail"), machine(tmp_path, store, retry=RetryPolicy(()))
    )
    assert outcome.error is not None
    assert keys(store) == ["team/new/.claims/fail", "team/old/a.jpg"]


def test_outputs_appear_side_by_side_and_the_last_ones_in_turn(tmp_path: Path):
    store = Watched()
    told = Told(tmp_path, store)
    names = [f"part/{number:03}.webm" for number in range(30)] + ["v1.db", "newest.db", "manifest.json"]
    for name in names:
        told.output(name)
    assert told.publish() == [f"team/{name}" for name in names]
    assert store.appeared[-IN_TURN:] == ["team/v1.db", "team/newest.db", "team/manifest.json"]
    assert 2 <= store.most_at_once <= AT_ONCE


def test_an_upload_that_fails_for_good_keeps_the_last_output_away_and_retires_nothing(tmp_path: Path):
    store = Watched(broken="007.webm")
    store.store.put_bytes("team/old.jpg", b"old")
    told = Told(tmp_path, store)
    for name in [f"{number:03}.webm" for number in range(200)] + ["manifest.json"]:
        told.output(name)
    told.ask("retire", key="old.jpg")
    with pytest.raises(StorageUnavailableError):
        told.publish()
    assert "team/manifest.json" not in keys(store)
    assert "team/old.jpg" in keys(store)
    assert len(store.appeared) < 100


def _closed() -> None:
    raise ConflictError("somebody else has the job")


def _cancelled() -> None:
    raise CancelledError("stop")


PARTS = [f"v2/{number:03}.webm" for number in range(12)]
RUN = [*PARTS, "extents/v2.db", "extents.db", "v2/manifest.json"]
BEFORE = {"team/v1/000.webm", "team/extents.db", "team/v2/.claims/a", "team/v2/003.webm"}


class Halting(Watched):
    """A store in memory that fails from a certain upload on, and only tells so once the object is there if it is ``late``."""

    def __init__(self, good: int, *, fault: Exception | None = None, late: bool = False) -> None:
        super().__init__()
        self.left = good
        self.fault = fault or StorageUnavailableError("the store went away")
        self.late = late
        for key in BEFORE:
            self.store.put_bytes(key, b"old")

    def __getattribute__(self, name: str) -> Any:
        own = {"left", "fault", "late", "__init__"}
        return object.__getattribute__(self, name) if name in own else super().__getattribute__(name)

    def upload(self, path: Path, key: str, content_type: str = "", on_bytes: OnBytes | None = None) -> ObjectInfo:
        self.left -= 1
        if self.left >= 0:
            return self.store.upload(path, key, content_type, on_bytes)
        if self.late:
            self.store.upload(path, key, content_type, on_bytes)
        raise self.fault


def half_published(tmp_path: Path, store: Store, gate: Callable[[], None] = open_gate) -> set[str]:
    """What is in the store after a run whose publication fails."""
    told = Told(tmp_path, store)
    for name in RUN:
        told.output(name)
    with pytest.raises((StorageUnavailableError, ConflictError, CancelledError)):
        told.publish(gate)
    return set(keys(store))


@pytest.mark.parametrize("late", [False, True], ids=["in_time", "late"])
@pytest.mark.parametrize("good", [0, 1, 5, 11, 12, 13, 14])
def test_an_upload_that_fails_for_good_takes_back_what_was_not_there_before(good: int, late: bool, tmp_path: Path):
    assert half_published(tmp_path, Halting(good, late=late)) == BEFORE


def test_a_job_that_is_cancelled_on_the_way_takes_back_what_it_made(tmp_path: Path):
    store = Halting(8, fault=CancelledError("stop"))
    assert half_published(tmp_path, store, lambda: _cancelled() if store.left < 0 else None) == BEFORE


def test_whoever_lost_the_job_takes_nothing_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gates, "GOOD_FOR_S", 0.0)
    store = Halting(8)
    left = half_published(tmp_path, store, lambda: _closed() if store.left <= 0 else None)
    assert len(left - BEFORE) >= 7


def test_a_store_that_does_not_say_what_is_there_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = Halting(14)

    def mute(key: str) -> bool:
        raise AccessDeniedError(f"{key}: not for you")

    monkeypatch.setattr(store.store, "exists", mute)
    assert len(half_published(tmp_path, store)) == len(BEFORE | {f"team/{name}" for name in RUN}) - 1


def test_a_store_that_is_gone_for_good_is_told_by_the_first_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = Halting(14)

    def refuse(key: str) -> None:
        raise AccessDeniedError(f"{key}: not for you")

    monkeypatch.setattr(store.store, "delete", refuse)
    assert "team/v2/000.webm" in half_published(tmp_path, store)


def test_behind_a_closed_gate_nothing_appears_and_nothing_goes(tmp_path: Path):
    store = open_store("memory://", {})
    store.put_bytes("team/old.jpg", b"old")
    told = Told(tmp_path, store)
    told.output("a.webm")
    told.ask("retire", key="old.jpg")
    with pytest.raises(ConflictError):
        told.publish(_closed)
    assert keys(store) == ["team/old.jpg"]


def test_a_cancelled_job_publishes_marks_and_retires_nothing(tmp_path: Path):
    store = open_store("memory://", {})
    store.put_bytes("team/old.jpg", b"old")
    stopping = threading.Event()
    told = Told(tmp_path, store, lambda: _cancelled() if stopping.is_set() else None)
    told.output("a.webm")
    told.ask("retire", key="old.jpg")
    stopping.set()
    with pytest.raises(CancelledError):
        told.ask("mark", key="claim")
    with pytest.raises(CancelledError):
        told.publish()
    assert keys(store) == ["team/old.jpg"]


def test_retiring_needs_no_output_and_spares_what_is_published(tmp_path: Path):
    store = open_store("memory://", {})
    store.put_bytes("team/old.jpg", b"old")
    told = Told(tmp_path, store)
    told.ask("retire", key="old.jpg")
    told.ask("retire", key="never/was.jpg")
    assert told.publish() == []
    assert keys(store) == []
    again = Told(tmp_path, store)
    again.output("a.webm")
    again.ask("retire", key="a.webm")
    again.publish()
    assert keys(store) == ["team/a.webm"]


@pytest.mark.parametrize("verb", ["names", "mark", "retire"])
@pytest.mark.parametrize("key", ["../other/a", "a/../../other", "/other", "games/a", "", "a\\b", "a//b"])
def test_no_verb_leaves_the_tenant_or_touches_what_is_shared(verb: str, key: str, tmp_path: Path):
    store = open_store("memory://", {})
    store.put_bytes("other/a", b"theirs")
    store.put_bytes("games/a", b"shared")
    told = Told(tmp_path, store, shared_prefixes=("games/",))
    with pytest.raises(InvalidKeyError):
        told.ask(verb, **{"prefix" if verb == "names" else "key": key})
    told.publish()
    assert keys(store) == ["games/a", "other/a"]


@pytest.mark.parametrize("prefix", ["games", "other", "team", "nothing/here"])
def test_names_of_others_are_never_listed(prefix: str, tmp_path: Path):
    store = open_store("memory://", {})
    for key in ("other/a", "games/a", "teammate/a"):
        store.put_bytes(key, b"theirs")
    assert Told(tmp_path, store, shared_prefixes=("games/",)).ask("names", prefix=prefix) == b"[]"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("a/chunk_0000.webm", "video/webm"),
        ("a/manifest.json", "application/json"),
        ("a/frame_000000.jpg", "image/jpeg"),
        ("a/captions.db", "application/vnd.sqlite3"),
        ("a/layout.db.gz", "application/gzip"),
        ("a/captions.srt", "text/plain; charset=utf-8"),
        ("a/captions.vtt", "text/vtt; charset=utf-8"),
        ("a/captions.ass", "text/x-ssa; charset=utf-8"),
        ("a/captions.csv", "text/csv; charset=utf-8"),
        ("a/clip.mp4", "video/mp4"),
        ("a/clip", "video/mp4"),
    ],
)
def test_an_output_is_of_the_kind_that_its_name_says(key: str, kind: str):
    assert content_type(key) == kind


def test_the_kind_of_an_output_reaches_the_bucket(s3_server: S3Server, tmp_path: Path):
    bucket = s3_server.new_bucket()
    told = Told(tmp_path, open_store(s3_server.url(bucket), s3_server.environment))
    told.output("layout.db.gz")
    told.publish()
    head = s3_server.client.head_object(Bucket=bucket, Key="team/layout.db.gz")
    assert head["ContentType"] == "application/gzip"
    assert "ContentEncoding" not in head


def test_more_than_a_thousand_names_are_listed(tmp_path: Path):
    """Regression 13."""
    store = open_store("memory://", {})
    for number in range(1100):
        store.put_bytes(f"team/frames/{number:06}.jpg", b"")
    assert Told(tmp_path, store).ask("names", prefix="frames").count(b".jpg") == 1100
