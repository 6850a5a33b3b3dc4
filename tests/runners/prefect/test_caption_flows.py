"""The caption flows under real workers, from the deployments that the command line makes; minutes, so only on demand."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.captioned_clip import captioned_clip
from tests.cli.shell import clipmill
from tests.jobs.machines import wait_until
from tests.runners.prefect.platform import START_S, Platform, end_all_of, family, on_postgres
from tests.runners.prefect.reading import LONG, in_places

from clipmill.engines.caption_databases.captions import CaptionRecord, read_captions
from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.caption_book.locks import LEASE_S, Database
from clipmill.jobs.caption_book.steps import Step, StepKey
from clipmill.media.captions.keys import VideoKeys
from clipmill.media.captions.states import Status
from clipmill.runners.prefect.deployables import CROP_FLOW, INITIAL_FLOW, NAME, OCR_FLOW

pytestmark = LONG

Worker = subprocess.Popen[bytes]

TENANT = "team"
REGION = {"crop_left": 0.1, "crop_top": 0.82, "crop_right": 0.9, "crop_bottom": 0.96}
LOST_S = 62.0
"""From the end of a lease until its step is taken for lost."""
EXTENTS = Step.EXTENTS


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, CaptionBook]]:
    folder = tmp_path_factory.mktemp("captions")
    with on_postgres(folder) as (platform, url), pytest.MonkeyPatch.context() as patch:
        platform.store.upload(captioned_clip(folder / "clip.mp4"), f"{TENANT}/clip.mp4")
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        assert clipmill("deploy", "prefect").code == 0
        with closing(CaptionBook.open(url)) as book:
            yield platform, book


@pytest.fixture
def worker(there: tuple[Platform, CaptionBook]) -> Iterator[Worker]:
    """A machine with a card of the middle class."""
    process = there[0].worker(CLIPMILL_GPU="medium")
    yield process
    end_all_of(process)


def begun(platform: Platform, flow: str, **parameters: Any) -> str:
    """A run of a caption flow, as a host application starts it."""
    deployment = platform.ask("GET", f"/deployments/name/{flow}/{NAME}")["id"]
    return platform.ask("POST", f"/deployments/{deployment}/create_flow_run", parameters=parameters)["id"]


def ended(platform: Platform, run: str) -> str:
    """The state in which a run ends."""

    def state() -> dict[str, Any]:
        return platform.ask("GET", f"/flow_runs/{run}")["state"]

    wait_until(lambda: state()["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}, START_S)
    return state()["type"]


def rows(platform: Platform, video: str) -> list[CaptionRecord]:
    """The captions of a video as people find them, in its order."""
    file = platform.folder / f"{video}.db"
    platform.store.download(VideoKeys(TENANT, video).captions, file)
    return list(read_captions(file).rows)


def status(book: CaptionBook, video: str, step: Step, item: str = "") -> Status | None:
    row = book.steps.get(StepKey(video, step, item))
    return None if row is None else row.state.status


def is_free(book: CaptionBook, video: str, database: Database) -> bool:
    """Whether nobody holds a lock; it is held for a moment to know."""
    lock = book.locks.acquire(video, database, "test")
    return lock is not None and book.locks.release(lock)


def in_work(platform: Platform, book: CaptionBook, video: str) -> str:
    """A run of the crop flow in the middle of its work, its lock held."""
    book.videos.enter(video, TENANT, f"{TENANT}/clip.mp4")
    run = begun(platform, CROP_FLOW, video_id=video, tenant_id=TENANT, crop_region=REGION)
    wait_until(lambda: status(book, video, EXTENTS) is Status.PROCESSING, START_S)
    assert not is_free(book, video, Database.CAPTIONS)
    return run


@pytest.mark.usefixtures("worker")
def test_a_video_goes_through_all_three_flows(there: tuple[Platform, CaptionBook]):
    platform, book = there
    whose = {"video_id": "match", "tenant_id": TENANT}
    assert ended(platform, begun(platform, INITIAL_FLOW, **whose, storage_key=f"{TENANT}/clip.mp4")) == "COMPLETED"
    assert status(book, "match", Step.INITIAL) is Status.READY
    assert book.videos.get("match", TENANT).duration_seconds == 6.0
    assert ended(platform, begun(platform, CROP_FLOW, **whose, crop_region=REGION)) == "COMPLETED"
    assert status(book, "match", EXTENTS) is Status.READY
    caption, *_ = rows(platform, "match")
    span = {"caption_id": caption.id, "start_frame": caption.start_frame, "end_frame": caption.end_frame}
    assert ended(platform, begun(platform, OCR_FLOW, **whose, **span, version=1)) == "COMPLETED"
    assert status(book, "match", Step.CAPTION_OCR, caption.id) is Status.READY
    read, *_ = rows(platform, "match")
    assert (read.caption_ocr_status, read.caption_ocr) == ("ready", "The keeper saves it")
    assert all(is_free(book, "match", database) for database in Database)
    assert not in_places(platform)


def test_a_flow_that_is_cancelled_gives_its_lock_back_and_says_so(there: tuple[Platform, CaptionBook], worker: Worker):
    platform, book = there
    run = in_work(platform, book, "cancelled")
    platform.ask("POST", f"/flow_runs/{run}/set_state", state={"type": "CANCELLING", "name": "Cancelling"})
    assert ended(platform, run) == "CANCELLED"
    assert (status(book, "cancelled", EXTENTS), is_free(book, "cancelled", Database.CAPTIONS)) == (Status.ERROR, True)
    wait_until(lambda: len(family(worker.pid)) == 1)


def test_a_worker_that_is_told_to_end_gives_the_locks_of_its_flows_back(
    there: tuple[Platform, CaptionBook], worker: Worker
):
    platform, book = there
    run = in_work(platform, book, "told")
    worker.send_signal(signal.SIGTERM)
    assert ended(platform, run) == "CRASHED"
    assert (status(book, "told", EXTENTS), is_free(book, "told", Database.CAPTIONS)) == (Status.ERROR, True)


def test_a_worker_that_is_killed_loses_its_lock_with_its_lease_and_the_video_can_be_begun_again(
    there: tuple[Platform, CaptionBook], worker: Worker
):
    platform, book = there
    run = in_work(platform, book, "killed")
    end_all_of(worker)
    assert ended(platform, run) == "CRASHED"
    assert not in_places(platform)
    next_one = platform.worker(CLIPMILL_GPU="medium")
    try:
        wait_until(lambda: is_free(book, "killed", Database.CAPTIONS), LEASE_S + 30)
        assert status(book, "killed", EXTENTS) is Status.PROCESSING
        # Whoever takes the lock begins the time again after which its step counts as lost.
        taken_at = time.monotonic()
        wait_until(lambda: time.monotonic() - taken_at > LOST_S, 2 * LOST_S)
        again = {"video_id": "killed", "tenant_id": TENANT, "crop_region": REGION}
        assert ended(platform, begun(platform, CROP_FLOW, **again)) == "COMPLETED"
    finally:
        end_all_of(next_one)
    row = book.steps.get(StepKey("killed", EXTENTS))
    assert row is not None
    assert (row.state.status, row.state.attempts) == (Status.READY, 2)
