"""Render one framed clip from its request to its published file: the way that every function of one clip goes."""

from collections.abc import Callable
from typing import Any

from clipmill.engines.render import ClipRender, Ends, render_clip
from clipmill.function.context import Context
from clipmill.function.results import Result
from clipmill.function.stages import Stage
from clipmill.functions.planning import (
    ClipRequest,
    channels_of,
    described,
    encoder_name,
    encoding_of,
    open_source,
    plan_clip,
    plan_warnings,
    upscale_use,
)
from clipmill.functions.writing import measured, render_warnings
from clipmill.media.framing import ClipPlan

EndsOf = Callable[[ClipPlan], Ends | None]
"""Which frames of a clip stay lossless, once its length is known; None for a deliverable."""


def render(request: ClipRequest, context: Context, ends_of: EndsOf) -> Result:
    """Plan, draw, encode, publish, and tell what was made."""
    source = open_source(context, request.input_key)
    clip = plan_clip(request, source.video)
    upscale, upscale_warnings = upscale_use(request, clip)
    encoding = encoding_of(request, clip, context.threads)
    channels = channels_of(request, source.info)
    wanted = ClipRender(clip, source.media, source.info, source.video, encoding, channels, ends_of(clip))
    context.report(1, 1, Stage.PREPARING)
    path = context.new_file("clip.mp4")
    report = render_clip(wanted, path, lambda done: context.report(done, clip.frames, Stage.PROCESSING))
    context.report(1, 1, Stage.ENCODING)
    result = measured(path, request.output_key, encoder_name(encoding))
    context.publish(path, request.output_key)
    warnings = [*plan_warnings(request, clip, source.video), *upscale_warnings, *render_warnings(report)]
    # A file with tracks for its ends shows a player only the first of them: its length is the plan's.
    counted = {"frames": clip.frames, "duration": float(clip.frames / clip.fps)} if wanted.ends else {}
    return result.model_copy(update={"warnings": warnings, "upscale": upscale} | counted)


def told_plan(request: ClipRequest, context: Context, ends_of: EndsOf) -> dict[str, Any]:
    """What `render` would draw, as plain JSON."""
    source = open_source(context, request.input_key)
    clip = plan_clip(request, source.video)
    upscale, upscale_warnings = upscale_use(request, clip)
    ends = ends_of(clip) or Ends(0, 0)
    warnings = [*plan_warnings(request, clip, source.video), *upscale_warnings]
    return described(clip) | {
        "upscale": upscale.model_dump(),
        "copied_ranges": [],
        "lossless_head": ends.head,
        "lossless_tail": ends.tail,
        "warnings": [warning.model_dump() for warning in warnings],
    }
