"""The caption flows as Prefect's workers import them; what they do is in `clipmill.workflows.caption_flows`.

Each call of a function is a task without retries, so that Prefect's pages show it; its work is a walled child here.
"""

import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, Protocol

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from clipmill.errors import CancelledError, ClipmillError
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.runners.local import LocalRunner
from clipmill.runners.prefect.api import Api
from clipmill.runners.prefect.deployables import CROP_FLOW, INITIAL_FLOW, OCR_FLOW
from clipmill.runners.prefect.entry import entered
from clipmill.runners.prefect.hold import Hold
from clipmill.runners.prefect.leaving import left
from clipmill.runners.prefect.places import Places, Terms
from clipmill.runners.prefect.telling import Stop, Telling
from clipmill.runners.prefect.worker import ENDING
from clipmill.settings import Settings, cores
from clipmill.storage.open import open_store
from clipmill.workflows import caption_flows
from clipmill.workflows.caption_calls import runner_call
from clipmill.workflows.caption_place import Call, FlowPlace

Ended = dict[str, Any] | State[Any]
"""What a flow answers; the state of one that somebody cancelled."""


class CaptionFlow(Protocol):
    """A flow that lacks nothing but its place."""

    def __call__(self, *, place: FlowPlace) -> dict[str, Any]: ...


@flow(name=INITIAL_FLOW, retries=0, persist_result=False)
def captionacc_video_initial_processing(video_id: str, tenant_id: str, storage_key: str) -> Ended:
    """Take full frames of a new video, read the text on them, and find where its captions stand."""
    return _carried_out(
        partial(caption_flows.captionacc_video_initial_processing, video_id, tenant_id, storage_key),
    )


@flow(name=CROP_FLOW, retries=0, persist_result=False)
def captionacc_crop_and_infer_caption_frame_extents(
    video_id: str, tenant_id: str, crop_region: dict[str, Any]
) -> Ended:
    """Cut out the caption band, find when its captions change, and publish them."""
    return _carried_out(
        partial(caption_flows.captionacc_crop_and_infer_caption_frame_extents, video_id, tenant_id, crop_region)
    )


@flow(name=OCR_FLOW, retries=0, persist_result=False)
def captionacc_caption_ocr(  # noqa: PLR0917 - the order in which hosts give them
    tenant_id: str, video_id: str, caption_id: str, start_frame: int, end_frame: int, version: int
) -> Ended:
    """Read the text of one caption and write it into captions.db."""
    asked = (tenant_id, video_id, caption_id, start_frame, end_frame, version)
    return _carried_out(partial(caption_flows.captionacc_caption_ocr, *asked))


def _carried_out(caption_flow: CaptionFlow) -> Ended:
    """Go through a flow on this machine until it ends, or the server does not want it any more."""
    settings = Settings.from_environment()
    run_id = flow_run.get_id()
    assert run_id is not None, "a flow that runs has a run"
    with closing(Api(settings.prefect)) as api:
        places = Places(api, Terms())
        place = entered(api, places, run_id)
        if isinstance(place, Stop):
            return left(place)
        stop = threading.Event()
        telling = Telling(api, run_id, stop, ENDING)
        telling.start()
        try:
            with Hold(places, place, run_id, partial(telling.end, Stop.TAKEN_AWAY)), _opened(settings, stop) as opened:
                return caption_flow(place=opened)
        except CancelledError:
            if telling.why is None:
                raise
            return left(telling.why)
        finally:
            telling.finish(None)


@contextmanager
def _opened(settings: Settings, stop: threading.Event) -> Generator[FlowPlace]:
    """The book and the functions of this machine, for the length of one run; the latter end once it is to stop."""
    machine = settings.machine(open_store(settings.store, settings.environment), CATALOG)
    with (
        closing(CaptionBook.open(settings.database)) as book,
        LocalRunner(machine, cores()) as runner,
        _closed_on(stop, runner),
    ):
        # What a dead worker left in work could not be begun again.
        book.sweep()
        yield FlowPlace(book, _as_tasks(runner_call(runner)), shared_prefixes=settings.shared_prefixes)


@contextmanager
def _closed_on(stop: threading.Event, runner: LocalRunner) -> Generator[None]:
    over = threading.Event()

    def close_when_told() -> None:
        stop.wait()
        if not over.is_set():
            runner.close()

    threading.Thread(target=close_when_told, name="clipmill-stop", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        stop.set()


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
