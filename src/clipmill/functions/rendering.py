"""Render one framed clip from its request to its published file: the way that every function of one clip goes."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from clipmill.engines.made_stretches import MadeStretches
from clipmill.engines.render import ClipRender, Ends, OnFrame, render_clip, render_stretches
from clipmill.function.context import Context
from clipmill.function.results import Result
from clipmill.function.stages import Stage
from clipmill.functions.planning import (
    ClipRequest,
    Source,
    canonical,
    channels_of,
    described,
    encoder_name,
    encoding_of,
    open_source,
    plan_clip,
    plan_warnings,
)
from clipmill.functions.upscaling import Upscaling, upscaling_of
from clipmill.functions.writing import measured, render_warnings
from clipmill.media.concealed import Concealed
from clipmill.media.framing import ClipPlan
from clipmill.media.parts import STRETCH_S, Run, stretch_length

EndsOf = Callable[[ClipPlan], Ends | None]
"""Which frames of a clip stay lossless, once its length is known; None for a deliverable."""


def deliverable(_clip: ClipPlan) -> None:
    """No frame stays lossless."""


@dataclass(frozen=True, slots=True)
class ClipWork:
    """One clip, planned: written whole, or part by part."""

    request: ClipRequest
    source: Source
    wanted: ClipRender
    upscaling: Upscaling

    @property
    def weights(self) -> list[int]:
        """The frames of each stretch."""
        return [stretch.length for stretch in self.wanted.stretches]

    @property
    def output_key(self) -> str:
        return self.request.output_key

    @property
    def encoder(self) -> str:
        return encoder_name(self.wanted.encoding)

    @property
    def inputs(self) -> list[str]:
        """The keys of all objects that the pictures depend on."""
        return [self.request.input_key]

    @property
    def canonical(self) -> dict[str, Any]:
        """Everything else that the pictures depend on."""
        values = canonical(self.wanted.plan, self.request, self.wanted.encoding.codec, self.upscaling)
        return {name: value for name, value in values.items() if name != "include_audio"}

    def written(self, context: Context, made: MadeStretches | None = None) -> Result:
        """Draw what was not ``made`` before, write the file, publish it, and tell what it is."""
        clip = self.wanted.plan
        context.report(1, 1, Stage.PREPARING)
        path = context.new_file("clip.mp4")
        report = render_clip(self.wanted, path, lambda done: context.report(done, clip.frames, Stage.PROCESSING), made)
        context.report(1, 1, Stage.ENCODING)
        result = measured(path, self.output_key, self.encoder)
        context.publish(path, self.output_key)
        warnings = [
            *plan_warnings(self.request, clip, self.source.video),
            *self.upscaling.warnings,
            *render_warnings(report),
        ]
        # A file with tracks for its ends shows a player only the first of them: its length is the plan's.
        counted = {"frames": clip.frames, "duration": float(clip.frames / clip.fps)} if self.wanted.ends else {}
        return result.model_copy(update={"warnings": warnings, "upscale": self.upscaling.use} | counted)

    def write_part(self, run: Run, path: Path, on_frame: OnFrame) -> Concealed:
        """Write the pictures of some stretches."""
        return render_stretches(self.wanted, run, path, on_frame)


def clip_work(
    request: ClipRequest, context: Context, stretch_s: Fraction = STRETCH_S, ends_of: EndsOf = deliverable
) -> ClipWork:
    """Plan one clip; raises before anything is rendered."""
    source = open_source(context, request.input_key)
    clip = plan_clip(request, source.video)
    upscaling = upscaling_of(request, clip)
    encoding = encoding_of(request, clip, context.threads)
    channels, stretch = channels_of(request, source.info), stretch_length(clip.fps, stretch_s)
    wanted = ClipRender(
        plan=clip,
        media=source.media,
        info=source.info,
        video=source.video,
        encoding=encoding,
        channels=channels,
        ends=ends_of(clip),
        stretch=stretch,
        weights=upscaling.weights,
    )
    return ClipWork(request, source, wanted, upscaling)


def render(request: ClipRequest, context: Context, ends_of: EndsOf = deliverable) -> Result:
    """Plan, draw, encode, publish, and tell what was made."""
    return clip_work(request, context, ends_of=ends_of).written(context)


def told_plan(request: ClipRequest, context: Context, ends_of: EndsOf = deliverable) -> dict[str, Any]:
    """What `render` would draw, as plain JSON."""
    source = open_source(context, request.input_key)
    clip = plan_clip(request, source.video)
    upscaling = upscaling_of(request, clip)
    ends = ends_of(clip) or Ends(0, 0)
    warnings = [*plan_warnings(request, clip, source.video), *upscaling.warnings]
    return described(clip) | {
        "upscale": upscaling.told(clip, source.video),
        "copied_ranges": [],
        "lossless_head": ends.head,
        "lossless_tail": ends.tail,
        "warnings": [warning.model_dump() for warning in warnings],
    }
