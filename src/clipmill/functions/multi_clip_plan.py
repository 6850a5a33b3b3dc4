"""``plan_multi_clip``: check a whole multi-clip request and work out every clip before anything is rendered."""

from fractions import Fraction
from typing import Any, ClassVar

from pydantic import Field, field_validator

from clipmill.engines.encoders import available_codec
from clipmill.errors import ClipmillError, InvalidRequestError, LimitExceededError, NoClipsError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.results import PlanResult
from clipmill.function.shapes import MOST_CLIPS, ClipShape, RenderOptions, TransitionShape
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Text
from clipmill.functions.multi_clip_item import process_multi_clip_item
from clipmill.functions.planning import (
    FramedShape,
    Source,
    canonical,
    open_source,
    plan_clip,
    plan_warnings,
)
from clipmill.functions.upscaling import Upscaling, upscaling_of
from clipmill.media.chapters import chapter_title
from clipmill.media.choices import Motion, Upscale
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Fit
from clipmill.media.tracks import Blend
from clipmill.media.transitions import Join, TransitionKind, plan_join


class Clip(ClipShape):
    """One clip of a multi-clip export, in the words of editors."""

    ignored: ClassVar = ClipShape.ignored | {"duration"}
    aliases: ClassVar = {"name": ("clip_name",)}

    clip_index: Count | None = None
    file_name: Text | None = None
    name: Text | None = None
    source_key: Text | None = None
    fit: Fit | None = None
    interpolation: Blend | None = None
    motion: Motion | None = None
    upscale: Upscale | None = None

    def called(self, position: int) -> str:
        return chapter_title(self.name, self.file_name, position)


class MultiClipRequest(RenderOptions):
    """Clips of one or several sources, joined with one kind of transition."""

    clips: tuple[Clip, ...]
    source_keys: tuple[Text, ...] = ()
    transition: TransitionShape = Field(default_factory=TransitionShape)
    output_key: Text

    @field_validator("clips", mode="before")
    @classmethod
    def _a_few_clips(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            if not value:
                raise NoClipsError("clips: expected at least one clip, got none; add a clip")
            if len(value) > MOST_CLIPS:
                raise LimitExceededError(f"clips: expected at most {MOST_CLIPS}, got {len(value)}; split the export")
        return value

    def ordered(self) -> list[tuple[int, Clip]]:
        """The clips in playing order, each with its index."""
        numbered = [
            (position if clip.clip_index is None else clip.clip_index, clip) for position, clip in enumerate(self.clips)
        ]
        indices = [index for index, _ in numbered]
        if len(set(indices)) != len(indices) or min(indices) < 0:
            raise InvalidRequestError(f"clip_index: expected different numbers from 0, got {indices}")
        return sorted(numbered, key=lambda pair: pair[0])

    def source_of(self, index: int, clip: Clip) -> str:
        if clip.source_key is not None:
            return clip.source_key
        if index >= len(self.source_keys):
            raise InvalidRequestError(
                f"clip {index} names no source_key, and source_keys has {len(self.source_keys)} entries; add one",
                details={"clip_index": index},
            )
        return self.source_keys[index]

    def item(self, clip: Clip) -> dict[str, Any]:
        """The request of one clip with everything that the whole export asks for."""
        shared = self.model_dump(exclude={"clips", "source_keys", "transition", "output_key"})
        own = {name: getattr(clip, name) for name in ClipShape.model_fields}
        choices = {name: getattr(clip, name) for name in ("fit", "interpolation", "motion", "upscale")}
        return shared | own | {name: value for name, value in choices.items() if value is not None}


def run(request: MultiClipRequest, context: Context) -> PlanResult:
    """Check every clip of a multi-clip export and tell what each will be."""
    return PlanResult(plan=plan(request, context))


def plan(request: MultiClipRequest, context: Context) -> dict[str, Any]:
    """Every clip's frames, its request, and what its rendering depends on."""
    ordered = request.ordered()
    keys = [request.source_of(index, clip) for index, clip in ordered]
    sources: dict[str, Source] = {}
    shapes: list[FramedShape] = []
    plans: list[ClipPlan] = []
    upscalings: list[Upscaling] = []
    rate: Fraction | None = None
    for done, ((index, clip), key) in enumerate(zip(ordered, keys, strict=True)):
        try:
            source = sources.get(key) or sources.setdefault(key, open_source(context, key))
            rate = rate or request.rate(source.video.rate)
            shape = FramedShape.model_validate(request.item(clip) | {"fps": str(rate)})
            plans.append(plan_clip(shape, source.video))
            upscalings.append(upscaling_of(shape, plans[-1]))
            shapes.append(shape)
        except ClipmillError as fault:
            fault.details.update(clip_index=index, name=clip.called(index))
            raise
        context.report(done + 1, len(ordered), Stage.PREPARING)
    join = _join(request, ordered, plans)
    codec = available_codec(request.encoder)
    return {
        "frames": join.total_frames,
        "fps": str(join.fps),
        "duration": float(join.total_frames / join.fps),
        "clip_starts": [float(start / join.fps) for start in join.starts],
        "transition": {
            "type": join.kind.value,
            "frames": join.overlap,
            "duration": float(request.transition.duration),
        },
        "output": {
            "output_key": request.output_key,
            "include_audio": request.include_audio,
            "quality": request.quality.value,
            "encoder": request.encoder.value,
            "output_width": request.output_width,
            "output_height": request.output_height,
            "fps": str(join.fps),
        },
        "clips": [
            {
                "clip_index": index,
                "name": clip.called(position),
                "version": process_multi_clip_item.version,
                "source_key": key,
                "frames": clip_plan.frames,
                "canonical": canonical(clip_plan, shape, codec, upscaling) | ends,
                "request": wire(shape) | ends,
                "upscale": upscaling.told(clip_plan, sources[key].video),
                "warnings": [
                    warning.model_dump()
                    for warning in (*plan_warnings(shape, clip_plan, sources[key].video), *upscaling.warnings)
                ],
            }
            for position, ((index, clip), key, clip_plan, shape, upscaling, ends) in enumerate(
                zip(ordered, keys, plans, shapes, upscalings, _ends(join), strict=True),
            )
        ],
    }


def wire(shape: FramedShape) -> dict[str, Any]:
    """A typed shape as the JSON that would parse to it."""
    return shape.model_dump(mode="json", exclude_none=True)


def _join(request: MultiClipRequest, ordered: list[tuple[int, Clip]], plans: list[ClipPlan]) -> Join:
    names = [clip.called(position) for position, (_, clip) in enumerate(ordered)]
    kind = TransitionKind.parse(request.transition.type)
    return plan_join(kind, request.transition.duration, plans[0].fps, [clip.frames for clip in plans], names)


def _ends(join: Join) -> list[dict[str, Any]]:
    last = len(join.clip_frames) - 1
    return [
        {"head_frames": join.overlap * (clip > 0), "tail_frames": join.overlap * (clip < last)}
        for clip in range(last + 1)
    ]


plan_multi_clip = Function(
    name="plan_multi_clip",
    version="1",
    request=MultiClipRequest,
    run=run,
    plan=plan,
    needs=Needs(timeout_s=120, memory_gb=2),
)
