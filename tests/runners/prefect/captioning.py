"""Runs of the caption flows, and what their record says of a video."""

from typing import Any

from tests.jobs.machines import wait_until
from tests.runners.prefect.platform import START_S, Platform

from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.caption_book.locks import Database
from clipmill.jobs.caption_book.steps import Step, StepKey
from clipmill.media.captions.states import Status
from clipmill.runners.prefect.deployables import NAME


def begun(platform: Platform, flow: str, *, queue: str | None = None, **parameters: Any) -> str:
    """A run of a caption flow, as a host application starts it."""
    deployment = platform.ask("GET", f"/deployments/name/{flow}/{NAME}")["id"]
    asked = {"parameters": parameters} | ({} if queue is None else {"work_queue_name": queue})
    return platform.ask("POST", f"/deployments/{deployment}/create_flow_run", **asked)["id"]


def ended(platform: Platform, run: str) -> str:
    """The state in which a run ends."""

    def state() -> dict[str, Any]:
        return platform.ask("GET", f"/flow_runs/{run}")["state"]

    wait_until(lambda: state()["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}, START_S)
    return state()["type"]


def status(book: CaptionBook, video: str, step: Step, item: str = "") -> Status | None:
    row = book.steps.get(StepKey(video, step, item))
    return None if row is None else row.state.status


def is_free(book: CaptionBook, video: str, database: Database) -> bool:
    """Whether nobody holds a lock; it is held for a moment to know."""
    lock = book.locks.acquire(video, database, "test")
    return lock is not None and book.locks.release(lock)
