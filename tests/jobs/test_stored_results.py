from dataclasses import replace
from pathlib import Path

import pytest
from tests.jobs.machines import folder_store, job, machine

from clipmill.errors import ConflictError
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.perform import perform
from clipmill.storage.store import Store


def once(tmp_path: Path, job_id: str = "job_7", output_key: str = "out.mp4"):
    return job("fail_then_work", job_id=job_id, path=str(tmp_path / "attempts"), count=0, output_key=output_key)


def attempts(tmp_path: Path) -> int:
    return len((tmp_path / "attempts").read_text())


def test_the_same_job_again_is_answered_and_not_run(tmp_path: Path):
    here, events = machine(tmp_path), list[Event]()
    first = perform(once(tmp_path), here)
    again = perform(once(tmp_path), here, on_event=events.append)
    assert again == first
    assert attempts(tmp_path) == 1
    assert [(event.stage, event.progress) for event in events] == [(Stage.DONE, 100.0)]


def test_another_job_with_the_same_request_is_run(tmp_path: Path):
    here = machine(tmp_path)
    perform(once(tmp_path), here)
    perform(once(tmp_path, "job_8"), here)
    assert attempts(tmp_path) == 2


def test_the_same_id_for_another_request_is_a_conflict_and_changes_nothing(tmp_path: Path):
    store = folder_store(tmp_path)
    perform(once(tmp_path), machine(tmp_path, store))
    outcome = perform(once(tmp_path, output_key="other.mp4"), machine(tmp_path, store))
    assert isinstance(outcome.error, ConflictError)
    assert not store.exists("team/other.mp4")


def test_tenants_do_not_share_ids(tmp_path: Path):
    here = machine(tmp_path)
    assert perform(job("echo", tenant="one", job_id="job_7", text="a"), here).value()["text"] == "a"
    assert perform(job("echo", tenant="two", job_id="job_7", text="b"), here).value()["text"] == "b"


def without(store: Store, key: str) -> None:
    store.delete(key)


def with_other_bytes(store: Store, key: str) -> None:
    store.put_bytes(key, b"of another length")


@pytest.mark.parametrize("change", [without, with_other_bytes])
def test_a_result_whose_output_is_gone_or_changed_is_made_anew(change, tmp_path: Path):
    store = folder_store(tmp_path)
    perform(once(tmp_path), machine(tmp_path, store))
    change(store, "team/out.mp4")
    assert perform(once(tmp_path), machine(tmp_path, store)).succeeded
    assert store.get_bytes("team/out.mp4") == b"at last"
    assert attempts(tmp_path) == 2


def test_a_job_that_is_not_kept_leaves_no_record_and_is_run_each_time(tmp_path: Path):
    store, task = folder_store(tmp_path), replace(once(tmp_path), kept=False)
    for _ in range(2):
        assert perform(task, machine(tmp_path, store)).succeeded
    assert attempts(tmp_path) == 2
    assert [info.key for info in store.list("")] == ["team/out.mp4"]


def test_a_record_that_cannot_be_read_is_no_record(tmp_path: Path):
    store = folder_store(tmp_path)
    perform(once(tmp_path), machine(tmp_path, store))
    store.put_bytes("team/jobs/job_7/result.json", b'{"digest":')
    assert perform(once(tmp_path), machine(tmp_path, store)).succeeded
    assert attempts(tmp_path) == 2


def test_a_failed_job_may_be_sent_again(tmp_path: Path):
    here = machine(tmp_path)
    task = job("fail_then_work", job_id="job_7", path=str(tmp_path / "attempts"), count=3, output_key="out.mp4")
    assert not perform(task, here).succeeded
    assert perform(task, here).succeeded


def test_a_result_that_cannot_be_kept_is_a_success_with_a_warning(tmp_path: Path):
    store = folder_store(tmp_path)
    store.put_bytes("team/jobs", b"a file where a folder is needed")
    result = perform(once(tmp_path), machine(tmp_path, store)).value()
    assert [warning["code"] for warning in result["warnings"]] == ["result_not_stored"]
    assert store.exists("team/out.mp4")
