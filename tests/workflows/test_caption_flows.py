import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.caption_book.worlds import World
from tests.ledgers import new_ledger
from tests.workflows.caption_places import KEYS, REGION, SOURCE, Functions, place_of, text_read

from clipmill.engines.caption_databases.captions import CaptionRecord
from clipmill.errors import (
    CancelledError,
    ContractError,
    ForbiddenError,
    InvalidParameterError,
    LimitExceededError,
    LockHeldError,
    LockLostError,
    NotFoundError,
    OcrFailedError,
    StorageUnavailableError,
)
from clipmill.errors import TimeoutError as DeadlineError
from clipmill.jobs.caption_book.locks import LEASE_S, Database
from clipmill.jobs.caption_book.steps import Step, StepKey
from clipmill.jobs.job import Job
from clipmill.jobs.ledger.database import open_engine
from clipmill.jobs.outcome import Outcome
from clipmill.media.captions.priority import Tier
from clipmill.media.captions.states import Platform, StepState
from clipmill.workflows.caption_calls import CROP, EXTRACT, READ, runner_call
from clipmill.workflows.caption_flows import (
    captionacc_caption_ocr,
    captionacc_crop_and_infer_caption_frame_extents,
    captionacc_video_initial_processing,
)
from clipmill.workflows.caption_place import FlowPlace, Guards
from clipmill.workflows.caption_queue import QueuedStep, start_queued

INITIAL, EXTENTS = StepKey("match", Step.INITIAL), StepKey("match", Step.EXTENTS)
READING = StepKey("match", Step.CAPTION_OCR, "a")
ROW = CaptionRecord("a", 10, 20)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(open_engine(new_ledger(tmp_path / "book.db")))
    world.book.videos.enter("match", "team", SOURCE)
    yield world
    world.engine.dispose()


@pytest.fixture
def functions(tmp_path: Path) -> Functions:
    (tmp_path / "objects").mkdir()
    return Functions(tmp_path / "objects")


@pytest.fixture
def place(world: World, functions: Functions) -> FlowPlace:
    return place_of(world, functions)


def initial(place: FlowPlace) -> dict[str, Any]:
    return captionacc_video_initial_processing("match", "team", SOURCE, place=place)


def crop(place: FlowPlace) -> dict[str, Any]:
    return captionacc_crop_and_infer_caption_frame_extents("match", "team", REGION, place=place)


def read(place: FlowPlace, row: CaptionRecord = ROW) -> dict[str, Any]:
    return captionacc_caption_ocr("team", "match", row.id, row.start_frame, row.end_frame, 1, place=place)


def state(place: FlowPlace, key: StepKey) -> StepState:
    row = place.book.steps.get(key)
    assert row is not None
    return row.state


def raising(fault: BaseException):
    def answer(_job: object) -> dict[str, Any]:
        raise fault

    return answer


