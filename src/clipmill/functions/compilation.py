"""A compilation of annotated moments: their clips in a row, with chapters and a banner over each."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clipmill.engines.encoders import Codec, VideoFormat
from clipmill.engines.join import ClipJoiner
from clipmill.engines.join_clips import FinishedClip, whole
from clipmill.engines.overlay.banner_paint import banner_paint
from clipmill.engines.painted import even_size
from clipmill.function.annotation_shapes import AnnotateShape
from clipmill.function.results import Result
from clipmill.functions.joining import Packets, join_warnings, shared_packets, write_join
from clipmill.functions.patching import Range, plan_window
from clipmill.functions.planning import Source, encoder_name
from clipmill.functions.writing import measured, output_ranges
from clipmill.media.annotations import Annotation, display_name
from clipmill.media.banner import Banner
from clipmill.media.chapters import Chapter, chapters
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Size
from clipmill.media.time import parse_rate
from clipmill.media.transitions import Join, TransitionKind, plan_join


@dataclass(frozen=True, slots=True)
class Moment:
    """An annotation, its source, and its range there, in seconds from the first picture."""

    index: int
    annotation: Annotation
    source: Source
    range: Range

    @property
    def name(self) -> str:
        return display_name(self.annotation, self.index)

    @property
    def banner(self) -> Banner:
        rating = self.annotation.rating
        return Banner(rating.notation, rating.colour, self.name, self.annotation.notes)


@dataclass(frozen=True)
class Compilation:
    """Everything that is known before the first packet moves."""

    moments: Sequence[Moment]
    plans: Sequence[ClipPlan]
    join: Join
    chapters: tuple[Chapter, ...]
    encoding: VideoFormat
    packets: Packets
    channels: int | None
    banner: bool

    def write(self, path: Path, key: str, on_frame: Callable[[int], None]) -> Result:
        """Write the file and tell what it is."""
        joiner, fault = write_join(lambda packets: self._joiner(packets, on_frame), self.packets, path)
        result = measured(path, key, encoder_name(self.packets.encoding))
        ranges = output_ranges(joiner.copied, self.join.fps)
        return result.model_copy(update={"copied_ranges": ranges, "warnings": join_warnings(fault)})

    def described(self) -> dict[str, Any]:
        """The plan as plain JSON."""
        fps, size = self.join.fps, self.encoding.size
        return {
            "frames": self.join.total_frames,
            "fps": str(fps),
            "width": size.width,
            "height": size.height,
            "duration": float(self.join.total_frames / fps),
            "clip_starts": [float(start / fps) for start in self.join.starts],
            "copies": [coding is not None for coding in self.packets.codings],
            "chapters": [{"title": mark.title, "start": mark.start_ms / 1000} for mark in self.chapters],
        }

    def _joiner(self, packets: Packets, on_frame: Callable[[int], None]) -> ClipJoiner:
        clips = [self._clip(position, packets) for position in range(len(self.moments))]
        return ClipJoiner(self.join, clips, packets.encoding, self.channels, self.chapters, on_frame, packets.headers)

    def _clip(self, position: int, packets: Packets) -> FinishedClip:
        moment, source = self.moments[position], self.moments[position].source
        coding = packets.codings[position]
        return FinishedClip(
            media=source.media,
            info=source.info,
            video=source.video,
            plan=self.plans[position],
            channels=self.channels,
            coding=None if self.banner else coding,  # pyright: ignore[reportArgumentType] - no clip here is an item
            threads=self.encoding.threads,
            paint=banner_paint(moment.banner, self.encoding.size) if self.banner else None,
        )


def plan_compilation(request: AnnotateShape, moments: Sequence[Moment], codec: Codec, threads: int) -> Compilation:
    """The compilation of moments; raises before anything is written."""
    first = moments[0].source.video
    fps = first.rate if request.fps in (None, "source") else parse_rate(request.fps, "fps")
    usual = usual_size(moment.source.video.displayed for moment in moments)
    size = Size(request.output_width or usual.width, request.output_height or usual.height)
    encoding = VideoFormat(size, fps.limit_denominator(100_000), request.quality, codec, threads)
    plans = [_clip_plan(moment, encoding, request) for moment in moments]
    names = [moment.name for moment in moments]
    kind = TransitionKind.parse(request.transition.type)
    frames = [plan.frames for plan in plans]
    join = plan_join(kind, request.transition.duration, encoding.fps, frames, names)
    sources = [moment.source for moment in moments]
    channels = [source.info.audio.channels for source in sources if source.info.audio]
    return Compilation(
        moments=moments,
        plans=plans,
        join=join,
        chapters=chapters(join.starts, join.total_frames, join.fps, names) if request.chapters else (),
        encoding=encoding,
        packets=Packets((None,) * len(moments), encoding)
        if request.banner
        else shared_packets(sources, [None] * len(moments), frames, encoding),
        channels=min(2, max(channels)) if channels and request.include_audio else None,
        banner=request.banner,
    )


def usual_size(sizes: Iterable[Size]) -> Size:
    """The most frequent size, as 4:2:0 can hold it; of several the largest.

    >>> usual_size([Size(640, 360), Size(1920, 1080), Size(1280, 720), Size(640, 360), Size(1280, 720)])
    Size(width=1280, height=720)
    """
    counted = Counter(even_size(size) for size in sizes)
    return max(counted, key=lambda size: (counted[size], size.width * size.height))


def _clip_plan(moment: Moment, encoding: VideoFormat, request: AnnotateShape) -> ClipPlan:
    window = plan_window(moment.source, moment.range, (), smart=False)
    return ClipPlan(
        source_start=window.start - moment.source.video.start,
        timeline=whole(window.duration),
        frame=moment.source.video.displayed,
        output=encoding.size,
        fps=encoding.fps,
        fit=request.fit,
    )
