"""``preview_frame``: one frame of a framed clip as PNG or JPEG, drawn by the code that renders it."""

from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from clipmill.engines.draw import ClipDrawer
from clipmill.engines.painted import even_size, upright
from clipmill.engines.still import write_picture
from clipmill.errors import EmptyRangeError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.overlay_shapes import OverlayLook
from clipmill.function.results import FrameResult
from clipmill.function.stages import Stage
from clipmill.function.wire import Seconds, at_least
from clipmill.functions.overlay_painting import overlay_of
from clipmill.functions.planning import ClipRequest, Source, open_source, plan_clip
from clipmill.functions.upscaling import upscaling_of
from clipmill.media.framing import ClipPlan, Shot
from clipmill.media.info import VideoInfo

FRAMING = frozenset({"crop_keyframes", "output_width", "output_height"})


class PreviewRequest(ClipRequest):
    """A framed clip, what is drawn over its source, and the output time, in seconds, of the frame to draw."""

    faults: ClassVar = {**ClipRequest.faults, **OverlayLook.faults}

    time: Annotated[Seconds, at_least(0)] = Fraction(0)
    overlay: OverlayLook | None = None

    def as_exported(self, video: VideoInfo) -> Self:
        """The same request; an overlay keeps the source's rate and, unless it is framed, shows the whole picture."""
        if self.overlay is None:
            return self
        whole = even_size(video.displayed)
        size = {"output_width": whole.width, "output_height": whole.height}
        kept = ({} if "fps" in self.model_fields_set else {"fps": "source"}) | (
            {} if self.model_fields_set & FRAMING else size
        )
        return self.model_copy(update=kept)


def run(request: PreviewRequest, context: Context) -> FrameResult:
    """Draw one frame of a framed clip, exactly as the export will show it."""
    source = open_source(context, request.input_key)
    clip = _clip(request, source)
    shot = _shot(request, clip)
    paint = overlay_of(request.overlay, source, context).painter().paint if request.overlay else None
    weights = None if request.overlay else upscaling_of(request, clip).weights
    drawer = ClipDrawer(clip, source.media, source.video, context.threads, paint, weights)
    path = context.new_file(request.output_key.rpartition("/")[2])
    for frame in drawer.frames(shot.number, shot.number + 1):
        write_picture(frame, path)
    context.report(1, 1, Stage.PROCESSING)
    context.publish(path, request.output_key)
    return FrameResult(
        output_key=request.output_key,
        frame=shot.number,
        time=float(shot.number / clip.fps),
        source_time=float(shot.time),
        width=clip.output.width,
        height=clip.output.height,
    )


def plan(request: PreviewRequest, context: Context) -> dict[str, Any]:
    """Which frame ``run`` will draw, and the box of the source it shows."""
    source = open_source(context, request.input_key)
    shot = _shot(request, _clip(request, source))
    box = shot.placement.box
    return {"frame": shot.number, "source_time": float(shot.time), "box": [box.x, box.y, box.width, box.height]}


def _clip(request: PreviewRequest, source: Source) -> ClipPlan:
    seen = upright(source.video) if request.overlay else source.video
    return plan_clip(request.as_exported(source.video), seen)


def _shot(request: PreviewRequest, clip: ClipPlan) -> Shot:
    number = int(request.time * clip.fps)
    if number >= clip.frames:
        raise EmptyRangeError(
            f"time: the clip ends at {float(clip.frames / clip.fps):g} s, got {float(request.time):g} s; ask for an earlier frame",
        )
    return clip.shot(number)


preview_frame = Function(
    name="preview_frame",
    version="1",
    request=PreviewRequest,
    run=run,
    plan=plan,
    needs=Needs(timeout_s=60, memory_gb=2),
)