class Host:
    """A host application that hears of everything."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def update_video_status(self, video_id: str, status: str, error: str | None = None) -> None:
        self.told.append((video_id, status, error))

    def update_video_metadata(self, video_id: str, **fields: Any) -> None:
        self.told.append((video_id, fields))


def test_the_first_flow_of_a_video_keeps_what_was_found_and_is_ready(place: FlowPlace, functions: Functions):
    told = initial(place)
    assert (told["status"], told["frame_count"], told["layout_db_key"]) == (
        "ready",
        4,
        "team/client/videos/match/layout.db.gz",
    )
    video = place.book.videos.get("match", "team")
    assert (video.frame_count, video.duration_seconds, video.width, video.height) == (4, 35.5, 1280, 720)
    assert state(place, INITIAL).status == "ready"
    assert (functions.called, functions.limits_s) == ([EXTRACT], [1800])
    assert (functions.calls[0].request["frame_rate"], functions.calls[0].request["fence"]) == (0.1, 1)
    assert place.book.locks.acquire("match", Database.LAYOUT, "next") is not None


def test_when_the_crop_flow_reports_ready_captions_db_already_contains_the_predicted_rows(
    place: FlowPlace, functions: Functions
):
    class Watching(Host):
        def update_video_status(self, video_id: str, status: str, error: str | None = None) -> None:
            self.told.append((status, [(row.start_frame, row.end_frame) for row in functions.rows().values()]))

    host = Watching()
    assert crop(replace(place, updates=host))["status"] == "ready"
    metadata = ("match", {"current_cropped_frames_version": 1, "cropped_frame_count": 100})
    assert host.told == [("processing", []), metadata, ("ready", [(10, 20), (30, 40)])]
    assert place.book.versions.statuses(KEYS) == {1: "active"}
    assert functions.limits_s[0] == 3600
    assert [call.request["fence"] for call in functions.calls] == [1, 1]


def test_a_number_that_only_the_record_knows_is_not_taken_again(place: FlowPlace, functions: Functions):
    place.book.versions.reserve(KEYS, REGION)
    crop(place)
    assert functions.calls[0].request["least_version"] == 2


def test_ten_caption_ocr_flows_of_one_video_at_once_leave_ten_texts_stored(place: FlowPlace, functions: Functions):
    rows = [CaptionRecord(f"c{number}", 10 * number, 10 * number + 10) for number in range(10)]
    functions.put(*rows)
    together = threading.Barrier(10)

    def answer(job: Any) -> Any:
        together.wait(30)
        return text_read(job)

    functions.answers[READ] = answer
    patient = replace(place, pause=lambda _seconds: threading.Event().wait(0.1))
    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(partial(read, patient), rows))
    assert {one["status"] for one in told} == {"ready"}
    stored = {name: row.caption_ocr for name, row in functions.rows().items()}
    assert stored == {row.id: f"text at {row.start_frame}" for row in rows}


def test_a_caption_deleted_while_its_ocr_runs_is_not_found_and_no_row_appears(place: FlowPlace, functions: Functions):
    functions.put(CaptionRecord("b", 50, 60))
    with pytest.raises(NotFoundError, match="deleted"):
        read(place)
    assert list(functions.rows()) == ["b"]
    assert state(place, READING).status == "error"


def test_an_ocr_error_and_then_success_leave_ready_with_the_error_text_gone(place: FlowPlace, functions: Functions):
    functions.put(ROW)
    functions.answers[READ] = raising(OcrFailedError("nothing could be read"))
    with pytest.raises(OcrFailedError):
        read(place)
    row = functions.rows()["a"]
    assert (row.caption_ocr_status, row.caption_ocr_error) == ("error", "nothing could be read")
    functions.answers[READ] = text_read
    assert read(place)["ocr_text"] == "text at 10"
    row = functions.rows()["a"]
    assert (row.caption_ocr_status, row.caption_ocr_error, row.caption_ocr) == ("ready", None, "text at 10")
    assert (state(place, READING).status, state(place, READING).error) == ("ready", None)


def test_a_caption_whose_range_changed_meanwhile_gets_no_text_and_is_to_be_read_again(
    place: FlowPlace, functions: Functions
):
    functions.put(replace(ROW, end_frame=25))
    told = read(place)
    assert (told["status"], told["reason"]) == ("skipped", "range_changed")
    assert (functions.rows()["a"].caption_ocr, functions.rows()["a"].image_needs_regen) == (None, 1)


@pytest.mark.parametrize("flow", [initial, crop, read])
def test_of_two_flows_for_one_video_at_once_one_makes_its_call_and_the_other_is_skipped(
    flow: Any, place: FlowPlace, functions: Functions
):
    functions.put(ROW)
    others: list[dict[str, Any]] = []
    for name in (EXTRACT, CROP, READ):
        answer = functions.answers[name]
        functions.answers[name] = lambda job, answer=answer: others.append(flow(place)) or answer(job)
    assert flow(place)["status"] == "ready"
    assert others == [{"status": "skipped", "reason": "already_processing"}]
    assert len([name for name in functions.called if name in {EXTRACT, CROP, READ}]) == 1


def test_a_human_editor_holds_captions_and_the_crop_flow_stops_before_its_gpu_call(
    place: FlowPlace, functions: Functions
):
    functions.put(ROW)
    editor = place.book.locks.acquire("match", Database.CAPTIONS, "user:anna")
    with pytest.raises(LockHeldError):
        crop(place)
    assert (functions.calls, functions.rows()) == ([], {"a": functions.rows()["a"]})
    assert place.book.steps.get(EXTENTS) is None
    assert editor is not None
    assert place.book.locks.renew(editor)


def test_the_reading_of_a_caption_waits_for_an_editor(place: FlowPlace, functions: Functions):
    functions.put(ROW)
    editor = place.book.locks.acquire("match", Database.CAPTIONS, "user:anna")
    assert editor is not None
    assert read(replace(place, pause=lambda _seconds: place.book.locks.release(editor)))["status"] == "ready"


def test_the_reading_of_a_caption_waits_a_minute_and_no_longer(place: FlowPlace, functions: Functions):
    functions.put(ROW)
    place.book.locks.acquire("match", Database.CAPTIONS, "user:anna")
    waited: list[float] = []
    with pytest.raises(LockHeldError):
        read(replace(place, pause=waited.append))
    assert sum(waited) == 60
    assert functions.rows()["a"].caption_ocr is None


def test_a_flow_whose_lock_is_gone_writes_nothing_more(place: FlowPlace, world: World, functions: Functions):
    answer = functions.answers[CROP]
    functions.answers[CROP] = lambda job: world.wait(LEASE_S) or answer(job)
    with pytest.raises(LockLostError):
        crop(place)
    assert functions.called == [CROP]
    assert functions.rows() == {}
    assert place.book.versions.statuses(KEYS) == {1: "failed"}
    assert state(place, EXTENTS).status == "error"


REMOTE = OcrFailedError("rapidocr read none of 4 frames")
PLATFORM = ContractError("the worker is gone")
NETWORK = ConnectionError("connection reset")
TOO_LATE = DeadlineError("it took longer than 1800 s")


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (TOO_LATE, "Processing timeout"),
        (REMOTE, "rapidocr read none of 4 frames"),
        (NETWORK, "Modal error: connection reset"),
        (PLATFORM, "Modal error: the worker is gone"),
    ],
)
def test_timeout_remote_exception_and_network_error_have_their_texts_and_are_raised_as_they_were(
    fault: Exception, text: str, place: FlowPlace, functions: Functions
):
    functions.answers[EXTRACT] = raising(fault)
    host = Host()
    with pytest.raises(type(fault)) as told:
        initial(replace(place, platform=Platform.MODAL, updates=host))
    assert told.value is fault
    assert (state(place, INITIAL).status, state(place, INITIAL).error) == ("error", text)
    assert host.told[-1] == ("match", "error", text)
    assert place.book.locks.acquire("match", Database.LAYOUT, "next") is not None


def test_a_gpu_call_that_fails_was_made_exactly_once(place: FlowPlace, functions: Functions):
    functions.answers[EXTRACT] = raising(NETWORK)
    with pytest.raises(ConnectionError):
        initial(place)
    assert functions.called == [EXTRACT]


def test_with_the_status_store_down_the_caller_sees_the_original_exception(
    place: FlowPlace, functions: Functions, monkeypatch: pytest.MonkeyPatch
):
    functions.answers[EXTRACT] = raising(REMOTE)
    monkeypatch.setattr(place.book.steps, "fail", raise_down)
    pauses: list[float] = []
    with pytest.raises(OcrFailedError) as told:
        initial(replace(place, pause=pauses.append))
    assert told.value is REMOTE
    assert pauses == [1, 2, 4]


def raise_down(*_: object, **_more: object) -> None:
    raise StorageUnavailableError("the store does not answer")


def test_metadata_that_cannot_be_kept_does_not_fail_the_flow(place: FlowPlace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(place.book.videos, "update_video_metadata", raise_down)
    pauses: list[float] = []
    assert initial(replace(place, pause=pauses.append))["status"] == "ready"
    assert pauses == [1, 2, 4]


def test_a_host_that_does_not_listen_fails_no_flow(place: FlowPlace):
    class Deaf:
        update_video_status = update_video_metadata = staticmethod(raise_down)

    assert initial(replace(place, updates=Deaf()))["status"] == "ready"
    assert place.book.videos.get("match", "team").frame_count == 4


def test_with_automatic_attempts_used_up_a_flow_starts_nothing_until_a_person_asks(
    place: FlowPlace, functions: Functions
):
    functions.answers[EXTRACT] = raising(NETWORK)
    for _ in range(3):
        with pytest.raises(ConnectionError):
            initial(place)
    with pytest.raises(InvalidParameterError, match="by hand"):
        initial(place)
    assert place.book.steps.restart_failed() == []
    assert start_queued(place.book, raising(AssertionError())) == []
    assert len(functions.calls) == 3
    with pytest.raises(ConnectionError):
        initial(replace(place, by_person=True))
    assert state(place, INITIAL).attempts == 1


@pytest.mark.parametrize(
    "flow",
    [
        partial(captionacc_video_initial_processing, "new", "team", "others/raw.mp4"),
        partial(captionacc_video_initial_processing, "match", "others", "others/raw.mp4"),
        partial(captionacc_crop_and_infer_caption_frame_extents, "match", "others", REGION),
        partial(captionacc_caption_ocr, "others", "match", "a", 0, 5, 1),
    ],
)
def test_a_key_or_video_of_another_tenant_is_forbidden_before_any_read(
    flow: Any, place: FlowPlace, functions: Functions
):
    with pytest.raises(ForbiddenError):
        flow(place=place)
    assert functions.calls == []


@pytest.mark.parametrize("guards", [Guards(max_cost_usd=Decimal("0.30")), Guards(max_frames_per_video=35_999)])
def test_a_video_above_a_limit_is_refused_before_its_gpu_call(guards: Guards, place: FlowPlace, functions: Functions):
    if guards.max_cost_usd is None:
        place.book.videos.update_video_metadata("match", duration_seconds=3600.0)
    with pytest.raises(LimitExceededError):
        crop(replace(place, guards=guards))
    assert CROP not in functions.called


def test_a_gpu_call_is_logged_before_and_after_with_what_it_costs(place: FlowPlace, caplog: pytest.LogCaptureFixture):
    place.book.videos.update_video_metadata("match", duration_seconds=3600.0)
    with caplog.at_level(logging.INFO, "clipmill.workflows.caption_calls"):
        initial(place)
    assert caplog.messages == [
        f"{EXTRACT} of video match begins: 36000 frames, estimated 300.0 s, 0.05 USD",
        f"{EXTRACT} of video match ended: frame_count 4, ocr_box_count 8, 36.0 s of estimated 300.0 s, 0.006000 USD of estimated 0.05 USD",
    ]


def test_queued_steps_are_started_by_priority_the_oldest_of_equals_first_within_the_containers(
    place: FlowPlace, world: World
):
    for video, tenant in (("new", "free"), ("old", "free"), ("paid", "paying"), ("busy", "free"), ("begun", "free")):
        place.book.videos.enter(video, tenant, f"{tenant}/raw.mp4")
    for video in ("old", "new", "paid", "busy", "begun"):
        place.book.steps.queue(StepKey(video, Step.INITIAL))
        world.wait(60)
    place.book.steps.claim(StepKey("busy", Step.INITIAL), "run")
    started: list[QueuedStep] = []
    tiers = {"paying": Tier.PREMIUM}
    world.wait(90 * 60 - 180)
    start_queued(
        place.book,
        started.append,
        containers=4,
        tier_of=lambda tenant: tiers.get(tenant, Tier.FREE),
        under_way={StepKey("begun", Step.INITIAL)},
    )
    assert [(step.key.video_id, step.priority) for step in started] == [("paid", 71), ("old", 51)]
    assert started[0].tags == ["tenant:paying", "tier:premium", "priority:71", "age-boosting:enabled"]


def test_a_call_through_a_runner_that_passes_its_deadline_is_cancelled_and_a_timeout():
    class Endless:
        def __init__(self) -> None:
            self.cancelled = threading.Event()

        def submit(self, job: Any) -> str:
            return job.id

        def events(self, handle: str, after: int = 0) -> Iterator[Outcome]:
            assert self.cancelled.wait(30)
            yield Outcome(error=CancelledError("stopped"))

        def cancel(self, handle: str) -> None:
            self.cancelled.set()

    assert isinstance(runner_call(Endless())(Job("j", EXTRACT, {}), 0).error, DeadlineError)
