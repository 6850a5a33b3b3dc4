"""Render one framed clip to a file: drawing runs ahead of encoding, sound beside them.

A clip that will be joined keeps its first and last frames, those under a transition, losslessly in tracks of their own
beside the encoded body, and its sound lossless: so its body joins by copying and only transitions are drawn again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
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
from clipmill.engines.made_stretches import MadeStretches
from clipmill.engines.movie import MovieWriter, PictureTrack
from clipmill.engines.overlap import ahead
from clipmill.engines.sound import ClipSound, clip_sound
from clipmill.engines.upscale.weights import Weights
from clipmill.media.concealed import Concealed
from clipmill.media.framing import ClipPlan
from clipmill.media.info import MediaInfo, VideoInfo
from clipmill.media.parts import Run, stretches
from clipmill.media.sound import audio_length

FRAMES_AHEAD = 3
"""Drawn frames that may wait for the encoder."""

OnFrame = Callable[[int], None]
"""Told the number of frames done."""


@dataclass(frozen=True, slots=True)
class ClipRender:
    """One clip to write: its plan, its source, its encoding. ``channels`` None leaves the sound out.

    A deliverable is encoded stretch by stretch, so that a part of it is the same packets wherever it is rendered.
    """

    plan: ClipPlan
    media: Media
    info: MediaInfo
    video: VideoInfo
    encoding: VideoFormat
    channels: int | None
    ends: Ends | None = None
    stretch: int | None = None
    """The frames that one encoder lasts; None for one encoder to each track."""
    weights: Weights | None = None
    """Of the network that enlarges the pictures, if one does."""

    @property
    def stretches(self) -> tuple[Run, ...]:
        """The frames of each encoder of a deliverable, in order."""
        return stretches(self.plan.frames, self.stretch or self.plan.frames)

    def drawer(self) -> ClipDrawer:
        """What draws its frames."""
        return ClipDrawer(self.plan, self.media, self.video, self.encoding.threads, weights=self.weights)


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What rendering met on its way: frames and sound packets that could not be decoded."""

    concealed_frames: int
    lost_packets: int


def render_clip(wanted: ClipRender, path: Path, on_frame: OnFrame, made: MadeStretches | None = None) -> RenderReport:
    """Write the clip and tell what was met on the way; pictures that were ``made`` before are copied."""
    drawer = wanted.drawer()
    tracks = _tracks(wanted)
    sound = _sound(wanted)
    note = ItemNote(wanted.plan.frames, wanted.plan.fps, wanted.ends).to_text() if wanted.ends else ""
    movie = MovieWriter(
        path,
        [encoding for _, encoding in tracks],
        channels=wanted.channels,
        lossless_sound=wanted.ends is not None,
        comment=note,
    )
    with movie:
        if made is None:
            with closing(ahead(drawer.frames(), FRAMES_AHEAD)) as frames:
                lengths = [lengths for lengths, _ in tracks]
                movie.write_all(_pictures(frames, lengths, movie.tracks, on_frame), sound)
        else:
            drawer.report.add(made.met)
            drawer.report.settle()
            movie.write_all(_copied(wanted, made, movie.tracks[0], on_frame), sound)
    return RenderReport(drawer.report.concealed, sound.lost_packets if sound else 0)


def render_stretches(wanted: ClipRender, run: Run, path: Path, on_frame: OnFrame) -> Concealed:
    """Write the pictures of some stretches of a deliverable; the file's clock begins with the first of them."""
    own = wanted.stretches[run.first : run.last]
    first, last = own[0].first, own[-1].last
    drawer = wanted.drawer()
    movie = MovieWriter(path, [wanted.encoding])
    with movie, closing(ahead(drawer.frames(first, last), FRAMES_AHEAD)) as frames:
        lengths = [stretch.length for stretch in own]
        movie.write_all(_pictures(frames, [lengths], movie.tracks, on_frame, first))
    return drawer.report.met


def _tracks(wanted: ClipRender) -> list[tuple[list[int], VideoFormat]]:
    """How many frames each stretch of each track of the file has, in order, and how they are encoded."""
    total = wanted.plan.frames
    if wanted.ends is None:
        return [([stretch.length for stretch in wanted.stretches], wanted.encoding)]
    if wanted.ends.head == total:
        return [([total], wanted.encoding.without_loss(Codec.X264))]
    kept = wanted.encoding.without_loss(Codec.MAGICYUV)
    head, tail = wanted.ends.head, wanted.ends.tail
    tracks = [(head, kept), (total - head - tail, wanted.encoding), (tail, kept)]
    return [([length], encoding) for length, encoding in tracks if length]


def _pictures(
    frames: Iterator[av.VideoFrame],
    lengths: Iterable[Sequence[int]],
    tracks: Iterable[PictureTrack],
    on_frame: OnFrame,
    origin: int = 0,
) -> Iterator[tuple[Fraction, AnyPacket]]:
    for stretches_of_track, track in zip(lengths, tracks, strict=True):
        for length in stretches_of_track:
            yield from encoded(islice(frames, length), track, on_frame, origin)


def _copied(
    wanted: ClipRender, made: MadeStretches, track: PictureTrack, on_frame: OnFrame
) -> Iterator[tuple[Fraction, AnyPacket]]:
    done = 0
    for number, place in enumerate(wanted.stretches):
        for each in made.stretch(number, place, wanted.encoding):
            done += 1
            on_frame(done)
            yield (each.shown + each.duration) * track.tick, track.stamped(each.packet, each.shown, each.duration)


def encoded(
    frames: Iterable[av.VideoFrame],
    track: PictureTrack,
    on_frame: OnFrame,
    origin: int = 0,
) -> Iterator[tuple[Fraction, AnyPacket]]:
    """One stretch of a track, encoded by an encoder of its own: packets, and the time the picture has reached.

    The track's clock begins at ``origin``; the encoder counts on from wherever the frames do, so that it writes the same
    packets in any file.
    """
    encoder = track.encoder()
    durations: dict[int, int] = {}
    reached = Fraction(0)

    def stamped(packet: AnyPacket) -> AnyPacket:
        assert packet.pts is not None
        return track.stamped(packet, packet.pts - origin, durations.pop(packet.pts))

    for frame in frames:
        assert frame.pts is not None
        durations[frame.pts] = frame.duration if track.keeps_times else 1
        reached = (frame.pts - origin + durations[frame.pts]) * track.tick
        on_frame(frame.pts - origin + 1)
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
