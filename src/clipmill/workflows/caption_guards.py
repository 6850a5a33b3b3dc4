"""What a call of a caption flow will cost, and whether the deployment allows the video at all."""

from dataclasses import replace
from fractions import Fraction

from clipmill.jobs.caption_book.videos import Video
from clipmill.media.captions.estimate import CostLine, Estimate, Work, check_limits, estimate
from clipmill.media.captions.sampling import sample_count
from clipmill.workflows.caption_calls import PLAN, READ, Expected
from clipmill.workflows.caption_runs import Run

CROPPED_FRAMES_PER_SECOND = Fraction(10)


def expected(run: Run, video: Video, function: str, frames: int | None = None) -> Expected:
    """What is known of a call; `LimitExceededError` if the whole of the video is above a limit.

    A video of unknown length is measured first where costs are limited; else the function that decodes it counts.
    """
    guards = run.place.guards
    video = _measured(run, video) if guards.max_cost_usd is not None else video
    costs, cropped = estimate(Work(Fraction(video.duration_seconds or 0)), guards.prices), _cropped_frames(video)
    if cropped is not None:
        check_limits(costs, cropped, guards.max_cost_usd, guards.max_frames_per_video)
    return Expected(video.video_id, frames or cropped, _line(costs, video, function))


def _measured(run: Run, video: Video) -> Video:
    if video.duration_seconds is not None:
        return video
    asked = {"video_key": video.storage_key, "tenant_id": video.tenant_id, "video_id": video.video_id}
    return replace(video, duration_seconds=run.call(PLAN, asked)["plan"]["duration"])


def _cropped_frames(video: Video) -> int | None:
    if video.cropped_frame_count is not None or video.duration_seconds is None:
        return video.cropped_frame_count
    return sample_count(Fraction(video.duration_seconds), CROPPED_FRAMES_PER_SECOND)


def _line(costs: Estimate, video: Video, function: str) -> CostLine | None:
    """The item of a call; what reading one caption takes does not depend on the video's length."""
    if video.duration_seconds is None and function != READ:
        return None
    return next(line for line in costs.lines if line.item == function)
