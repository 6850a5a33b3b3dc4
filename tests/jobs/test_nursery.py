"""A forked child is as good as a spawned one: the same walls, the same ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from tests.jobs.machines import job, limits, lives, machine, nothing_left, pid_in, wait_until

from clipmill.errors import CancelledError, OutOfMemoryError, WorkerLostError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.machine import Machine
from clipmill.jobs.nursery import Closed, Nursery
from clipmill.jobs.perform import perform
from clipmill.storage.retry import RetryPolicy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere children are spawned")

ONCE = RetryPolicy(pauses_s=())
MODULES = ["tests.jobs.sample_functions"]


def opened(place: Machine, modules: list[str] = MODULES) -> Nursery:
    nursery = Nursery.open(place.scratch_root, place.environment, place.threads, modules)
    assert nursery is not None
    return nursery


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    nursery = opened(machine(tmp_path))
    yield nursery
    nursery.close()


def warm(tmp_path: Path, nursery: Nursery, **changes: Any) -> Machine:
    return machine(tmp_path, nursery=nursery, retry=ONCE, **changes)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_child_is_a_fork_in_its_own_session(nursery: Nursery, tmp_path: Path):
    mark, cancel = tmp_path / "pid", Flag()
    seen: list[tuple[int, int]] = []

    def look() -> None:
        pid = pid_in(mark)
        seen.append((parent_of(pid), os.getsid(pid) - pid))
        cancel.set()

    looker = threading.Thread(target=look)
    looker.start()
    perform(job("hang", path=str(mark)), warm(tmp_path, nursery, limits=limits()), cancel=cancel)
    looker.join()
    assert seen[0][0] != os.getpid()
    assert seen[0][1] == 0


def test_a_child_works_in_its_own_folder_without_secrets(
    nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", "canary-7f3a")
    other = opened(machine(tmp_path))
    for one in (nursery, other):
        outcome = perform(job("show_environment"), warm(tmp_path, one))
        assert "canary-7f3a" not in str(outcome.wire())
        assert outcome.value()["home"] == outcome.value()["cwd"] != str(tmp_path / "scratch")
    other.close()
    assert nothing_left(tmp_path)


def test_one_child_leaves_nothing_for_the_next(nursery: Nursery, tmp_path: Path):
    here = warm(tmp_path, nursery)
    assert isinstance(
        perform(job("eat_memory"), replace(here, limits=limits(memory_bytes=400 << 20))).error, OutOfMemoryError
    )
    assert isinstance(perform(job("crash"), here).error, WorkerLostError)
    assert perform(job("echo", text="fine"), here).value()["text"] == "fine"


def test_the_last_words_of_a_child_are_kept(nursery: Nursery, tmp_path: Path):
    outcome = perform(job("die", text="assertion failed in libfoo", count=3), warm(tmp_path, nursery))
    assert outcome.error is not None
    assert "exit code 3" in outcome.error.message
    assert "libfoo" in outcome.error.details["log"]


def test_a_cancel_ends_a_deaf_child_and_what_it_started(nursery: Nursery, tmp_path: Path):
    mark, cancel = tmp_path / "pid", Flag()

    def on_event(event: Event) -> None:
        if event.stage is Stage.PROCESSING:
            cancel.set()

    here = warm(tmp_path, nursery, limits=limits())
    outcome = perform(job("breed", path=str(mark)), here, on_event=on_event, cancel=cancel)
    assert isinstance(outcome.error, CancelledError)
    wait_until(lambda: not lives(pid_in(mark)))
    assert nothing_left(tmp_path)


def test_children_run_side_by_side(nursery: Nursery, tmp_path: Path):
    here = warm(tmp_path, nursery)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: perform(job("echo", text=str(n)), here), range(16)))
    assert [outcome.value()["text"] for outcome in outcomes] == [str(n) for n in range(16)]


def test_a_module_that_cannot_be_imported_keeps_nobody_else_from_working(nursery: Nursery, tmp_path: Path):
    here = warm(tmp_path, nursery)
    there = replace(here, catalogue={"gone": "clipmill.no_such_module:gone"})
    assert "no_such_module" in str(perform(job("gone"), there).error)
    assert perform(job("echo"), here).succeeded


def noted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the module ``noted`` leaves a file when it is imported."""
    (folder / "noted.py").write_text(f"from pathlib import Path; Path({str(folder / 'mark')!r}).touch()")
    monkeypatch.syspath_prepend(folder)
    return folder / "mark"


def test_whoever_asks_at_once_does_not_wait_for_what_others_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mark = noted(tmp_path, monkeypatch)
    nursery = opened(machine(tmp_path), ["noted", *MODULES])
    assert perform(job("echo"), warm(tmp_path, nursery)).succeeded
    assert not mark.exists()
    nursery.close()


def test_a_warm_process_that_is_left_in_peace_gets_ready_for_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mark = noted(tmp_path, monkeypatch)
    nursery = opened(machine(tmp_path), ["clipmill.no_such_module", "noted"])
    wait_until(mark.exists)
    nursery.close()


def test_children_die_with_the_warm_process_and_the_next_is_spawned(nursery: Nursery, tmp_path: Path):
    mark = tmp_path / "pid"
    killer = threading.Thread(target=lambda: os.kill(parent_of(pid_in(mark)), signal.SIGKILL))
    killer.start()
    here = warm(tmp_path, nursery)
    outcome = perform(job("hang", path=str(mark)), here)
    killer.join()
    assert isinstance(outcome.error, WorkerLostError)
    assert not lives(pid_in(mark))
    assert perform(job("echo"), here).succeeded
    assert nothing_left(tmp_path)


def test_a_closed_nursery_starts_nobody(tmp_path: Path):
    nursery = opened(machine(tmp_path))
    nursery.close()
    with pytest.raises(Closed):
        nursery.start(tmp_path, {}, "json")


def test_a_warm_process_that_runs_threads_refuses_to_fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    code = "import threading, time; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    (tmp_path / "threaded.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    nursery = opened(machine(tmp_path), [])
    with pytest.raises(Closed, match="2 threads"):
        nursery.start(tmp_path, {}, "threaded")
    assert perform(job("echo"), warm(tmp_path, nursery)).succeeded
    nursery.close()


def test_nobody_outlives_a_parent_that_is_killed(tmp_path: Path):
    mark = tmp_path / "pid"
    code = (
        "import sys; from pathlib import Path; from tests.jobs.machines import job, machine; "
        "from clipmill.runners.local import LocalRunner; place = Path(sys.argv[1]); "
        "LocalRunner(machine(place)).run(job('hang', path=str(place / 'pid')))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment, cwd=Path.cwd())
    child = pid_in(mark)
    warm_process = parent_of(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: not lives(child) and not lives(warm_process))
