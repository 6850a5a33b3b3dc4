"""``render_overlay``: highlights, texts and pictures drawn over a video; everything else of it stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import field_validator

from clipmill.engines.encoders import available_codec
from clipmill.engines.painted import upright
from clipmill.engines.remux import remux
from clipmill.errors import InvalidKeyframeError, InvalidSizeError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.overlay_shapes import OverlayLook
from clipmill.function.results import Result
from clipmill.function.shapes import ClipShape, CropKeyframe, even_side
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Flag, Text
from clipmill.functions.overlay_painting import Overlay, overlay_of
from clipmill.functions.patching import PatchWork, described_patch, patch_result, plan_window, source_warnings
from clipmill.functions.planning import FramedShape, Source, encoder_name_of, open_source, plan_clip
from clipmill.functions.writing import measured
from clipmill.media.choices import EncoderChoice, Quality
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Fit


class OverlayRequest(OverlayLook):
    """What to draw over which video, and how the result is framed if it is."""

    aliases: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "input_key": ("input_video_key",),
        "crop_keyframes": ("keyframes",),
        "output_width": ("target_width",),
        "output_height": ("target_height",),
    }
    faults: ClassVar = {
        **OverlayLook.faults,
        "crop_keyframes": InvalidKeyframeError,
        "output_width": InvalidSizeError,
        "output_height": InvalidSizeError,
    }

    input_key: Text
    output_key: Text
    quality: Quality = Quality.STANDARD
    encoder: EncoderChoice = EncoderChoice.AUTO
    smart_render: Flag = True
    include_audio: Flag = True
    crop_keyframes: tuple[CropKeyframe, ...] = ()
    output_width: Annotated[Count, even_side] | None = None
    output_height: Annotated[Count, even_side] | None = None
    fit: Fit = Fit.COVER
    pad_color: Text = "#000000"

    @field_validator("crop_keyframes", mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        return ClipShape.bounded_keyframes(value)

    @property
    def framed(self) -> bool:
        """Whether a part of the picture becomes the output."""
        return bool(self.crop_keyframes or self.output_width or self.output_height)


@dataclass(frozen=True, slots=True)
class _Planned:
    overlay: Overlay
    work: PatchWork

    @property
    def stays(self) -> bool:
        """Whether nothing is drawn and nothing has to be taken apart, so that any packets can be moved."""
        return not self.overlay.changed and self.work.plan.coding is None and self.work.framing is None


def run(request: OverlayRequest, context: Context) -> Result:
    """Draw highlights, texts and pictures over a video; frames without them keep their packets."""
    planned = _planned(request, context)
    source, work = planned.overlay.source, planned.work
    total = source.video.frames or round(source.video.duration * source.video.rate)
    context.report(1, 1, Stage.PREPARING)
    path = context.new_file("overlay.mp4")
    if planned.stays and request.smart_render and remux(source.media, path, include_audio=request.include_audio):
        result = measured(path, request.output_key, "copied")
        changes = {"audio": "none" if work.audio == "none" else "copied", "copied_ranges": [(0.0, result.duration)]}
        result = result.model_copy(update=changes)
    else:
        report = work.write(path, lambda done: context.report(done, max(done, total), Stage.PROCESSING))
        result = patch_result(path, request.output_key, work, report, encoder_name_of(work.codec))
    context.report(1, 1, Stage.ENCODING)
    context.publish(path, request.output_key)
    return result.model_copy(update={"warnings": [*planned.overlay.warnings(), *result.warnings]})


def plan(request: OverlayRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will copy and draw."""
    planned = _planned(request, context)
    told, drawn = described_patch(planned.work.plan), source_warnings(planned.overlay.source, planned.work.plan)
    if planned.stays and request.smart_render:
        told, drawn = told | {"copied_ranges": [[0.0, told["duration"]]], "encoded_ranges": []}, []
    warnings = [warning.model_dump() for warning in (*planned.overlay.warnings(), *drawn)]
    return told | {
        "drawn_ranges": [[float(start), float(end)] for start, end in planned.overlay.changed],
        "audio": planned.work.audio,
        "warnings": warnings,
    }


def _planned(request: OverlayRequest, context: Context) -> _Planned:
    source = open_source(context, request.input_key)
    overlay = overlay_of(request, source, context)
    framing = framing_of(request, source)
    plan = plan_window(source, None, overlay.changed, smart=request.smart_render and framing is None)
    painter = overlay.painter() if overlay.changed else None
    work = PatchWork(
        source=source,
        plan=plan,
        quality=request.quality,
        codec=available_codec(request.encoder),
        threads=context.threads,
        include_audio=request.include_audio,
        framing=framing,
    )
    return _Planned(overlay, work if painter is None else work.painted_by(painter.paint))


def framing_of(request: OverlayRequest, source: Source) -> ClipPlan | None:
    """How the painted picture is framed; None where the output is the whole of it."""
    if not request.framed:
        return None
    shown = upright(source.video)
    shape = FramedShape(
        crop_keyframes=request.crop_keyframes,
        interpolation=request.interpolation,
        fit=request.fit,
        pad_color=request.pad_color,
        fps="source",
        output_width=request.output_width or 1080,
        output_height=request.output_height or 1920,
    )
    return plan_clip(shape, shown)


render_overlay = Function(
    name="render_overlay",
    version="1",
    request=OverlayRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.SMALL, timeout_s=600),
)
