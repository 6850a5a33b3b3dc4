import time
from pathlib import Path

import pytest
from tests.jobs.machines import folder_store, job, machine, nothing_left, remote_store

from clipmill.errors import CancelledError, ConflictError
from clipmill.jobs import gate as gates
from clipmill.jobs.gate import Passing
from clipmill.jobs.perform import perform
from clipmill.storage.store import OnBytes, Store


def closed() -> None:
    raise ConflictError("somebody else has the job")


def test_an_answer_is_good_for_a_second_and_asked_for_again_then(monkeypatch: pytest.MonkeyPatch):
    asked, now = [], 100.0
    monkeypatch.setattr(gates.time, "monotonic", lambda: now)
    passing = Passing(lambda: asked.append(now))
    for now in (100.0, 100.9, 101.0, 101.5):  # noqa: B007 - the clock reads it
        passing.check()
    assert asked == [100.0, 101.0]


@pytest.mark.parametrize(
    ("fault", "ours"), [(CancelledError("stop"), True), (ConflictError("taken"), False), (OSError("no answer"), False)]
)
def test_a_job_is_ours_until_somebody_else_has_it_even_if_it_is_to_stop(fault: Exception, ours: bool):
    def gate() -> None:
        raise fault

    assert Passing(gate).is_ours() is ours
    assert Passing(gates.open_gate).is_ours()


@pytest.mark.parametrize("store", [folder_store, lambda _: remote_store()])
def test_nothing_appears_behind_a_closed_gate(store, tmp_path: Path):
    place = machine(tmp_path, store(tmp_path))
    place.store.put_bytes("team/a.mp4", b"source")
    task = job("copy", input_key="a.mp4", output_key="b.mp4")
    outcome = perform(task, place, gate=closed)
    assert isinstance(outcome.error, ConflictError)
    assert [info.key for info in place.store.list("")] == ["team/a.mp4"]
    assert nothing_left(tmp_path)


def test_the_gate_is_asked_when_the_work_is_done_and_before_the_output_appears(tmp_path: Path):
    place = machine(tmp_path)
    place.store.put_bytes("team/a.mp4", b"source")
    seen: list[tuple[bool, int]] = []
    frames: list[int] = []

    def gate() -> None:
        seen.append((place.store.exists("team/b.mp4"), max(frames)))

    task = job("copy", input_key="a.mp4", output_key="b.mp4", count=3)
    perform(task, place, gate=gate, on_event=lambda event: frames.append(event.frames_done or 0))
    assert seen == [(False, 3)]


def test_a_gate_that_closes_during_a_long_upload_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gates, "GOOD_FOR_S", 0.05)
    place = machine(tmp_path, remote_store())
    place.store.put_bytes("team/a.mp4", b"source")
    slow = _Slow(place.store)
    answers = iter([None])

    def gate() -> None:
        if next(answers, "closed"):
            closed()

    task = job("copy", input_key="a.mp4", output_key="b.mp4")
    outcome = perform(task, machine(tmp_path, slow), gate=gate)
    assert isinstance(outcome.error, ConflictError)
    assert not place.store.exists("team/b.mp4")


class _Slow(Store):
    """A store whose uploads take their time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattribute__(self, name: str):
        if name in {"upload", "_store"}:
            return super().__getattribute__(name)
        return getattr(super().__getattribute__("_store"), name)

    def upload(self, path: Path, key: str, content_type: str = "", on_bytes: OnBytes | None = None):
        assert on_bytes is not None
        for done in range(5):
            time.sleep(0.03)
            on_bytes(done, 6)
        return self._store.upload(path, key, content_type)
