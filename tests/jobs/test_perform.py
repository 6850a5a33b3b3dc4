import threading
from pathlib import Path
from threading import Event as Flag

import pytest
from tests.jobs.machines import folder_store, job, machine, nothing_left, remote_store

from clipmill.errors import (
    EncoderFailedError,
    InternalError,
    InvalidKeyError,
    InvalidRequestError,
    SourceMissingError,
    StorageUnavailableError,
    UnknownJobTypeError,
    UnsupportedCodecError,
)
from clipmill.function.needs import Gpu
from clipmill.function.stages import Stage
from clipmill.jobs.events import Event
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.perform import perform, plan
from clipmill.storage.folder import FolderStore
from clipmill.storage.objects import ObjectStore
from clipmill.storage.retry import RetryPolicy
from clipmill.storage.store import Store


@pytest.fixture(params=["folder", "remote"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return folder_store(tmp_path) if request.param == "folder" else remote_store()


def test_a_function_gets_its_request_and_its_threads(tmp_path: Path):
    outcome = perform(job("echo", text="héllo"), machine(tmp_path, threads=3))
    assert outcome.value() == {"status": "success", "text": "héllo", "threads": 3}


def test_an_output_lies_under_the_tenants_key(store: Store, tmp_path: Path):
    store.put_bytes("team/raw/a.mp4", b"pictures")
    outcome = perform(job("copy", input_key="raw/a.mp4", output_key="out/b.mp4"), machine(tmp_path, store))
    assert outcome.value()["size"] == 8
    assert store.get_bytes("team/out/b.mp4") == b"pictures"
    assert nothing_left(tmp_path)


def test_a_shared_source_is_read_without_the_tenant_and_never_written(tmp_path: Path):
    store = remote_store()
    store.put_bytes("games/a.mp4", b"shared")
    here = machine(tmp_path, store, shared_prefixes=("games/",))
    assert perform(job("copy", input_key="games/a.mp4", output_key="out/b.mp4"), here).succeeded
    refused = perform(job("copy", input_key="games/a.mp4", output_key="games/b.mp4"), here)
    assert isinstance(refused.error, InvalidKeyError)
    assert not store.exists("games/b.mp4")


def test_another_tenants_object_does_not_exist(store: Store, tmp_path: Path):
    store.put_bytes("other/raw/a.mp4", b"theirs")
    outcome = perform(job("copy", input_key="raw/a.mp4", output_key="out/b.mp4"), machine(tmp_path, store))
    assert isinstance(outcome.error, SourceMissingError)


def test_a_remote_object_is_read_by_ranges(tmp_path: Path):
    store = remote_store()
    store.put_bytes("team/raw/a.mp4", b"a" * 700_000 + b"mid" + b"z" * 699_997 + b"end")
    result = perform(job("seek", input_key="raw/a.mp4"), machine(tmp_path, store)).value()
    assert (result["size"], result["tail"], result["kind"]) == (1_400_003, "end", "BrokeredFile")
    assert result["middle"] == "d" + "zz" or len(result["middle"]) == 3
    assert result["end"] == 700_001 + 3


def test_a_local_object_is_fetched_without_a_copy(tmp_path: Path):
    store = folder_store(tmp_path)
    store.put_bytes("team/a.txt", b"text")
    result = perform(job("fetch", input_key="a.txt"), machine(tmp_path, store)).value()
    assert result["paths"] == [str(tmp_path / "store/team/a.txt")] * 2


def test_a_remote_object_is_fetched_once_into_scratch_with_progress(tmp_path: Path):
    store, events = remote_store(), list[Event]()
    store.put_bytes("team/a.txt", b"text" * 1000)
    result = perform(job("fetch", input_key="a.txt"), machine(tmp_path, store), on_event=events.append).value()
    assert len(set(result["paths"])) == 1
    assert result["paths"][0].startswith(str(tmp_path / "scratch"))
    downloads = [event for event in events if event.stage is Stage.DOWNLOADING]
    assert downloads[-1].bytes_done == downloads[-1].bytes_total == 4000


def test_several_threads_may_read_and_report(tmp_path: Path):
    store = remote_store()
    store.put_bytes("team/a.mp4", bytes(range(256)) * 100)
    result = perform(job("report_from_threads", input_key="a.mp4"), machine(tmp_path, store)).value()
    assert result == {"status": "success", "same": True, "count": 80}


def test_events_run_from_the_start_to_done_and_the_output_is_readable_by_then(store: Store, tmp_path: Path):
    events: list[Event] = []
    readable: list[bool] = []
    store.put_bytes("team/a.mp4", b"pictures")

    def on_event(event: Event) -> None:
        events.append(event)
        if event.stage is Stage.DONE:
            readable.append(store.get_bytes("team/b.mp4") == b"pictures")

    task = job("copy", input_key="a.mp4", output_key="b.mp4", count=50)
    assert perform(task, machine(tmp_path, store), on_event=on_event).succeeded
    stages = list(dict.fromkeys(event.stage for event in events))
    assert stages == [Stage.STARTING, Stage.PREPARING, Stage.PROCESSING, Stage.UPLOADING, Stage.PUBLISHING, Stage.DONE]
    assert {event.job_id for event in events} == {task.id}
    assert (events[-1].progress, readable) == (100.0, [True])
    assert max(event.frames_done or 0 for event in events) == 50


def test_a_result_with_timings_tells_where_the_time_went(tmp_path: Path):
    store = remote_store()
    store.put_bytes("team/a.mp4", b"pictures")
    task = job("copy", input_key="a.mp4", output_key="b.mp4", count=50)
    timings = perform(task, machine(tmp_path, store)).value()["timings"]
    assert timings["prepare_s"] + timings["process_s"] > 0
    assert timings["prepare_s"] + timings["process_s"] + timings["encode_s"] <= timings["total_s"]
    assert {"queue_s", "download_s", "upload_s", "publish_s"} <= timings.keys()


def test_an_unknown_function_is_named_with_the_nearest_known_one(tmp_path: Path):
    outcome = perform(job("coppy"), machine(tmp_path))
    assert isinstance(outcome.error, UnknownJobTypeError)
    assert "Did you mean copy?" in outcome.error.message


def test_a_faulty_request_is_refused_with_its_field(tmp_path: Path):
    outcome = perform(job("echo", txet="x"), machine(tmp_path))
    assert isinstance(outcome.error, InvalidRequestError)
    assert "text" in outcome.error.message


def test_a_typed_error_arrives_typed_with_its_details(tmp_path: Path):
    outcome = perform(job("raise_typed", text="codec"), machine(tmp_path))
    assert isinstance(outcome.error, UnsupportedCodecError)
    assert outcome.error.details == {"codec": "svq1"}


def test_an_engines_error_keeps_the_last_words_and_no_secret(tmp_path: Path):
    outcome = perform(job("raise_typed", text="[libx264] malloc of size 12 failed"), machine(tmp_path))
    assert isinstance(outcome.error, EncoderFailedError)
    assert "malloc of size 12" in outcome.error.details["log"]
    assert "abc123" not in str(outcome.wire())


def test_a_bug_is_internal_and_tried_once(tmp_path: Path):
    counted = tmp_path / "attempts"
    outcome = perform(job("raise_unknown", path=str(counted), text="k"), machine(tmp_path))
    assert isinstance(outcome.error, InternalError)
    assert "KeyError" in outcome.error.message
    assert "_raise_unknown" in outcome.error.details["log"]
    assert counted.read_text() == "x"


def test_an_answer_that_is_no_json_is_internal(tmp_path: Path):
    outcome = perform(job("answer_oddly"), machine(tmp_path))
    assert isinstance(outcome.error, InternalError)


def test_what_a_function_prints_is_no_answer_and_blocks_nothing(tmp_path: Path):
    assert perform(job("chatter"), machine(tmp_path)).value()["text"] == "the real one"


def test_two_passing_failures_then_success_are_one_success_of_three_attempts(tmp_path: Path):
    store, events = folder_store(tmp_path), list[Event]()
    task = job("fail_then_work", path=str(tmp_path / "attempts"), count=2, output_key="b.mp4")
    outcome = perform(task, machine(tmp_path, store), on_event=events.append)
    assert (outcome.succeeded, outcome.attempts) == (True, 3)
    assert store.get_bytes("team/b.mp4") == b"at last"
    shown = [event.progress for event in events]
    assert shown == sorted(shown)
    assert any("attempt 3" in event.message for event in events)
    assert nothing_left(tmp_path)


def test_a_failure_that_does_not_pass_is_told_after_the_last_attempt(tmp_path: Path):
    counted = tmp_path / "attempts"
    outcome = perform(job("fail_then_work", path=str(counted), count=9), machine(tmp_path))
    assert isinstance(outcome.error, StorageUnavailableError)
    assert (outcome.attempts, counted.read_text()) == (3, "xxx")


def test_a_platform_that_retries_by_itself_gets_single_attempts(tmp_path: Path):
    counted = tmp_path / "attempts"
    perform(job("fail_then_work", path=str(counted), count=9), machine(tmp_path, retry=RetryPolicy(pauses_s=())))
    assert counted.read_text() == "x"


def test_a_function_that_needs_no_retries_gets_none(tmp_path: Path):
    counted = tmp_path / "attempts"
    outcome = perform(job("fail_then_work_unretried", path=str(counted), count=9), machine(tmp_path))
    assert isinstance(outcome.error, StorageUnavailableError)
    assert counted.read_text() == "x"


def test_a_cancel_between_two_attempts_is_heard_at_once(tmp_path: Path):
    cancel = Flag()
    here = machine(tmp_path, retry=RetryPolicy(pauses_s=(3600.0,)))

    def on_event(event: Event) -> None:
        if event.stage is Stage.PROCESSING:
            cancel.set()

    outcome = perform(job("fail_then_work", count=9), here, on_event=on_event, cancel=cancel)
    assert outcome.wire()["code"] == "cancelled"


def test_a_failed_function_publishes_nothing_and_leaves_the_old_output(store: Store, tmp_path: Path):
    store.put_bytes("team/out.mp4", b"old")
    outcome = perform(job("publish_then_fail", output_key="out.mp4"), machine(tmp_path, store))
    assert isinstance(outcome.error, EncoderFailedError)
    assert store.get_bytes("team/out.mp4") == b"old"
    assert nothing_left(tmp_path)


@pytest.mark.parametrize("way", ["path", "link"])
def test_only_plain_files_of_the_scratch_folder_can_be_published(way: str, tmp_path: Path):
    secret, store = tmp_path / "secret", folder_store(tmp_path)
    secret.write_text("not yours")
    task = job("publish_elsewhere", path=str(secret), text=way, output_key="out.mp4")
    outcome = perform(task, machine(tmp_path, store))
    assert isinstance(outcome.error, InternalError)
    assert not store.exists("team/out.mp4")


def test_success_without_the_named_output_is_no_success(tmp_path: Path):
    outcome = perform(job("claim", output_key="never.mp4"), machine(tmp_path))
    assert isinstance(outcome.error, InternalError)
    assert "never.mp4" in outcome.error.message


def test_an_upload_that_fails_is_an_error_although_the_work_was_done(tmp_path: Path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "team").write_text("a file where a folder is needed")
    outcome = perform(job("fail_then_work", count=0, output_key="out.mp4"), machine(tmp_path))
    assert outcome.wire()["code"] == "access_denied"
    assert nothing_left(tmp_path)


def test_an_unwritable_scratch_root_is_a_typed_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    outcome = perform(job("echo"), machine(tmp_path, scratch_root=tmp_path / "file" / "below"))
    assert outcome.wire()["code"] == "access_denied"
    assert "CLIPMILL_SCRATCH" in outcome.wire()["error"]


def test_a_listener_that_fails_costs_nothing_but_a_line_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    def on_event(event: Event) -> None:
        raise RuntimeError(f"the listener broke at {event.stage}")

    assert perform(job("echo"), machine(tmp_path), on_event=on_event).succeeded
    assert "the listener broke at done" in caplog.text


def test_a_plan_tells_what_would_be_done_and_publishes_nothing(tmp_path: Path):
    store = folder_store(tmp_path)
    outcome = plan(job("copy", text="hi", output_key="out.mp4"), machine(tmp_path, store, threads=2))
    assert outcome.value() == {"will_say": "hi", "threads": 2}
    assert not list(store.list(""))


def test_the_two_stores_of_these_tests_are_read_in_two_ways(tmp_path: Path):
    assert isinstance(folder_store(tmp_path), FolderStore)
    assert isinstance(remote_store(), ObjectStore)


def test_many_jobs_leave_no_descriptor_and_no_thread_behind(tmp_path: Path):
    store = remote_store()
    store.put_bytes("team/a.mp4", b"pictures")
    here = machine(tmp_path, store, retry=RetryPolicy(pauses_s=()))

    def run() -> tuple[int, int]:
        for function in ("seek", "raise_typed", "crash"):
            perform(job(function, input_key="a.mp4"), here)
        return len(list(Path("/dev/fd").iterdir())), threading.active_count()

    assert run() == run()


def test_a_job_that_fails_tells_how_long_it_held_the_card(tmp_path: Path):
    outcome = perform(job("fail_then_work", path=str(tmp_path / "a"), count=9), machine(tmp_path, gpu=Gpu.SMALL))
    assert outcome.attempts == 3
    assert outcome.timings["gpu_s"] == outcome.timings["total_s"] > 0
    assert Outcome.from_json(outcome.to_json()).timings == outcome.timings
