"""What a caption flow finds where it runs: the record of videos, a way to call functions, and the host application."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from clipmill.jobs.caption_book import CaptionBook
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.media.captions.estimate import MOST_FRAMES_PER_VIDEO, STANDARD_PRICES, Prices
from clipmill.media.captions.states import Platform, Status

Call = Callable[[Job, int], Outcome]
"""Runs a job once, for at most so many seconds.

The outcome's error is what the function raised, or `TimeoutError`; what the platform did wrong is a `RunnerError`, or
is raised.
"""


class VideoUpdates(Protocol):
    """How a host application keeps its own record of videos."""

    def update_video_status(self, video_id: str, status: Status, error: str | None = None) -> None: ...

    def update_video_metadata(self, video_id: str, **fields: Any) -> None: ...


@dataclass(frozen=True)
class Guards:
    """What a deployment allows a video to cost, and what it pays."""

    max_cost_usd: Decimal | None = None
    max_frames_per_video: int = MOST_FRAMES_PER_VIDEO
    prices: Prices = STANDARD_PRICES


@dataclass(frozen=True)
class FlowPlace:
    """Where a flow runs.

    The book decides who works on what, and always knows; a host application hears of every status and all metadata by
    its own ``updates``. ``by_person``: a person asked for this run, so attempts are counted afresh.
    """

    book: CaptionBook
    call: Call
    platform: Platform = Platform.LOCAL
    shared_prefixes: tuple[str, ...] = ()
    guards: Guards = field(default_factory=Guards)
    updates: VideoUpdates | None = None
    by_person: bool = False
    pause: Callable[[float], None] = time.sleep
