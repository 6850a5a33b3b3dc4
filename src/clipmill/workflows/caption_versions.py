"""The row of a version around the run that makes it: reserved, then active or failed."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from clipmill.jobs.caption_book.versions import MadeVersion
from clipmill.media.captions.region import CropRegion
from clipmill.workflows.caption_runs import Run

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reservation:
    """The number that the record offers, and what tells it which version was made."""

    version: int
    activate: Callable[[MadeVersion], None]


@contextmanager
def reserved_version(run: Run, region: CropRegion) -> Generator[Reservation]:
    """A reserved row for the length of a block, which activates it; a block that fails leaves it failed."""
    versions = run.place.book.versions
    reserved = versions.reserve(run.video, region.to_json())
    try:
        yield Reservation(reserved, lambda made: versions.activate(run.video, reserved, made))
    except BaseException:
        try:
            versions.fail(run.video, reserved)
        except Exception as further:  # noqa: BLE001 - it must not hide why the run failed
            _LOG.warning("version %d of video %s was not marked as failed: %s", reserved, run.video.video_id, further)
        raise
