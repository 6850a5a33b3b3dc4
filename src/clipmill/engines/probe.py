"""Tell what a media file is, without decoding more than a picture of it."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from clipmill.engines.beginning import read_beginning
from clipmill.engines.colour_tags import colour_of, hdr_of
from clipmill.engines.display_matrix import turn_of
from clipmill.engines.frame_times import FrameTimes, frame_times
from clipmill.engines.source import MOST_PIXELS, Media, open_container, reading
from clipmill.errors import InvalidMediaError, LimitExceededError, UnsupportedCodecError
from clipmill.media.chapters import Chapter
from clipmill.media.geometry import Size
from clipmill.media.info import AudioInfo, MediaInfo, VideoInfo, displayed_size
from clipmill.media.time import round_half_up

LARGEST_SIDE = 16384
LONGEST_S = 6 * 3600
FASTEST_RATE = 1000

_NOT_THE_PICTURE = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.dependent
_PROGRESSIVE = 1


def probe(media: Media) -> MediaInfo:
    """What the file is; a file with sound only has no ``video``. A picture too large to decode is refused here already."""
    with open_container(media) as container, reading(media):
        return _described(container)


def require_video(info: MediaInfo) -> VideoInfo:
    """The picture of a file that must have one."""
    if info.video is None:
        raise InvalidMediaError("the file has no video stream, only sound. Send a video.")
    return info.video


def check_limits(info: MediaInfo) -> None:
    """Refuse claims that no real footage makes, before anything is planned by them."""
    length = info.duration
    if length > LONGEST_S:
        raise LimitExceededError(f"the file claims to last {float(length):.0f} s; at most {LONGEST_S} are accepted.")
    if info.video:
        _check_size(info.video.size)
        _check_size(info.video.displayed)
        if info.video.rate > FASTEST_RATE:
            raise LimitExceededError(
                f"the file claims {float(info.video.rate):.0f} frames per second; at most {FASTEST_RATE} are accepted."
            )


def _check_size(size: Size) -> None:
    if max(size.width, size.height) > LARGEST_SIDE or size.width * size.height > MOST_PIXELS:
        raise LimitExceededError(
            f"the picture is {size.width}x{size.height}; at most {LARGEST_SIDE} pixels a side and {MOST_PIXELS} in all "
            "are accepted. Scale it down."
        )


def _described(container: InputContainer) -> MediaInfo:
    tracks = tuple(_audio_tracks(container))
    stream = _displayed_stream(container)
    if stream is None and not tracks:
        raise InvalidMediaError("the file has neither picture nor sound. Send a video.")
    chapters = tuple(_chapters(container))
    size = container.size
    video = None if stream is None else _video(container, stream)
    return MediaInfo(
        container=container.format.name.partition(",")[0],
        video=video,
        audio=_default_track(container, tracks),
        audio_tracks=tracks,
        chapters=chapters,
        duration=_sound_length(container, tracks) if video is None else video.duration,
        size_bytes=size if size >= 0 else None,
    )


def _displayed_stream(container: InputContainer) -> VideoStream | None:
    """The default picture, else the first; covers and empty tracks are none, one that can be decoded goes first."""
    streams = [stream for stream in container.streams.video if not stream.disposition & _NOT_THE_PICTURE]
    return min(streams, key=_rank, default=None)


def _rank(stream: VideoStream) -> tuple[bool, bool, bool, int]:
    empty = stream.container.format.name.startswith("mov") and not len(stream.index_entries)
    return not _decodes(stream), empty, not stream.disposition & Disposition.default, stream.index


def _decodes(stream: VideoStream | AudioStream) -> bool:
    # The stubs do not know that a stream without a decoder has no context.
    return cast("Any", stream.codec_context) is not None


def _video(container: InputContainer, stream: VideoStream) -> VideoInfo:
    if not _decodes(stream):
        raise UnsupportedCodecError(
            f"there is no decoder for the picture (stream {stream.index}). Convert it to H.264 in MP4."
        )
    context = stream.codec_context
    _check_size(Size(context.width, context.height))
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    beginning = read_beginning(container, stream)
    return _picture(stream, beginning.picture, frame_times(container, stream, beginning))


def _picture(stream: VideoStream, frame: av.VideoFrame, times: FrameTimes) -> VideoInfo:
    size, colour, turn = Size(frame.width, frame.height), colour_of(frame), turn_of(frame)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    components = frame.format.components
    return VideoInfo(
        index=stream.index,
        codec=stream.codec_context.codec.canonical_name,
        size=size,
        displayed=displayed_size(size, aspect, turn.rotation),
        sample_aspect=aspect,
        rotation=turn.rotation,
        mirrored=turn.mirrored,
        pixel_format=frame.format.name,
        bit_depth=max(component.bits for component in components),
        tick=stream.time_base or Fraction(1, av.time_base),
        rate=times.rate,
        variable_rate=times.uneven,
        start=times.start,
        duration=times.end - times.start,
        colour=colour,
        hdr=hdr_of(colour),
        interlaced=frame.interlaced_frame or stream.codec_context.field_order > _PROGRESSIVE,
        has_alpha=any(component.is_alpha for component in components) or stream.metadata.get("alpha_mode") == "1",
        frames=times.frames,
    )


def _audio_tracks(container: InputContainer) -> Iterator[AudioInfo]:
    """The tracks that can be decoded."""
    for stream in container.streams.audio:
        if _decodes(stream) and stream.sample_rate > 0 and stream.channels > 0 and stream.time_base:
            yield AudioInfo(
                index=stream.index,
                codec=stream.codec_context.codec.canonical_name,
                sample_rate=stream.sample_rate,
                channels=stream.channels,
                start=(stream.start_time or 0) * stream.time_base,
                duration=stream.duration * stream.time_base if stream.duration else None,
            )


def _default_track(container: InputContainer, tracks: tuple[AudioInfo, ...]) -> AudioInfo | None:
    marked = (track for track in tracks if container.streams[track.index].disposition & Disposition.default)
    return next(marked, tracks[0] if tracks else None)


def _sound_length(container: InputContainer, tracks: tuple[AudioInfo, ...]) -> Fraction:
    lengths = [track.duration for track in tracks if track.duration]
    if not lengths and container.duration is None:
        raise InvalidMediaError("the duration of the sound cannot be read. Remux the file and try again.")
    return max(lengths, default=Fraction(container.duration or 0, av.time_base))


def _chapters(container: InputContainer) -> Iterator[Chapter]:
    """The chapters, in milliseconds of the file's own clock."""
    for index, chapter in enumerate(container.chapters()):
        tick = chapter["time_base"] or Fraction(1, 1000)
        start, end = (round_half_up(chapter[edge] * tick * 1000) for edge in ("start", "end"))
        yield Chapter(index, chapter["metadata"].get("title", ""), start, end)
