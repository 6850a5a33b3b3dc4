"""``render_overlay``: highlights, texts and pictures drawn over a video; everything else of it stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import field_validator

from clipmill.engines.encoders import available_codec
from clipmill.engines.made_stretches import MadeStretches
from clipmill.engines.painted import upright
from clipmill.engines.remux import remux
from clipmill.engines.render import OnFrame
from clipmill.errors import InvalidKeyframeError, InvalidSizeError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.overlay_shapes import OverlayLook
from clipmill.function.results import Result
from clipmill.function.shapes import ClipShape, CropKeyframe, even_side
from clipmill.function.stages import Stage
from clipmill.function.wire import Colour, Count, Flag, Text
from clipmill.functions.overlay_painting import Overlay, overlay_of
from clipmill.functions.patching import PatchWork, described_patch, patch_result, plan_window, source_warnings
from clipmill.functions.planning import FramedShape, Source, encoder_name_of, open_source, plan_clip
from clipmill.functions.writing import measured
from clipmill.media.choices import EncoderChoice, Quality
from clipmill.media.concealed import Concealed
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Fit
from clipmill.media.layers import ImageLayer
from clipmill.media.parts import STRETCH_S, Run


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
    pad_color: Colour = "#000000"

    @field_validator("crop_keyframes", mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        return ClipShape.bounded_keyframes(value)

    @property
    def framed(self) -> bool:
        """Whether a part of the picture becomes the output."""
        return bool(self.crop_keyframes or self.output_width or self.output_height)


@dataclass(frozen=True, slots=True)
class OverlayWork:
    """One overlay, planned: written whole, or part by part."""

    request: OverlayRequest
    overlay: Overlay
    patch: PatchWork

    @property
    def stays(self) -> bool:
        """Whether nothing is drawn and nothing has to be taken apart, so that any packets can be moved."""
        untouched = not self.overlay.changed and self.patch.plan.coding is None and self.patch.framing is None
        return untouched and self.request.smart_render

    @property
    def weights(self) -> list[int]:
        """About how many frames each encoded stretch has."""
        return [] if self.stays else self.patch.weights

    @property
    def output_key(self) -> str:
        return self.request.output_key

    @property
    def encoder(self) -> str:
        return encoder_name_of(self.patch.codec)

    @property
    def inputs(self) -> list[str]:
        """The keys of all objects that the pictures depend on."""
        pictures = (layer.drawn for layer in self.overlay.layers if isinstance(layer.drawn, ImageLayer))
        return [self.request.input_key, *(picture.key for picture in pictures if picture.key)]

    @property
    def canonical(self) -> dict[str, Any]:
        """Everything else that the pictures depend on."""
        shown = self.request.model_dump(mode="json", exclude={"input_key", "output_key", "include_audio"})
        return shown | {"encoder": self.encoder}

    def written(self, context: Context, made: MadeStretches | None = None) -> Result:
        """Draw what was not ``made`` before, write the file, publish it, and tell what it is."""
        source, work = self.overlay.source, self.patch
        total = source.video.frames or round(source.video.duration * source.video.rate)
        context.report(1, 1, Stage.PREPARING)
        path = context.new_file("overlay.mp4")
        if self.stays and remux(source.media, path, include_audio=self.request.include_audio):
            result = measured(path, self.output_key, "copied")
            changes = {"audio": "none" if work.audio == "none" else "copied", "copied_ranges": [(0.0, result.duration)]}
            result = result.model_copy(update=changes)
        else:
            report = work.write(path, lambda done: context.report(done, max(done, total), Stage.PROCESSING), made)
            result = patch_result(path, self.output_key, work, report, self.encoder)
        context.report(1, 1, Stage.ENCODING)
        context.publish(path, self.output_key)
        return result.model_copy(update={"warnings": [*self.overlay.warnings(), *result.warnings]})

    def write_part(self, run: Run, path: Path, on_frame: OnFrame) -> Concealed:
        """Write the pictures of some of the encoded stretches."""
        return self.patch.write_part(run, path, on_frame)


def run(request: OverlayRequest, context: Context) -> Result:
    """Draw highlights, texts and pictures over a video; frames without them keep their packets."""
    return overlay_work(request, context).written(context)


def plan(request: OverlayRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will copy and draw."""
    planned = overlay_work(request, context)
    told, drawn = described_patch(planned.patch.plan), source_warnings(planned.overlay.source, planned.patch.plan)
    if planned.stays:
        told, drawn = told | {"copied_ranges": [[0.0, told["duration"]]], "encoded_ranges": []}, []
    warnings = [warning.model_dump() for warning in (*planned.overlay.warnings(), *drawn)]
    return told | {
        "drawn_ranges": [[float(start), float(end)] for start, end in planned.overlay.changed],
        "audio": planned.patch.audio,
        "warnings": warnings,
    }


def overlay_work(request: OverlayRequest, context: Context, stretch_s: Fraction = STRETCH_S) -> OverlayWork:
    """Plan one overlay; raises before anything is rendered."""
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
        stretch_s=stretch_s,
    )
    return OverlayWork(request, overlay, work if painter is None else work.painted_by(painter.paint))


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
