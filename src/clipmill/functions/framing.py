"""``process_framing``: one clip of a source, framed with a moving crop, trimmed, sped up or slowed down, turned."""

from typing import Any, ClassVar

from clipmill.engines.render import ClipRender, render_clip
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import Result
from clipmill.function.stages import Stage
from clipmill.function.wire import Text
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


class FramingRequest(FramedShape):
    """A source, an output and how to get from one to the other."""

    aliases: ClassVar = {"input_key": ("input_video_key",)}

    input_key: Text
    output_key: Text


def run(request: FramingRequest, context: Context) -> Result:
    """Frame one clip: moving sub-pixel crop, trim, speed, rotation, in one encode."""
    source = open_source(context, request.input_key)
    plan = plan_clip(request, source.video)
    upscale, upscale_warnings = upscale_use(request, plan)
    encoding = encoding_of(request, plan, context.threads)
    channels = channels_of(request, source.info)
    context.report(1, 1, Stage.PREPARING)
    wanted = ClipRender(plan, source.media, source.info, source.video, encoding, channels)
    path = context.new_file("framed.mp4")
    report = render_clip(wanted, path, lambda done: context.report(done, plan.frames, Stage.PROCESSING))
    context.report(1, 1, Stage.ENCODING)
    result = measured(path, request.output_key, encoder_name(encoding))
    context.publish(path, request.output_key)
    warnings = [*plan_warnings(request, plan, source.video), *upscale_warnings, *render_warnings(report)]
    return result.model_copy(update={"warnings": warnings, "upscale": upscale})


def plan(request: FramingRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will draw."""
    source = open_source(context, request.input_key)
    clip = plan_clip(request, source.video)
    upscale, upscale_warnings = upscale_use(request, clip)
    warnings = [*plan_warnings(request, clip, source.video), *upscale_warnings]
    told = {"upscale": upscale.model_dump(), "copied_ranges": [], "warnings": [each.model_dump() for each in warnings]}
    return described(clip) | told


process_framing = Function(
    name="process_framing",
    version="1",
    request=FramingRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=600),
)
