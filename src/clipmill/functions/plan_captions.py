"""``plan_captions``: what reading the captions of a video will do, from the layout to the subtitle files."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from clipmill.engines.ocr.choice import chosen_engine
from clipmill.engines.pair_models.choice import FROM_FILE, pair_model
from clipmill.function.caption_shapes import (
    CropInferRequest,
    CropRegionShape,
    FullRate,
    TranscriptOptions,
    VideoRequest,
)
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.results import PlanResult
from clipmill.function.stages import Stage
from clipmill.function.wire import Flag, Text
from clipmill.functions.caption_source import check_frame_count, open_caption_source
from clipmill.media.captions.region import pixel_rect
from clipmill.media.captions.sampling import sample_count

SPARSEST_LAYOUT, DENSEST_LAYOUT = Fraction(1, 10), Fraction(2)
"""Full frames a second on which captions are looked for."""
LAYOUT_FRAMES = 24
"""How many of them tell well enough what is a caption and what a sign in the picture, where most of them show captions."""
FEWEST_OF_MANY = 40
"""Of a long video that nobody annotates: if one caption in ten has two lines, all of these miss them in one video of 24."""


class ReadCaptionsRequest(VideoRequest, TranscriptOptions):
    """A video whose captions are to be found, timed and read, and the forms in which they are written.

    Without a ``crop_region`` the captions are looked for on ``layout_rate`` full frames a second; unless it is given, on
    one every ten seconds, or more of them where the video is short. Without ``keep_frames`` they are looked for on fewer
    frames where these are enough, and nothing but the files is stored from there on: neither the chunks and databases
    that annotators work on, nor rows of captions.db.
    """

    crop_region: CropRegionShape | None = None
    layout_rate: FullRate | None = None
    lock_token: Text = ""
    keep_frames: Flag = True


def run(request: ReadCaptionsRequest, context: Context) -> PlanResult:
    """Tell how the captions of a video will be found and read, and check all that can be checked before."""
    return PlanResult(plan=plan(request, context))


def plan(request: ReadCaptionsRequest, context: Context) -> dict[str, Any]:
    """How many frames will be looked at, and where."""
    chosen_engine(request.ocr_engine, request.languages, context.threads).close()
    if not request.model.startswith(FROM_FILE):
        pair_model(request.model, context.threads)
    source = open_caption_source(context, request, CropInferRequest.model_fields["hwaccel"].default)
    frames = check_frame_count(sample_count(source.duration, request.frame_rate))
    region, rates = request.crop_region, _layout_rates(request, source.duration)
    context.report(1, 1, Stage.PREPARING)
    return {
        "duration": float(source.duration),
        "layout_rates": [f"{rate.numerator}/{rate.denominator}" for rate in rates],
        "layout_frames": 0 if region else sample_count(source.duration, rates[0]),
        "crop_region": region.model_dump() if region else None,
        "pixel_rect": pixel_rect(region.region(), source.video.displayed).to_json() if region else None,
        "cropped_frames": frames,
        "keep_frames": request.keep_frames,
        "formats": [form.value for form in request.formats],
        "warnings": [warning.model_dump() for warning in source.warnings],
    }


def _layout_rates(request: ReadCaptionsRequest, duration: Fraction) -> Sequence[Fraction]:
    """Frames a second, such that a short video shows its captions on enough of them; a later rate is for want of captions."""
    if request.layout_rate is not None:
        return [request.layout_rate]
    if request.keep_frames or FEWEST_OF_MANY / duration >= SPARSEST_LAYOUT:
        return [max(SPARSEST_LAYOUT, min(LAYOUT_FRAMES / duration, DENSEST_LAYOUT))]
    return [FEWEST_OF_MANY / duration, SPARSEST_LAYOUT]


plan_captions = Function(
    name="plan_captions",
    version="1",
    request=ReadCaptionsRequest,
    run=run,
    plan=plan,
    needs=Needs(memory_gb=2, timeout_s=120),
)
