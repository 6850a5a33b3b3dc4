"""From a clip's request and what its source is to the plan that the engines render."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from clipmill.engines.encoders import Codec, VideoFormat, available_codec
from clipmill.engines.probe import check_limits, probe, require_video
from clipmill.errors import EmptyRangeError, LimitExceededError
from clipmill.function.context import Context, Media
from clipmill.function.results import Warn
from clipmill.function.shapes import ClipShape, RenderOptions
from clipmill.function.wire import Text
from clipmill.functions.upscaling import Upscaling
from clipmill.media.framing import ClipPlan, settled_fit
from clipmill.media.geometry import Box, Size, clamp_box, rotated_box_leaves_source, rotation_in_force
from clipmill.media.info import MediaInfo, VideoInfo
from clipmill.media.time import selection_tolerance
from clipmill.media.timeline import canonical_timeline
from clipmill.media.tracks import BoxTrack

LONGEST_OUTPUT_S = 6 * 3600
"""A small file can claim frames a day apart: what is drawn is bounded before the first frame."""


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source: where its bytes are and what they are."""

    media: Media
    info: MediaInfo
    video: VideoInfo


class FramedShape(ClipShape, RenderOptions):
    """One clip and how it is rendered."""


class ClipRequest(FramedShape):
    """One clip, where its source lies, and where its output goes."""

    aliases: ClassVar = {"input_key": ("input_video_key",)}

    input_key: Text
    output_key: Text


def open_source(context: Context, key: str) -> Source:
    """Probe a source and refuse what cannot be rendered."""
    media = context.open(key)
    info = probe(media)
    check_limits(info)
    return Source(media, info, require_video(info))


def plan_clip(request: FramedShape, video: VideoInfo) -> ClipPlan:
    """The plan of one clip; raises before anything is rendered."""
    end = video.duration if request.source_end_time is None else min(request.source_end_time, video.duration)
    if end <= request.source_start_time:
        raise EmptyRangeError(
            f"source_start_time {float(request.source_start_time):g} s leaves nothing of a source that is used up to "
            f"{float(end):g} s; start earlier",
        )
    edits = None if request.segments_data is None else request.segments_data.edits()
    timeline = canonical_timeline(edits, end - request.source_start_time)
    if timeline.duration > LONGEST_OUTPUT_S:
        raise LimitExceededError(
            f"the output would last {float(timeline.duration):.0f} s, more than {LONGEST_OUTPUT_S} s; trim it or raise its speed",
        )
    output = Size(request.output_width, request.output_height)
    keys = keyframe_boxes(request, video.rate)
    crop = None
    if keys:
        crop = BoxTrack.from_keyframes(
            keys,
            request.interpolation,
            default=keys[0][1],
            tolerance=selection_tolerance(video.rate),
        )
    return ClipPlan(
        source_start=request.source_start_time,
        timeline=timeline,
        frame=video.displayed,
        output=output,
        fps=request.rate(video.rate),
        crop=crop,
        fit=settled_fit([box for _, box in keys], request.fit, video.displayed, output),
        rotation=rotation_in_force(request.rotation),
        motion=request.motion,
        pad_color=request.pad_color,
    )


def keyframe_boxes(request: ClipShape, rate: Fraction) -> list[tuple[Fraction, Box]]:
    """The crop's keys as exact times and boxes."""
    return [(key.seconds(rate, index), key.box()) for index, key in enumerate(request.crop_keyframes)]


def encoding_of(request: RenderOptions, plan: ClipPlan, threads: int) -> VideoFormat:
    """How the output is encoded; raises where the asked encoder does not work on this machine."""
    return VideoFormat(plan.output, plan.fps, request.quality, available_codec(request.encoder), threads)


def channels_of(request: RenderOptions, info: MediaInfo) -> int | None:
    """Sound channels of the output: mono and stereo are kept, more become stereo; None is no sound."""
    return None if not request.include_audio or info.audio is None else min(2, info.audio.channels)


def encoder_name(encoding: VideoFormat) -> str:
    return encoder_name_of(encoding.codec)


def encoder_name_of(codec: Codec) -> str:
    """How results call an encoder."""
    return "nvenc" if codec is Codec.NVENC else "x264"


def plan_warnings(request: FramedShape, plan: ClipPlan, video: VideoInfo) -> Iterator[Warn]:
    """What the caller should know before a frame is drawn."""
    yield from picture_warnings(video)
    keys = keyframe_boxes(request, video.rate)
    outside = [index for index, (_, box) in enumerate(keys) if clamp_box(box, video.displayed) != box]
    if outside:
        yield Warn(
            code="crop_clamped",
            message=f"{len(outside)} crop keyframes leave the {video.displayed.width}x{video.displayed.height} frame, "
            f"the first is number {outside[0]}; they were moved inside",
        )
    if plan.rotation and _shows_border(plan):
        yield Warn(code="rotation_border", message="the crop shows the black border of the rotated picture")


def picture_warnings(video: VideoInfo) -> Iterator[Warn]:
    """What drawing the pictures of a source does to them, or leaves undone."""
    if video.hdr:
        yield Warn(code="hdr_tonemapped", message=f"the {video.hdr.upper()} source was tone-mapped to BT.709")
    if video.interlaced:
        yield Warn(
            code="interlaced", message="the source is interlaced; its pictures were made whole, one for each frame"
        )


def _shows_border(plan: ClipPlan) -> bool:
    boxes = (shot.placement.box for shot in plan.shots())
    return any(rotated_box_leaves_source(box, plan.frame, plan.rotation) for box in boxes)


def canonical(plan: ClipPlan, request: FramedShape, codec: Codec, upscaling: Upscaling) -> dict[str, Any]:
    """Everything that a clip depends on beside the bytes of its source.

    Requests that mean the same have the same value; names, labels and positions are left out.
    """
    crop = plan.crop
    tracks = {} if crop is None else {name: getattr(crop, name).keys for name in ("x", "y", "width", "height")}
    return {
        "source_start": str(plan.source_start),
        "pieces": [[str(piece.start), str(piece.end), str(piece.speed)] for piece in plan.timeline.pieces],
        "crop": {name: [[str(time), value] for time, value in keys] for name, keys in tracks.items()},
        "interpolation": request.interpolation.value if crop else None,
        "fit": plan.fit.value,
        "rotation": plan.rotation,
        "motion": plan.motion.value,
        "pad_color": plan.pad_color,
        "size": [plan.output.width, plan.output.height],
        "fps": str(plan.fps),
        "include_audio": request.include_audio,
        "quality": request.quality.value,
        "codec": codec.value,
        "upscale": upscaling.canonical,
    }


def described(plan: ClipPlan) -> dict[str, object]:
    """A clip plan as plain JSON for people and tests."""
    first, last = plan.shot(0), plan.shot(plan.frames - 1)
    return {
        "frames": plan.frames,
        "fps": str(plan.fps),
        "duration": float(plan.frames / plan.fps),
        "width": plan.output.width,
        "height": plan.output.height,
        "fit": plan.fit.value,
        "rotation": plan.rotation,
        "pieces": [
            {"start": float(piece.start), "end": float(piece.end), "speed": float(piece.speed)}
            for piece in plan.timeline.pieces
        ],
        "first_box": _box(first.placement.box),
        "last_box": _box(last.placement.box),
        "source_range": [float(first.time), float(last.time)],
    }


def _box(box: Box) -> list[float]:
    return [round(value, 4) for value in (box.x, box.y, box.width, box.height)]
