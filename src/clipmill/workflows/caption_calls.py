"""The calls of a caption flow: each made once, with its deadline, logged with what it was to cost and did cost."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from clipmill.errors import CancelledError
from clipmill.errors import TimeoutError as DeadlineError
from clipmill.jobs.job import Job
from clipmill.jobs.outcome import Outcome
from clipmill.media.captions.estimate import CostLine, Prices, actual_cost
from clipmill.workflows.caption_place import Call, FlowPlace
from clipmill.workflows.steps import StepRunner, Steps

_LOG = logging.getLogger(__name__)

EXTRACT = "extract_frames_and_ocr"
CROP = "crop_and_infer_caption_frame_extents"
READ = "generate_caption_ocr"
PUBLISH = "publish_captions"
WRITE = "write_captions"
PLAN = "plan_captions"

TIMEOUTS_S: Mapping[str, int] = {EXTRACT: 1800, CROP: 3600, READ: 300, PUBLISH: 300, WRITE: 300, PLAN: 300}
_COUNTS = ("frame_count", "ocr_box_count", "pair_count", "caption_count", "chunk_count")


@dataclass(frozen=True)
class Expected:
    """What is known of a call on a graphics card before it is made; ``line`` is None where the length is not known."""

    video_id: str
    frames: int | None
    line: CostLine | None


def gpu_call(place: FlowPlace, job: Job, expected: Expected) -> Outcome:
    """Make a call on a graphics card, exactly once, and log it before and after."""
    line = expected.line
    seconds, cost = ("?", "?") if line is None else (f"{float(line.seconds or 0):.1f}", line.cost)
    told = (job.function, expected.video_id)
    frames = "?" if expected.frames is None else expected.frames
    _LOG.info("%s of video %s begins: %s frames, estimated %s s, %s USD", *told, frames, seconds, cost)
    began = time.monotonic()
    try:
        outcome = place.call(job, TIMEOUTS_S[job.function])
    except BaseException as fault:
        _LOG.warning("%s of video %s broke after %.1f s: %r", *told, time.monotonic() - began, fault)
        raise
    took = Fraction(_seconds(outcome, time.monotonic() - began))
    ended = _counts(outcome), float(took), seconds, actual_cost(took, _price(job, place.guards.prices)), cost
    _LOG.info("%s of video %s ended: %s, %.1f s of estimated %s s, %s USD of estimated %s USD", *told, *ended)
    return outcome


def runner_call(runner: StepRunner) -> Call:
    """Calls through a runner of jobs; at its deadline a call is cancelled."""

    def call(job: Job, timeout_s: int) -> Outcome:
        over = threading.Event()
        deadline = threading.Timer(timeout_s, over.set)
        deadline.daemon = True
        deadline.start()
        try:
            with Steps(runner, over) as steps:
                outcome = steps.run(job)
        finally:
            deadline.cancel()
        if over.is_set() and isinstance(outcome.error, CancelledError):
            return Outcome(error=DeadlineError(f"{job.function}: it took longer than {timeout_s} s. Try again."))
        return outcome

    return call


def _price(job: Job, prices: Prices) -> Decimal:
    return prices.a10g_per_hour if job.function == CROP else prices.t4_per_hour


def _seconds(outcome: Outcome, measured: float) -> float:
    """How long the function worked, as it says; else how long we waited."""
    told = (outcome.result or {}).get("processing_duration_seconds")
    return told if isinstance(told, int | float) and told > 0 else measured


def _counts(outcome: Outcome) -> str:
    if outcome.error is not None:
        return f"{outcome.error.code}"
    result: Mapping[str, Any] = outcome.result or {}
    return ", ".join(f"{name} {result[name]}" for name in _COUNTS if name in result) or "no counts"
