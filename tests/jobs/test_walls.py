"""What a child can do to us, to the machine and to its neighbours: nothing. Faults are injected, not imagined."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag

import pytest
from tests.jobs.machines import (
    folder_store,
    job,
    limits,
    lives,
    machine,
    nothing_left,
    pid_in,
    remote_store,
    wait_until,
)

from clipmill.errors import (
    CancelledError,
    DiskFullError,
    LimitExceededError,
    OutOfMemoryError,
    StalledError,
    TimeoutError,  # noqa: A004 - the job's time limit
    WorkerLostError,
)
from clipmill.function.stages import Stage
from clipmill.jobs.death import Death
from clipmill.jobs.events import Event
from clipmill.jobs.perform import perform
from clipmill.jobs.scratch import Scratch, sweep
from clipmill.storage.folder import FolderStore
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import ObjectInfo, OnBytes

ONCE = RetryPolicy(pauses_s=())
MIB = 1024 * 1024
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")


def test_a_crash_in_native_code_is_a_lost_worker_that_names_the_signal(tmp_path: Path):
    outcome = perform(job("crash"), machine(tmp_path, retry=ONCE))
    assert isinstance(outcome.error, WorkerLostError)
    assert "SIGSEGV" in outcome.error.message
    assert nothing_left(tmp_path)


def test_a_crash_is_tried_again_only_as_often_as_the_policy_says(tmp_path: Path):
    counted = tmp_path / "attempts"
    outcome = perform(job("crash", path=str(counted)), machine(tmp_path))
    assert isinstance(outcome.error, WorkerLostError)
    assert counted.read_text() == "xxx"


def test_a_child_that_exits_on_its_own_is_lost_with_its_last_words(tmp_path: Path):
    outcome = perform(job("die", text="assertion failed in libfoo", count=3), machine(tmp_path, retry=ONCE))
    assert isinstance(outcome.error, WorkerLostError)
    assert "exit code 3" in outcome.error.message
    assert "libfoo" in outcome.error.details["log"]


def test_a_child_killed_from_outside_is_lost_and_the_next_attempt_may_succeed(tmp_path: Path):
    mark, store = tmp_path / "pid", folder_store(tmp_path)
    killer = threading.Thread(target=lambda: os.kill(pid_in(mark), signal.SIGKILL))
    killer.start()
    outcome = perform(job("render_for_ever", path=str(mark)), machine(tmp_path, store, retry=ONCE))
    killer.join()
    assert isinstance(outcome.error, WorkerLostError)
    assert "SIGKILL" in outcome.error.message
    assert perform(job("echo"), machine(tmp_path, store)).succeeded


@pytest.mark.parametrize(
    ("death", "kind"),
    [
        (Death(-signal.SIGKILL, peak_bytes=100 * MIB), WorkerLostError),
        (Death(-signal.SIGKILL, peak_bytes=100 * MIB, memory_kills=1), OutOfMemoryError),
        (Death(-signal.SIGABRT, peak_bytes=100 * MIB, memory_kills=1), WorkerLostError),
        (Death(-signal.SIGABRT, peak_bytes=1000 * MIB), OutOfMemoryError),
        (Death(-signal.SIGSEGV, peak_bytes=1000 * MIB), OutOfMemoryError),
        (Death(-signal.SIGTERM, peak_bytes=1000 * MIB), WorkerLostError),
        (Death(-signal.SIGXCPU), TimeoutError),
        (Death(-signal.SIGXFSZ), LimitExceededError),
        (Death(0), WorkerLostError),
    ],
)
def test_a_death_is_told_by_its_signal_and_by_evidence_of_short_memory(death: Death, kind: type[Exception]):
    assert type(death.error(memory_bytes=1024 * MIB)) is kind


def test_too_much_memory_is_refused_by_the_wall_and_told_as_such(tmp_path: Path):
    here = machine(tmp_path, limits=limits(memory_bytes=300 * MIB), retry=ONCE)
    outcome = perform(job("eat_memory"), here)
    assert isinstance(outcome.error, OutOfMemoryError)


def test_too_large_a_scratch_file_is_a_limit(tmp_path: Path):
    outcome = perform(job("fill"), machine(tmp_path, limits=limits(file_bytes=MIB)))
    assert isinstance(outcome.error, LimitExceededError)
    assert nothing_left(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("a file system of its own takes the right to mount one")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("function", ["fill", "fill_in_an_encoder"])
def test_a_full_disk_is_told_as_such_and_left_empty(function: str, small_disk: Path, tmp_path: Path):
    outcome = perform(job(function), machine(tmp_path, scratch_root=small_disk))
    assert isinstance(outcome.error, DiskFullError)
    assert not list(small_disk.iterdir())


def test_a_source_that_does_not_fit_on_the_disk_is_a_full_disk(small_disk: Path, tmp_path: Path):
    store = remote_store()
    store.put_bytes("team/large.mp4", bytes(3 * MIB))
    outcome = perform(job("fetch", input_key="large.mp4"), machine(tmp_path, store, scratch_root=small_disk))
    assert isinstance(outcome.error, DiskFullError)
    assert not list(small_disk.iterdir())


def test_a_child_without_progress_is_stalled_and_killed_although_it_ignores_the_request(tmp_path: Path):
    mark = tmp_path / "pid"
    outcome = perform(job("hang", path=str(mark)), machine(tmp_path, limits=limits(stall_s=1.5)))
    assert isinstance(outcome.error, StalledError)
    assert not lives(pid_in(mark))
    assert nothing_left(tmp_path)


def test_saying_the_same_again_is_no_progress(tmp_path: Path):
    outcome = perform(job("repeat_itself"), machine(tmp_path, limits=limits(stall_s=1.5, time_s=15.0)))
    assert isinstance(outcome.error, StalledError)


class SlowStore(FolderStore):
    """A store that takes its time and shows no files."""

    def local_path(self, key: str) -> Path | None:
        return None

    def download(self, key: str, path: Path, on_bytes: OnBytes | None = None) -> ObjectInfo:
        time.sleep(2.5)
        return super().download(key, path, on_bytes)


def test_a_child_that_waits_for_the_store_is_not_stalled(tmp_path: Path):
    store = SlowStore(tmp_path / "store")
    store.put_bytes("team/a.txt", b"text")
    outcome = perform(job("fetch", input_key="a.txt"), machine(tmp_path, store, limits=limits(stall_s=1.5)))
    assert outcome.succeeded


def test_the_time_limit_of_the_deployment_ends_a_job_that_still_makes_progress(tmp_path: Path):
    outcome = perform(job("render_for_ever"), machine(tmp_path, limits=limits(time_s=1.0)))
    assert isinstance(outcome.error, TimeoutError)
    assert outcome.attempts == 1


def test_the_time_limit_of_a_function_holds_where_the_deployment_sets_none(tmp_path: Path):
    outcome = perform(job("short_of_time"), machine(tmp_path))
    assert isinstance(outcome.error, TimeoutError)


@pytest.mark.parametrize("function", ["render_for_ever", "hang"])
def test_a_cancel_ends_the_child_and_leaves_no_trace(function: str, tmp_path: Path):
    mark, cancel, store = tmp_path / "pid", Flag(), folder_store(tmp_path)
    events: list[Event] = []

    def on_event(event: Event) -> None:
        events.append(event)
        if event.stage is Stage.PROCESSING:
            cancel.set()

    outcome = perform(
        job(function, path=str(mark)), machine(tmp_path, store, limits=limits()), on_event=on_event, cancel=cancel
    )
    assert isinstance(outcome.error, CancelledError)
    assert events[-1].stage is Stage.CANCELLED
    assert not lives(pid_in(mark))
    assert nothing_left(tmp_path)
    assert not list(store.list(""))


def test_a_cancel_before_the_start_starts_nothing(tmp_path: Path):
    cancel, mark = Flag(), tmp_path / "pid"
    cancel.set()
    outcome = perform(job("hang", path=str(mark)), machine(tmp_path), cancel=cancel)
    assert isinstance(outcome.error, CancelledError)
    assert not mark.exists()


def test_a_cancel_during_the_upload_leaves_the_old_output(tmp_path: Path):
    store, cancel = remote_store(), Flag()
    store.put_bytes("team/a.mp4", bytes(24 * MIB))
    store.put_bytes("team/b.mp4", b"old")

    def on_event(event: Event) -> None:
        if event.stage is Stage.UPLOADING:
            cancel.set()

    outcome = perform(
        job("copy", input_key="a.mp4", output_key="b.mp4"), machine(tmp_path, store), on_event=on_event, cancel=cancel
    )
    assert isinstance(outcome.error, CancelledError)
    assert store.get_bytes("team/b.mp4") == b"old"


def test_a_cancel_after_the_output_is_there_is_too_late(tmp_path: Path):
    store, cancel = folder_store(tmp_path), Flag()
    store.put_bytes("team/a.mp4", b"new")

    def on_event(event: Event) -> None:
        if event.stage is Stage.PUBLISHING:
            cancel.set()

    outcome = perform(
        job("copy", input_key="a.mp4", output_key="b.mp4"), machine(tmp_path, store), on_event=on_event, cancel=cancel
    )
    assert outcome.succeeded
    assert store.get_bytes("team/b.mp4") == b"new"


@pytest.mark.parametrize("way", ["leave", "cancel"])
def test_what_a_child_started_ends_with_it(way: str, tmp_path: Path):
    mark, cancel = tmp_path / "pid", Flag()

    def on_event(event: Event) -> None:
        if event.stage is Stage.PROCESSING:
            cancel.set()

    perform(
        job("breed", path=str(mark), text=way), machine(tmp_path, limits=limits()), on_event=on_event, cancel=cancel
    )
    wait_until(lambda: not lives(pid_in(mark)))


@linux_only
def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path):
    mark = tmp_path / "pid"
    code = (
        "import sys; from pathlib import Path; from tests.jobs.machines import job, machine; "
        "from clipmill.jobs.perform import perform; place = Path(sys.argv[1]); "
        "perform(job('hang', path=str(place / 'pid')), machine(place))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment, cwd=Path.cwd())
    child = pid_in(mark)
    assert lives(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: not lives(child))
    assert not nothing_left(tmp_path)
    sweep(tmp_path / "scratch")
    assert nothing_left(tmp_path)


def test_a_scratch_folder_in_use_is_not_swept(tmp_path: Path):
    scratch = Scratch.make(tmp_path)
    sweep(tmp_path)
    assert scratch.folder.exists()
    assert scratch.remove() is None
    assert not scratch.folder.exists()


def test_a_folder_that_is_no_scratch_is_not_swept(tmp_path: Path):
    (tmp_path / "clipmill-data").mkdir()
    sweep(tmp_path)
    assert (tmp_path / "clipmill-data").exists()


def test_a_child_that_forbids_cleaning_is_cleaned(tmp_path: Path):
    assert perform(job("forbid_cleaning"), machine(tmp_path)).succeeded
    assert nothing_left(tmp_path)


def test_no_secret_of_the_environment_reaches_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "R2_SECRET_ACCESS_KEY",
        "WASABI_SECRET_KEY",
        "MY_TOKEN",
        "PYTHONSTARTUP",
        "LD_PRELOAD_KEY",
    ):
        monkeypatch.setenv(name, "canary-7f3a")
    monkeypatch.setenv("TZ", "Europe/Vienna")
    events: list[Event] = []
    outcome = perform(job("show_environment"), machine(tmp_path), on_event=events.append)
    assert "canary-7f3a" not in str(outcome.wire()) + str(events)
    assert "Europe/Vienna" in outcome.value()["environment"]


def test_no_secret_of_the_environment_reaches_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", "canary-7f3a")
    events: list[Event] = []
    for function in ("raise_unknown", "crash", "raise_typed"):
        outcome = perform(job(function), machine(tmp_path, retry=ONCE), on_event=events.append)
        assert "canary-7f3a" not in str(outcome.wire()) + str(events)


def test_a_childs_home_and_folder_are_its_scratch(tmp_path: Path):
    result = perform(job("show_environment"), machine(tmp_path)).value()
    assert result["home"] == result["cwd"]
    assert result["cwd"].startswith(str(tmp_path / "scratch"))


def test_an_interruption_of_the_parent_kills_the_child_and_cleans_up(tmp_path: Path):
    mark = tmp_path / "pid"

    def interrupt() -> None:
        pid_in(mark)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        perform(job("hang", path=str(mark)), machine(tmp_path))
    thread.join()
    assert not lives(pid_in(mark))
    assert nothing_left(tmp_path)


@linux_only
def test_a_child_that_stands_back_does_so_with_its_whole_session():
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "import os; from clipmill.jobs.walls import stand_back; stand_back(7); print(os.nice(0))\n"
                "group = '/proc/self/autogroup'; print(open(group).read() if os.path.exists(group) else 'nice 7')"
            ),
        ],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    nice, group = told.splitlines()[:2]
    assert nice == "7"
    assert group.endswith("nice 7")
