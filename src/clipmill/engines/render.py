"""Render one framed clip to a file: drawing runs ahead of encoding, sound beside them.

A clip that will be joined keeps its first and last frames, those under a transition, losslessly in tracks of their own
beside the encoded body, and its sound lossless: so its body joins by copying and only transitions are drawn again.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av

from clipmill.engines.decode import Media
from clipmill.engines.draw import ClipDrawer
from clipmill.engines.encoders import AnyPacket, Codec, VideoFormat
from clipmill.engines.items import Ends, ItemNote
from clipmill.engines.movie import MovieWriter, PictureTrack
from clipmill.engines.overlap import ahead
from clipmill.engines.sound import ClipSound, clip_sound
from clipmill.media.framing import ClipPlan
from clipmill.media.info import MediaInfo, VideoInfo
from clipmill.media.sound import audio_length

FRAMES_AHEAD = 3
"""Drawn frames that may wait for the encoder."""

OnFrame = Callable[[int], None]
"""Told the number of frames done."""


@dataclass(frozen=True, slots=True)
class ClipRender:
    """One clip to write: its plan, its source, its encoding. ``channels`` None leaves the sound out."""

    plan: ClipPlan
    media: Media
    info: MediaInfo
    video: VideoInfo
    encoding: VideoFormat
    channels: int | None
    ends: Ends | None = None


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What rendering met on its way: frames and sound packets that could not be decoded."""

    concealed_frames: int
    lost_packets: int


def render_clip(wanted: ClipRender, path: Path, on_frame: OnFrame) -> RenderReport:
    """Write the clip and tell what was met on the way."""
    drawer = ClipDrawer(wanted.plan, wanted.media, wanted.video, wanted.encoding.threads)
    stretches = _stretches(wanted)
    sound = _sound(wanted)
    note = ItemNote(wanted.plan.frames, wanted.plan.fps, wanted.ends).to_text() if wanted.ends else ""
    movie = MovieWriter(
        path,
        [encoding for _, encoding in stretches],
        channels=wanted.channels,
        lossless_sound=wanted.ends is not None,
        comment=note,
    )
    with movie, closing(ahead(drawer.frames(), FRAMES_AHEAD)) as frames:
        pictures = _pictures(frames, [length for length, _ in stretches], movie.tracks, on_frame)
        movie.write_all(pictures, sound)
    return RenderReport(drawer.report.concealed, sound.lost_packets if sound else 0)


def _stretches(wanted: ClipRender) -> list[tuple[int, VideoFormat]]:
    """How many frames each track of the file holds, in order, and how they are encoded."""
    total = wanted.plan.frames
    if wanted.ends is None:
        return [(total, wanted.encoding)]
    if wanted.ends.head == total:
        return [(total, wanted.encoding.without_loss(Codec.X264))]
    kept = wanted.encoding.without_loss(Codec.MAGICYUV)
    head, tail = wanted.ends.head, wanted.ends.tail
    parts = [(head, kept), (total - head - tail, wanted.encoding), (tail, kept)]
    return [(length, encoding) for length, encoding in parts if length]


def _pictures(
    frames: Iterator[av.VideoFrame],
    lengths: Iterable[int],
    tracks: Iterable[PictureTrack],
    on_frame: OnFrame,
) -> Iterator[tuple[Fraction, AnyPacket]]:
    for length, track in zip(lengths, tracks, strict=True):
        yield from encoded(islice(frames, length), track, on_frame)


def encoded(
    frames: Iterable[av.VideoFrame],
    track: PictureTrack,
    on_frame: OnFrame,
) -> Iterator[tuple[Fraction, AnyPacket]]:
    """One stretch of a track, encoded by an encoder of its own: packets, and the time the picture has reached."""
    encoder = track.encoder()
    durations: dict[int, int] = {}
    reached = Fraction(0)

    def stamped(packet: AnyPacket) -> AnyPacket:
        assert packet.pts is not None
        return track.stamped(packet, packet.pts, durations.pop(packet.pts))

    for frame in frames:
        assert frame.pts is not None
        durations[frame.pts] = frame.duration if track.keeps_times else 1
        reached = (frame.pts + durations[frame.pts]) * track.tick
        on_frame(frame.pts + 1)
        for packet in encoder.encode(frame):
            yield reached, stamped(packet)
    for packet in encoder.finish():
        yield reached, stamped(packet)


def _sound(wanted: ClipRender) -> ClipSound | None:
    audio, plan = wanted.info.audio, wanted.plan
    if wanted.channels is None or audio is None:
        return None
    samples = audio_length(plan.frames, plan.fps)
    return clip_sound(
        wanted.media, audio, wanted.video.start, plan.timeline, plan.source_start, samples, wanted.channels
    )
