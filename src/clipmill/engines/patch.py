"""Write a source once more and encode only the stretches that change: smart rendering.

Convention: times are ticks of the source's clock; the output begins at the first frame of the window. A source that
cannot be taken apart is the plan with one encoded stretch, so every way through here shows the same frames at the same
times.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, pairwise, tee
from pathlib import Path

import av

from clipmill.engines.coded import Coding, coded_video
from clipmill.engines.concealment import Concealment
from clipmill.engines.decode import Media, Picture, PictureReader
from clipmill.engines.encoders import AnyPacket, VideoEncoder, VideoFormat
from clipmill.engines.movie import MovieWriter, PictureCopy, PictureTrack
from clipmill.engines.overlap import ahead
from clipmill.engines.parameter_sets import Configuration
from clipmill.engines.picture_times import PictureTimes
from clipmill.engines.render import FRAMES_AHEAD, OnFrame, encoded
from clipmill.engines.samples import Samples
from clipmill.engines.sound_copy import SoundCopy
from clipmill.engines.source import open_container
from clipmill.engines.timed_packets import TimedPackets
from clipmill.media.copying import Copied, Encoded, Span, Stretch
from clipmill.media.info import VideoInfo
from clipmill.media.time import selection_tolerance

Draw = Callable[[Picture], av.VideoFrame]
"""Makes the frame to encode out of a source picture."""
Written = tuple[Fraction, AnyPacket]


@dataclass(frozen=True, slots=True)
class Patch:
    """A window of a source, and which stretches of it are encoded again."""

    media: Media
    video: VideoInfo
    window: Span
    """From the first frame to the end of the last."""
    stretches: tuple[Stretch, ...]
    encoding: VideoFormat
    draw: Draw
    coding: Coding | None
    """What the copied packets are like; None where none are."""


@dataclass(frozen=True, slots=True)
class PatchSound:
    """The sound of a patch: packets to copy, or samples to encode; silent without either."""

    copied: SoundCopy | None = None
    samples: Iterator[Samples] | None = None
    channels: int | None = None


@dataclass
class PatchWriter:
    """Writes one patch and knows afterwards when its frames are shown."""

    patch: Patch
    sound: PatchSound
    on_frame: OnFrame
    shown: list[int] = field(default_factory=list[int])
    """The output's display times so far, in ticks, in decoding order."""

    def __post_init__(self) -> None:
        self.concealment = Concealment(self.patch.video.rate)
        self._tolerance = selection_tolerance(self.patch.video.rate)

    def write(self, path: Path) -> None:
        """Write the file; `NotCopyableError` where the source's packets turn out other than its header says."""
        with ExitStack() as opened:
            movie = MovieWriter(
                path,
                [self.patch.encoding],
                channels=self.sound.channels,
                copied=self._copied(opened),
                copied_sound=self.sound.copied and opened.enter_context(self.sound.copied.template()),
            )
            opened.close()
            with movie, closing(self._pictures(movie.tracks[0])) as pictures:
                packets = self.sound.copied.packets() if self.sound.copied else None
                movie.write_all(pictures, self.sound.samples, packets)
        self.concealment.settle()

    def _copied(self, opened: ExitStack) -> PictureCopy | None:
        coding = self.patch.coding
        if coding is None:
            return None
        container = opened.enter_context(open_container(self.patch.media))
        stream = TimedPackets(container, self.patch.video.index).stream
        added = Configuration.parse(VideoEncoder(self.patch.encoding).headers)
        assert added is not None
        return PictureCopy(stream, coding.beside.reordering, coding.configuration.beside(added).record)

    def _pictures(self, track: PictureTrack) -> Generator[Written]:
        for stretch in self.patch.stretches:
            if isinstance(stretch, Copied):
                yield from self._moved(stretch, track)
            else:
                yield from self._drawn(stretch, track)

    def _moved(self, stretch: Copied, track: PictureTrack) -> Iterator[Written]:
        with coded_video(self.patch.media, self.patch.video) as coded:
            for timed in coded.copied(stretch.start, stretch.end):
                shown, duration = self._noted(timed.pts), timed.packet.duration or 1
                yield (shown + duration) * track.tick, track.stamped(timed.packet, shown, duration)

    def _drawn(self, stretch: Encoded, track: PictureTrack) -> Iterator[Written]:
        with closing(ahead(self._frames(stretch), FRAMES_AHEAD)) as frames:
            yield from encoded(frames, track, lambda _: None)

    def _frames(self, stretch: Encoded) -> Iterator[av.VideoFrame]:
        video, tick = self.patch.video, self.patch.encoding.tick
        reader = PictureReader(self.patch.media, video, self.patch.encoding.threads)
        times, wanted = tee(PictureTimes(self.patch.media, video, tick).shown(stretch.start, stretch.end))
        asked = (time * tick - video.start - self._tolerance for time in wanted)
        for (time, following), sight in zip(
            pairwise(chain(times, (stretch.end,))), reader.on_screen(asked), strict=True
        ):
            self.concealment.note(sight)
            frame = self.patch.draw(sight.picture)
            frame.pts, frame.duration = self._noted(time), following - time
            yield frame

    def _noted(self, time: int) -> int:
        shown = time - self.patch.window.start
        self.shown.append(shown)
        self.on_frame(len(self.shown))
        return shown
