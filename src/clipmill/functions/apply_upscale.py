"""``apply_upscale``: all of a video, larger: every picture drawn by a super-resolution model, at its own time."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import model_validator

from clipmill.engines.encoders import available_codec
from clipmill.engines.made_stretches import MadeStretches
from clipmill.engines.painted import upright
from clipmill.engines.render import OnFrame
from clipmill.errors import InvalidRequestError, InvalidSizeError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import Result
from clipmill.function.shapes import LARGEST_SIDE, SMALLEST_SIDE, UpscaleWeights, even_side
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Factor, Flag, Text, WireModel, between
from clipmill.functions.patching import PatchWork, described_patch, patch_result, plan_window, source_warnings
from clipmill.functions.planning import Source, encoder_name_of, open_source
from clipmill.functions.upscaling import Choice, Upscaling
from clipmill.media.choices import EncoderChoice, Quality, Upscale, UpscaleFallback, UpscaleModel
from clipmill.media.concealed import Concealed
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Fit, Size
from clipmill.media.parts import STRETCH_S, Run
from clipmill.media.timeline import canonical_timeline
from clipmill.media.upscaling import SCALE, scaled_size


class UpscaleRequest(WireModel):
    """A video, how much larger it shall be, and by which model."""

    aliases: ClassVar = {
        "input_key": ("input_video_key",),
        "output_width": ("target_width",),
        "output_height": ("target_height",),
    }
    faults: ClassVar = {"output_width": InvalidSizeError, "output_height": InvalidSizeError}

    input_key: Text
    output_key: Text
    scale: Annotated[Factor, between(1, SCALE)] = Fraction(2)
    output_width: Annotated[Count, even_side] | None = None
    output_height: Annotated[Count, even_side] | None = None
    upscale_model: UpscaleModel = UpscaleModel.GENERAL
    upscale_weights: UpscaleWeights | None = None
    upscale_fallback: UpscaleFallback = UpscaleFallback.NONE
    quality: Quality = Quality.STANDARD
    encoder: EncoderChoice = EncoderChoice.AUTO
    include_audio: Flag = True

    @model_validator(mode="after")
    def _one_way_to_say_the_size(self) -> "UpscaleRequest":
        if "scale" in self.model_fields_set and (self.output_width or self.output_height):
            raise InvalidRequestError(
                "scale: expected either a scale or the sides of the output, got both; leave one of them out",
                details={"field": "scale"},
            )
        return self

    def size(self, shown: Size) -> Size:
        """The size of the output; raises where it cannot be encoded."""
        size = scaled_size(shown, self.scale, self.output_width, self.output_height)
        if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (size.width, size.height)):
            raise InvalidSizeError(
                f"a {shown.width}x{shown.height} source would become {size.width}x{size.height}, expected sides of "
                f"{SMALLEST_SIDE}..{LARGEST_SIDE} px; choose another scale or size"
            )
        return size


@dataclass(frozen=True, slots=True)
class UpscaleWork:
    """One video to enlarge, planned: written whole, or part by part."""

    request: UpscaleRequest
    source: Source
    framing: ClipPlan
    patch: PatchWork
    upscaling: Upscaling

    @property
    def weights(self) -> list[int]:
        """About how many frames each stretch has."""
        return self.patch.weights

    @property
    def output_key(self) -> str:
        return self.request.output_key

    @property
    def encoder(self) -> str:
        return encoder_name_of(self.patch.codec)

    @property
    def inputs(self) -> list[str]:
        """The keys of all objects that the pictures depend on."""
        return [self.request.input_key]

    @property
    def canonical(self) -> dict[str, Any]:
        """Everything else that the pictures depend on."""
        size = self.framing.output
        return {
            "size": [size.width, size.height],
            "quality": self.request.quality.value,
            "encoder": self.encoder,
            "upscale": self.upscaling.canonical,
        }

    def written(self, context: Context, made: MadeStretches | None = None) -> Result:
        """Draw what was not ``made`` before, write the file, publish it, and tell what it is."""
        total = self.framing.frames
        context.report(1, 1, Stage.PREPARING)
        path = context.new_file("upscaled.mp4")
        report = self.patch.write(path, lambda done: context.report(done, max(done, total), Stage.PROCESSING), made)
        context.report(1, 1, Stage.ENCODING)
        result = patch_result(path, self.output_key, self.patch, report, self.encoder)
        context.publish(path, self.output_key)
        warnings = [*self.upscaling.warnings, *result.warnings]
        return result.model_copy(update={"warnings": warnings, "upscale": self.upscaling.use})

    def write_part(self, run: Run, path: Path, on_frame: OnFrame) -> Concealed:
        """Write the pictures of some stretches."""
        return self.patch.write_part(run, path, on_frame)


def upscale_work(request: UpscaleRequest, context: Context, stretch_s: Fraction = STRETCH_S) -> UpscaleWork:
    """Plan one video; raises before anything is rendered."""
    source = open_source(context, request.input_key)
    choice = Choice(request.upscale_model, request.upscale_weights, request.upscale_fallback)
    size = request.size(source.video.displayed)
    upscaling = choice.upscaling(Upscale.ALWAYS)
    shown = source.video if upscaling.weights else upright(source.video)
    framing = ClipPlan(
        source_start=Fraction(0),
        timeline=canonical_timeline(None, source.video.duration),
        frame=shown.displayed,
        output=size,
        fps=source.video.rate,
        fit=Fit.STRETCH,
    )
    patch = PatchWork(
        source=source,
        plan=plan_window(source, None, (), smart=False),
        quality=request.quality,
        codec=available_codec(request.encoder),
        threads=context.threads,
        include_audio=request.include_audio,
        framing=framing,
        network=upscaling.weights,
        stretch_s=stretch_s,
    )
    return UpscaleWork(request, source, framing, patch, upscaling)


def run(request: UpscaleRequest, context: Context) -> Result:
    """Enlarge a video by super-resolution; its frames keep their times, its sound is copied."""
    return upscale_work(request, context).written(context)


def plan(request: UpscaleRequest, context: Context) -> dict[str, Any]:
    """How large the output of ``run`` will be, and what will draw it."""
    planned = upscale_work(request, context)
    size, source = planned.framing.output, planned.source
    warnings = (*planned.upscaling.warnings, *source_warnings(source, planned.patch.plan))
    return described_patch(planned.patch.plan) | {
        "width": size.width,
        "height": size.height,
        "upscale": planned.upscaling.told(planned.framing, source.video),
        "audio": planned.patch.audio,
        "warnings": [warning.model_dump() for warning in warnings],
    }


apply_upscale = Function(
    name="apply_upscale",
    version="1",
    request=UpscaleRequest,
    run=run,
    plan=plan,
    needs=Needs(gpu=Gpu.MEDIUM, memory_gb=8, timeout_s=900),
)
