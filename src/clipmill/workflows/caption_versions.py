"""The row of a version around the run that makes it: reserved, then active or failed."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager

from clipmill.jobs.caption_book.versions import MadeVersion
from clipmill.media.captions.region import CropRegion
from clipmill.workflows.caption_runs import Run

_LOG = logging.getLogger(__name__)


@contextmanager
def reserved_version(run: Run, region: CropRegion) -> Generator[Callable[[MadeVersion], None]]:
    """A reserved row for the length of a block, which activates it by what it yields; a block that fails leaves it failed."""
    versions = run.place.book.versions
    reserved = versions.reserve(run.video, region.to_json())
    try:
        yield lambda made: versions.activate(run.video, reserved, made)
    except BaseException:
        try:
            versions.fail(run.video, reserved)
        except Exception as further:  # noqa: BLE001 - it must not hide why the run failed
            _LOG.warning("version %d of video %s was not marked as failed: %s", reserved, run.video.video_id, further)
        raise
