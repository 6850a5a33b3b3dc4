"""Write a source once more and encode only the stretches that change: smart rendering.

Convention: times are ticks of the source's clock; the output begins at the first frame of the window. A source that
cannot be taken apart is the plan with one encoded stretch, so every way through here shows the same frames at the same
times.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, pairwise, tee
from pathlib import Path

import av
from av.video.stream import VideoStream

from clipmill.engines.coded import CodedVideo, Coding
from clipmill.engines.concealment import Concealment
from clipmill.engines.decode import Picture, PictureReader, Sighting
from clipmill.engines.encoders import AnyPacket, VideoEncoder, VideoFormat
from clipmill.engines.made_stretches import MadeStretches
from clipmill.engines.movie import MovieWriter, PictureCopy, PictureTrack
from clipmill.engines.overlap import ahead
from clipmill.engines.parameter_sets import Configuration
from clipmill.engines.picture_times import PictureTimes
from clipmill.engines.render import FRAMES_AHEAD, OnFrame, encoded
from clipmill.engines.samples import Samples
from clipmill.engines.sound_copy import SoundCopy
from clipmill.media.copying import Copied, Encoded, Span, Stretch
from clipmill.media.parts import Run
from clipmill.media.time import selection_tolerance

Draw = Callable[[Iterable[Picture]], Generator[av.VideoFrame]]
"""Makes the frame to encode out of each source picture, in order; closed before what the pictures come from."""
Written = tuple[Fraction, AnyPacket]


def each(draw: Callable[[Picture], av.VideoFrame]) -> Draw:
    """Draws one picture after the other."""

    def drawn(pictures: Iterable[Picture]) -> Generator[av.VideoFrame]:
        for picture in pictures:
            yield draw(picture)

    return drawn


@dataclass(frozen=True, slots=True)
class Patch:
    """A window of a source, and which stretches of it are encoded again."""

    times: PictureTimes
    window: Span
    """From the first frame to the end of the last."""
    stretches: tuple[Stretch, ...]
    encoding: VideoFormat
    draw: Draw
    coding: Coding | None
    """What the copied packets are like; None where none are."""

    @property
    def encoded(self) -> list[Encoded]:
        """The stretches that are encoded, each by an encoder of its own."""
        return [stretch for stretch in self.stretches if isinstance(stretch, Encoded)]


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
    made: MadeStretches | None = None
    """The encoded stretches, where they were made before."""
    shown: list[int] = field(default_factory=list[int])
    """The output's display times so far, in ticks, in decoding order."""

    def __post_init__(self) -> None:
        self.concealment = Concealment(self.patch.times.video.rate)
        self._tolerance = selection_tolerance(self.patch.times.video.rate)

    def write(self, path: Path) -> None:
        """Write the file; `NotCopyableError` where the source's packets turn out other than its header says."""
        if self.made is not None:
            self.concealment.add(self.made.met)
        copy = self.sound.copied
        with self.patch.times.opened() as found, copy.opened() if copy else nullcontext() as stream:
            movie = MovieWriter(
                path,
                [self.patch.encoding],
                channels=self.sound.channels,
                copied=self._copied(found.stream),
                copied_sound=stream,
            )
            with movie, closing(self._pictures(movie.tracks[0])) as pictures:
                movie.write_all(pictures, self.sound.samples, copy.packets(stream) if copy and stream else None)
        self.concealment.settle(len(self.shown))

    def write_stretches(self, run: Run, path: Path) -> None:
        """Write the pictures of some encoded stretches; the file's clock begins with the first of them."""
        own = self.patch.encoded[run.first : run.last]
        movie = MovieWriter(path, [self.patch.encoding])
        origin = own[0].start - self.patch.window.start
        with movie, self.patch.times.opened():
            for stretch in own:
                with closing(self._drawn(stretch, movie.tracks[0], origin)) as pictures:
                    movie.write_all(pictures)

    def _copied(self, stream: VideoStream) -> PictureCopy | None:
        coding = self.patch.coding
        if coding is None:
            return None
        added = Configuration.parse(VideoEncoder(self.patch.encoding).headers)
        assert added is not None
        return PictureCopy(stream, coding.beside.reordering, coding.configuration.beside(added).record)

    def _pictures(self, track: PictureTrack) -> Generator[Written]:
        number = 0
        for stretch in self.patch.stretches:
            if isinstance(stretch, Copied):
                yield from self._moved(stretch, track)
                continue
            if self.made is None:
                yield from self._drawn(stretch, track)
            else:
                yield from self._taken(self.made, number, stretch, track)
            number += 1

    def _moved(self, stretch: Copied, track: PictureTrack) -> Iterator[Written]:
        assert self.patch.coding is not None
        with self.patch.times.opened() as found:
            for timed in CodedVideo(found, self.patch.coding).copied(stretch.start, stretch.end):
                shown, duration = self._noted(timed.pts), timed.packet.duration or 1
                yield (shown + duration) * track.tick, track.stamped(timed.packet, shown, duration)

    def _taken(self, made: MadeStretches, number: int, stretch: Encoded, track: PictureTrack) -> Iterator[Written]:
        first = self.patch.window.start
        for each in made.stretch(number, Run(stretch.start - first, stretch.end - first), self.patch.encoding):
            self._noted(each.shown + first)
            yield (each.shown + each.duration) * track.tick, track.stamped(each.packet, each.shown, each.duration)

    def _drawn(self, stretch: Encoded, track: PictureTrack, origin: int = 0) -> Generator[Written]:
        with closing(ahead(self._frames(stretch), FRAMES_AHEAD)) as frames:
            yield from encoded(frames, track, lambda _: None, origin)

    def _frames(self, stretch: Encoded) -> Iterator[av.VideoFrame]:
        all_times = self.patch.times
        reader = PictureReader(all_times.media, all_times.video, self.patch.encoding.threads)
        times, wanted = tee(all_times.shown(stretch.start, stretch.end))
        asked = (time * all_times.tick - all_times.video.start - self._tolerance for time in wanted)
        spans = pairwise(chain(times, (stretch.end,)))
        with closing(self._met(reader.on_screen(asked))) as pictures, closing(self.patch.draw(pictures)) as drawn:
            for (time, following), frame in zip(spans, drawn, strict=True):
                frame.pts, frame.duration = self._noted(time), following - time
                yield frame

    def _met(self, sights: Iterator[Sighting]) -> Generator[Picture]:
        for sight in sights:
            self.concealment.note(sight)
            yield sight.picture

    def _noted(self, time: int) -> int:
        shown = time - self.patch.window.start
        self.shown.append(shown)
        self.on_frame(len(self.shown))
        return shown
