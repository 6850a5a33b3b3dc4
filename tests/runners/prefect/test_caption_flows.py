"""The caption flows under our worker and under Prefect's own, from the deployments that the command line makes.

They take minutes, so they run only on demand.
"""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.captioned_clip import captioned_clip
from tests.cli.shell import clipmill
from tests.jobs.machines import wait_until
from tests.runners.prefect.captioning import begun, ended, is_free, status
from tests.runners.prefect.platform import PREFECT, START_S, Platform, end_all_of, family, on_postgres
from tests.runners.prefect.reading import LONG, in_places, places

from clipmill.engines.caption_databases.captions import CaptionRecord, read_captions
from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.caption_book.locks import LEASE_S, Database
from clipmill.jobs.caption_book.steps import Step, StepKey
from clipmill.media.captions.keys import VideoKeys
from clipmill.media.captions.states import Status
from clipmill.runners.prefect.deployables import CROP_FLOW, INITIAL_FLOW, OCR_FLOW

pytestmark = LONG

Worker = subprocess.Popen[bytes]

TENANT = "team"
REGION = {"crop_left": 0.1, "crop_top": 0.82, "crop_right": 0.9, "crop_bottom": 0.96}
LOST_S = 62.0
"""From the end of a lease until its step is taken for lost."""
EXTENTS = Step.EXTENTS
OURS = "our worker"


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


@pytest.fixture(params=[OURS, "Prefect's worker"])
def worker(there: tuple[Platform, CaptionBook], request: pytest.FixtureRequest) -> Iterator[Worker]:
    """A machine with a card of the middle class."""
    platform, _book = there
    if request.param == OURS:
        process = platform.worker(CLIPMILL_GPU="medium")
    else:
        process = platform.stock_worker("--work-queue", "medium", "--work-queue", "small", "--limit", "1")
    yield process
    end_all_of(process)


def rows(platform: Platform, video: str) -> list[CaptionRecord]:
    """The captions of a video as people find them, in its order."""
    file = platform.folder / f"{video}.db"
    platform.store.download(VideoKeys(TENANT, video).captions, file)
    return list(read_captions(file).rows)


def in_work(platform: Platform, book: CaptionBook, video: str) -> str:
    """A run of the crop flow in the middle of its work, its lock held."""
    book.videos.enter(video, TENANT, f"{TENANT}/clip.mp4")
    run = begun(platform, CROP_FLOW, video_id=video, tenant_id=TENANT, crop_region=REGION)
    wait_until(lambda: status(book, video, EXTENTS) is Status.PROCESSING, START_S)
    assert not is_free(book, video, Database.CAPTIONS)
    return run


def test_a_video_goes_through_all_three_flows(there: tuple[Platform, CaptionBook], worker: Worker):
    platform, book = there
    video = f"match-{worker.pid}"
    whose = {"video_id": video, "tenant_id": TENANT}
    assert ended(platform, begun(platform, INITIAL_FLOW, **whose, storage_key=f"{TENANT}/clip.mp4")) == "COMPLETED"
    assert status(book, video, Step.INITIAL) is Status.READY
    assert book.videos.get(video, TENANT).duration_seconds == 6.0
    assert ended(platform, begun(platform, CROP_FLOW, **whose, crop_region=REGION)) == "COMPLETED"
    assert status(book, video, EXTENTS) is Status.READY
    caption, *_ = rows(platform, video)
    span = {"caption_id": caption.id, "start_frame": caption.start_frame, "end_frame": caption.end_frame}
    assert ended(platform, begun(platform, OCR_FLOW, **whose, **span, version=1)) == "COMPLETED"
    assert status(book, video, Step.CAPTION_OCR, caption.id) is Status.READY
    read, *_ = rows(platform, video)
    assert (read.caption_ocr_status, read.caption_ocr) == ("ready", "The keeper saves it")
    assert all(is_free(book, video, database) for database in Database)
    assert not places(platform)
    assert not in_places(platform)


def test_a_flow_that_is_cancelled_gives_its_lock_back_and_says_so(there: tuple[Platform, CaptionBook], worker: Worker):
    platform, book = there
    video = f"cancelled-{worker.pid}"
    run = in_work(platform, book, video)
    platform.ask("POST", f"/flow_runs/{run}/set_state", state={"type": "CANCELLING", "name": "Cancelling"})
    assert ended(platform, run) == "CANCELLED"
    assert (status(book, video, EXTENTS), is_free(book, video, Database.CAPTIONS)) == (Status.ERROR, True)
    wait_until(lambda: len(family(worker.pid)) == 1)


@pytest.mark.parametrize("worker", [OURS], indirect=True)
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
    """So does Prefect's own worker that is told to end: it kills its runs without a word."""
    platform, book = there
    video = f"killed-{worker.pid}"
    run = in_work(platform, book, video)
    worker.send_signal(signal.SIGTERM) if PREFECT in worker.args else end_all_of(worker)
    assert ended(platform, run) == "CRASHED"
    assert not in_places(platform)
    next_one = platform.worker(CLIPMILL_GPU="medium")
    try:
        wait_until(lambda: is_free(book, video, Database.CAPTIONS), LEASE_S + 30)
        assert status(book, video, EXTENTS) is Status.PROCESSING
        free_at = time.monotonic()
        # Whoever looks meanwhile puts nothing off.
        wait_until(lambda: is_free(book, video, Database.CAPTIONS) and time.monotonic() - free_at > LOST_S)
        again = {"video_id": video, "tenant_id": TENANT, "crop_region": REGION}
        assert ended(platform, begun(platform, CROP_FLOW, **again)) == "COMPLETED"
    finally:
        end_all_of(next_one)
    row = book.steps.get(StepKey(video, EXTENTS))
    assert row is not None
    assert (row.state.status, row.state.attempts) == (Status.READY, 2)
