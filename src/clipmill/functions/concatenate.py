"""``concatenate_clips``: clips one after another, with transitions and chapters, copying what does not change."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict

from clipmill.engines.coded import Coding
from clipmill.engines.encoders import VideoFormat, available_codec
from clipmill.engines.items import ItemNote, read_note
from clipmill.engines.join import ClipJoiner
from clipmill.engines.join_clips import FinishedClip, ItemClip, JoinableClip, whole
from clipmill.engines.painted import even_size
from clipmill.engines.remux import remux
from clipmill.errors import InvalidRequestError, NoClipsError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.results import Result, Warn
from clipmill.function.shapes import EDITOR_FIELDS, even_side, readable_rate
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Flag, Number, Seconds, Text, WireModel, between
from clipmill.functions.joining import AnyCoding, Packets, join_warnings, shared_packets, write_join
from clipmill.functions.planning import Source, encoder_name, open_source
from clipmill.functions.writing import measured, output_ranges
from clipmill.media.chapters import Chapter, chapter_title, chapters
from clipmill.media.choices import EncoderChoice, Quality
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Fit, Size
from clipmill.media.time import parse_rate
from clipmill.media.transitions import Join, TransitionKind, plan_join


class ClipInfo(WireModel):
    """What a clip is called; the other fields of a clip may stand here and change nothing."""

    model_config = ConfigDict(extra="ignore")
    ignored = EDITOR_FIELDS
    aliases: ClassVar = {"name": ("clip_name",)}

    name: Text | None = None
    file_name: Text | None = None


class ConcatenateRequest(WireModel):
    """Finished clips, or items of a multi-clip export, in playing order."""

    aliases: ClassVar = {"fps": ("target_fps",), "output_width": ("target_width",), "output_height": ("target_height",)}

    clip_keys: tuple[Text, ...]
    output_key: Text
    transition_type: Text = "cut"
    transition_duration: Annotated[Seconds, between(0, 10)] = Fraction(1, 2)
    clip_info: tuple[ClipInfo, ...] = ()
    include_audio: Flag = True
    quality: Quality = Quality.STANDARD
    encoder: EncoderChoice = EncoderChoice.AUTO
    output_width: Annotated[Count, even_side] | None = None
    output_height: Annotated[Count, even_side] | None = None
    fps: Annotated[Count | Number | Text, readable_rate] | None = None


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """Everything that is known before the first packet moves."""

    sources: tuple[Source, ...]
    notes: tuple[ItemNote | None, ...]
    encoding: VideoFormat
    join: Join
    chapters: tuple[Chapter, ...]
    channels: int | None
    packets: Packets


def run(request: ConcatenateRequest, context: Context) -> Result:
    """Join clips with cuts, fades or dissolves and chapters; only frames under a transition are encoded."""
    planned = _planned(request, context)
    context.report(1, 1, Stage.PREPARING)
    path = context.new_file("joined.mp4")
    if _stays(planned) and remux(planned.sources[0].media, path, include_audio=request.include_audio):
        result = measured(path, request.output_key, "copied")
        result = result.model_copy(update={"audio": "none" if planned.channels is None else "copied"})
        ranges, warnings = [(0.0, result.duration)], list[Warn]()
    else:
        joiner, fault = write_join(
            lambda packets: _joiner(replace(planned, packets=packets), context), planned.packets, path
        )
        result = measured(path, request.output_key, encoder_name(planned.encoding))
        ranges, warnings = output_ranges(joiner.copied, planned.join.fps), _warnings(planned, joiner, fault)
    context.report(1, 1, Stage.ENCODING)
    context.publish(path, request.output_key)
    return result.model_copy(update={"copied_ranges": ranges, "warnings": warnings})


def _stays(planned: JoinPlan) -> bool:
    """Whether the output is the one clip that came, as it is."""
    one, wanted = planned.sources[0].video, planned.encoding
    alone = len(planned.sources) == 1 and planned.notes[0] is None
    return alone and one.rate == wanted.fps and even_size(one.displayed) == wanted.size


def plan(request: ConcatenateRequest, context: Context) -> dict[str, Any]:
    """What ``run`` will copy and draw."""
    planned = _planned(request, context)
    return {
        "frames": planned.join.total_frames,
        "fps": str(planned.join.fps),
        "duration": float(planned.join.total_frames / planned.join.fps),
        "clip_starts": [float(start / planned.join.fps) for start in planned.join.starts],
        "spans": [_span(span) for span in planned.join.spans],
        "copies": [coding is not None for coding in planned.packets.codings],
        "chapters": [{"title": mark.title, "start": mark.start_ms / 1000} for mark in planned.chapters],
    }


def _span(span: Any) -> dict[str, Any]:
    return {"kind": type(span).__name__.lower(), "start": span.start, "frames": span.length}


def _planned(request: ConcatenateRequest, context: Context) -> JoinPlan:
    if not request.clip_keys:
        raise NoClipsError("clip_keys: expected at least one clip, got none; add a clip")
    if len(request.clip_info) > len(request.clip_keys):
        raise InvalidRequestError(
            f"clip_info: expected at most {len(request.clip_keys)} entries, one for each clip, got {len(request.clip_info)}",
        )
    sources = tuple(open_source(context, key) for key in request.clip_keys)
    notes = tuple(read_note(source.media) for source in sources)
    encoding = _encoding(request, sources[0], notes[0], context.threads)
    notes = tuple(
        _fitting(position, source, note, encoding)
        for position, (source, note) in enumerate(zip(sources, notes, strict=True))
    )
    names = [_title(request, position) for position in range(len(sources))]
    frames = [
        note.frames if note else _plan(source, encoding).frames for source, note in zip(sources, notes, strict=True)
    ]
    kind = TransitionKind.parse(request.transition_type)
    join = plan_join(kind, request.transition_duration, encoding.fps, frames, names)
    channels = [source.info.audio.channels for source in sources if source.info.audio is not None]
    return JoinPlan(
        sources=sources,
        notes=notes,
        encoding=encoding,
        join=join,
        chapters=chapters(join.starts, join.total_frames, join.fps, names),
        channels=min(2, max(channels)) if channels and request.include_audio else None,
        packets=shared_packets(sources, notes, frames, encoding),
    )


def _title(request: ConcatenateRequest, position: int) -> str:
    info = request.clip_info[position] if position < len(request.clip_info) else ClipInfo()
    return chapter_title(info.name, info.file_name, position)


def _encoding(request: ConcatenateRequest, first: Source, note: ItemNote | None, threads: int) -> VideoFormat:
    shown = even_size(first.video.displayed)
    size = Size(request.output_width or shown.width, request.output_height or shown.height)
    source_rate = note.fps if note else first.video.rate
    fps = source_rate if request.fps in (None, "source") else parse_rate(request.fps, "fps")
    return VideoFormat(size, fps, request.quality, available_codec(request.encoder), threads)


def _fitting(position: int, source: Source, note: ItemNote | None, encoding: VideoFormat) -> ItemNote | None:
    """The note of an item that is just what the output wants; any other clip is fitted, but only out of one track."""
    if note is None or (note.fps == encoding.fps and source.video.displayed == encoding.size):
        return note
    if len(note.tracks) == 1:
        return None
    size, wanted = source.video.displayed, encoding.size
    raise InvalidRequestError(
        f"clip_keys: clip {position} was rendered for a join of {size.width}x{size.height} at {note.fps} frames a second, "
        f"this one is {wanted.width}x{wanted.height} at {encoding.fps}; render the clip once more",
        details={"clip": position},
    )


def _plan(source: Source, encoding: VideoFormat) -> ClipPlan:
    """A finished clip, whole, fitted into the output."""
    return ClipPlan(
        source_start=Fraction(0),
        timeline=whole(source.video.duration),
        frame=source.video.displayed,
        output=encoding.size,
        fps=encoding.fps,
        fit=Fit.CONTAIN,
    )


def _joiner(planned: JoinPlan, context: Context) -> ClipJoiner:
    parts = zip(planned.sources, planned.notes, planned.packets.codings, strict=True)
    clips = [_clip(source, note, planned, coding) for source, note, coding in parts]
    total = planned.join.total_frames

    def on_frame(done: int) -> None:
        context.report(done, total, Stage.PROCESSING)

    packets = planned.packets
    return ClipJoiner(
        planned.join, clips, packets.encoding, planned.channels, planned.chapters, on_frame, packets.headers
    )


def _clip(source: Source, note: ItemNote | None, planned: JoinPlan, coding: AnyCoding | None) -> JoinableClip:
    if isinstance(coding, Coding) or note is None:
        known = coding if isinstance(coding, Coding) else None
        clip_plan, threads = _plan(source, planned.encoding), planned.encoding.threads
        return FinishedClip(source.media, source.info, source.video, clip_plan, planned.channels, known, threads)
    return ItemClip(source.media, note, source.info.audio, planned.channels, copies=coding is not None)


def _warnings(planned: JoinPlan, joiner: ClipJoiner, fault: str | None) -> list[Warn]:
    warnings = join_warnings(fault)
    finished = [note is None for note in planned.notes]
    drawn = joiner.redrawn + planned.join.overlap * (len(finished) - 1)
    if drawn and any(finished):
        message = f"{drawn} frames of finished clips were encoded once more; the rest was copied"
        warnings.append(Warn.model_validate({"code": "second_generation", "message": message, "frames": drawn}))
    return warnings


concatenate_clips = Function(
    name="concatenate_clips",
    version="1",
    request=ConcatenateRequest,
    run=run,
    plan=plan,
    needs=Needs(timeout_s=600),
)
