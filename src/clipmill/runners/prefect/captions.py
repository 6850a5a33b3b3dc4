"""The caption flows as Prefect's workers import them; what they do is in `clipmill.workflows.caption_flows`.

Each call of a function is a task without retries, so that Prefect's pages show it; its work is a walled child here.
"""

import threading
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from clipmill.errors import ClipmillError
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.runners.local import LocalRunner
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.deployables import CROP_FLOW, INITIAL_FLOW, OCR_FLOW
from clipmill.runners.prefect.telling import Telling
from clipmill.runners.prefect.worker import ENDING
from clipmill.settings import Settings, cores
from clipmill.storage.open import open_store
from clipmill.workflows import caption_flows
from clipmill.workflows.caption_calls import runner_call
from clipmill.workflows.caption_place import Call, FlowPlace


@flow(name=INITIAL_FLOW, retries=0, persist_result=False)
def captionacc_video_initial_processing(video_id: str, tenant_id: str, storage_key: str) -> dict[str, Any]:
    """Take full frames of a new video, read the text on them, and find where its captions stand."""
    with _place() as place:
        return caption_flows.captionacc_video_initial_processing(video_id, tenant_id, storage_key, place=place)


@flow(name=CROP_FLOW, retries=0, persist_result=False)
def captionacc_crop_and_infer_caption_frame_extents(
    video_id: str, tenant_id: str, crop_region: dict[str, Any]
) -> dict[str, Any]:
    """Cut out the caption band, find when its captions change, and publish them."""
    region: Mapping[str, Any] = crop_region
    with _place() as place:
        return caption_flows.captionacc_crop_and_infer_caption_frame_extents(video_id, tenant_id, region, place=place)


@flow(name=OCR_FLOW, retries=0, persist_result=False)
def captionacc_caption_ocr(  # noqa: PLR0917 - the order in which hosts give them
    tenant_id: str, video_id: str, caption_id: str, start_frame: int, end_frame: int, version: int
) -> dict[str, Any]:
    """Read the text of one caption and write it into captions.db."""
    with _place() as place:
        return caption_flows.captionacc_caption_ocr(
            tenant_id, video_id, caption_id, start_frame, end_frame, version, place=place
        )


@contextmanager
def _place() -> Generator[FlowPlace]:
    """The book and the functions of this machine, for the length of one run; a run that is cancelled loses them."""
    settings = Settings.from_environment()
    machine = settings.machine(open_store(settings.store, settings.environment), CATALOG)
    with (
        closing(CaptionBook.open(settings.database)) as book,
        LocalRunner(machine, cores()) as runner,
        _stopped_on_word(settings, runner),
    ):
        yield FlowPlace(book, _as_tasks(runner_call(runner)), shared_prefixes=settings.shared_prefixes)


@contextmanager
def _stopped_on_word(settings: Settings, runner: LocalRunner) -> Generator[None]:
    stop, over = threading.Event(), threading.Event()

    def close_when_told() -> None:
        stop.wait()
        if not over.is_set():
            runner.close()

    run_id = flow_run.get_id()
    assert run_id is not None, "a flow that runs has a run"
    with closing(Api(settings.prefect)) as api:
        telling = Telling(api, run_id, stop, ENDING)
        telling.start()
        threading.Thread(target=close_when_told, name="clipmill-stop", daemon=True).start()
        try:
            yield
        finally:
            over.set()
            stop.set()
            telling.finish(None)


def _as_tasks(call: Call) -> Call:
    @task(retries=0, persist_result=False, cache_policy=NO_CACHE, task_run_name="{function}")
    def called(function: str, job: Job, timeout_s: int) -> Outcome:
        del function
        outcome = call(job, timeout_s)
        outcome.value()
        return outcome

    def through_prefect(job: Job, timeout_s: int) -> Outcome:
        try:
            return called(job.function, job, timeout_s)
        except ClipmillError as fault:
            return Outcome(error=fault)

    return through_prefect
