"""``process_multi_clip_item``: one clip of a multi-clip export, rendered so that it joins with its neighbours."""

from typing import Any, ClassVar

from pydantic import field_validator

from clipmill.engines.render import ClipRender, Ends, render_clip
from clipmill.errors import TransitionTooLongError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import Result
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Flag, Text
from clipmill.functions.planning import (
    FramedShape,
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


class MultiClipItemRequest(FramedShape):
    """One clip; ``intermediate`` keeps all of it lossless, ``head_frames`` and ``tail_frames`` only its ends.

    A clip with ``joinable`` set carries its sound lossless and its ends in tracks of their own.
    """

    aliases: ClassVar = {"input_key": ("input_video_key",)}

    clip_index: Count = 0
    input_key: Text
    output_key: Text
    intermediate: Flag = False
    joinable: Flag = False
    head_frames: Count = 0
    tail_frames: Count = 0

    @field_validator("head_frames", "tail_frames")
    @classmethod
    def _counts_frames(cls, value: int) -> int:
        if value < 0:
            raise ValueError(f"expected a number of frames from 0, got {value}")
        return value


def run(request: MultiClipItemRequest, context: Context) -> Result:
    """Render one clip of a multi-clip export, its frames under a transition lossless."""
    source = open_source(context, request.input_key)
    plan = plan_clip(request, source.video)
    upscale, upscale_warnings = upscale_use(request, plan)
    encoding = encoding_of(request, plan, context.threads)
    channels = channels_of(request, source.info)
    ends = _ends(request, plan)
    context.report(1, 1, Stage.PREPARING)
    wanted = ClipRender(plan, source.media, source.info, source.video, encoding, channels, ends)
    path = context.new_file("item.mp4")
    report = render_clip(wanted, path, lambda done: context.report(done, plan.frames, Stage.PROCESSING))
    context.report(1, 1, Stage.ENCODING)
    result = measured(path, request.output_key, encoder_name(encoding))
    context.publish(path, request.output_key)
    warnings = [*plan_warnings(request, plan, source.video), *upscale_warnings, *render_warnings(report)]
    counted = {"frames": plan.frames, "duration": float(plan.frames / plan.fps)}
    return result.model_copy(update={"warnings": warnings, "upscale": upscale} | (counted if ends else {}))


def plan(request: MultiClipItemRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will draw."""
    source = open_source(context, request.input_key)
    clip = plan_clip(request, source.video)
    return described(clip) | {"lossless_head": request.head_frames, "lossless_tail": request.tail_frames}


def _ends(request: MultiClipItemRequest, clip: ClipPlan) -> Ends | None:
    if request.intermediate:
        return Ends(clip.frames, 0)
    if not (request.joinable or request.head_frames or request.tail_frames):
        return None
    if request.head_frames + request.tail_frames > clip.frames:
        raise TransitionTooLongError(
            f"clip {request.clip_index} lasts {clip.frames} frames, its transitions need "
            f"{request.head_frames + request.tail_frames}; shorten the transition or lengthen the clip",
            details={"clip": request.clip_index},
        )
    return Ends(request.head_frames, request.tail_frames)


process_multi_clip_item = Function(
    name="process_multi_clip_item",
    version="1",
    request=MultiClipItemRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=900),
)
