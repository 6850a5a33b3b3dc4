"""When the pictures of a source are shown: by its packets where they say, else by decoding.

Convention: times are ticks of the given clock, on the file's own clock.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from clipmill.engines.decode import PictureReader
from clipmill.engines.source import Media, open_container
from clipmill.engines.timed_packets import TimedPackets, UntimedError
from clipmill.media.copying import Span
from clipmill.media.info import VideoInfo
from clipmill.media.time import round_half_up, selection_tolerance

FINEST_CLOCK = 10**6
"""Ticks a second that a track can count by, with room for hours."""
USUAL_CLOCK = Fraction(1, 90000)


@dataclass
class PictureTimes:
    """The display times of one source, counted by its own clock where a track can count by it."""

    media: Media
    video: VideoInfo
    _found: TimedPackets | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def tick(self) -> Fraction:
        return self.video.tick if self.video.tick.denominator <= FINEST_CLOCK else USUAL_CLOCK

    @property
    def first(self) -> int:
        """The first displayed picture."""
        return round_half_up(self.video.start / self.tick)

    @property
    def end(self) -> int:
        """The end of the last displayed picture."""
        return round_half_up((self.video.start + self.video.duration) / self.tick)

    @contextmanager
    def opened(self) -> Generator[TimedPackets]:
        """The packets of the picture; open once for everything that is asked inside, one question after the other."""
        if self._found is not None:
            yield self._found
            return
        with open_container(self.media) as container:
            self._found = TimedPackets(container, self.video.index)
            try:
                yield self._found
            finally:
                self._found = None

    def shown(self, start: int, end: int) -> Iterator[int]:
        """When the pictures from ``start`` up to, not including, ``end`` are shown, in that order."""
        start, end = max(start, self.first), min(end, self.end)
        latest = start - 1
        if self.video.interlaced:
            # A packet may be a field: only decoding tells which of them make a picture.
            yield from self._decoded(start, end)
            return
        try:
            with self.opened() as found:
                scale = found.tick / self.tick
                for time in found.shown(ceil(start / scale), ceil(end / scale)):
                    latest = round_half_up(time * scale)
                    yield latest
        except UntimedError:
            yield from self._decoded(latest + 1, end)

    def window(self, start: Fraction, end: Fraction) -> Span:
        """The pictures shown from ``start`` up to ``end`` seconds after the first one; at least the one on screen."""
        tolerance = selection_tolerance(self.video.rate)
        first, last = (ceil((self.video.start + t - tolerance) / self.tick) for t in (start, end))
        with self.opened():
            begin = next(self.shown(first, last), None)
            if begin is None:
                begin = self._on_screen(floor((self.video.start + start + tolerance) / self.tick))
                last = begin + 1
            return Span(begin, next(self.shown(last, self.end), self.end))

    def _on_screen(self, tick: int) -> int:
        """When the picture that is on screen at a tick came up."""
        try:
            with self.opened() as found:
                scale = found.tick / self.tick
                latest = found.last_shown(floor(tick / scale))
                return self.first if latest is None else max(self.first, round_half_up(latest * scale))
        except UntimedError:
            return max(self._decoded(self.first, tick + 1), default=self.first)

    def _decoded(self, start: int, end: int) -> Iterator[int]:
        origin = self.video.start
        reader = PictureReader(self.media, self.video)
        for picture in reader.pictures(start * self.tick - origin, end * self.tick - origin):
            yield round_half_up((picture.time + origin) / self.tick)
