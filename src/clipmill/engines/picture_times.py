"""When the pictures of a source are shown: by its packets where they say, else by decoding.

Convention: times are ticks of the given clock, on the file's own clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from clipmill.engines.decode import PictureReader
from clipmill.engines.source import Media, open_container
from clipmill.engines.timed_packets import TimedPackets, UntimedError
from clipmill.media.copying import Span
from clipmill.media.info import VideoInfo
from clipmill.media.time import round_half_up

FINEST_CLOCK = 10**6
"""Ticks a second that a track can count by, with room for hours."""
USUAL_CLOCK = Fraction(1, 90000)


@dataclass(frozen=True, slots=True)
class PictureTimes:
    """The display times of one source."""

    media: Media
    video: VideoInfo
    tick: Fraction

    @property
    def first(self) -> int:
        """The first displayed picture."""
        return round_half_up(self.video.start / self.tick)

    @property
    def end(self) -> int:
        """The end of the last displayed picture."""
        return round_half_up((self.video.start + self.video.duration) / self.tick)

    def shown(self, start: int, end: int) -> Iterator[int]:
        """When the pictures from ``start`` up to, not including, ``end`` are shown, in that order."""
        start, end = max(start, self.first), min(end, self.end)
        latest = start - 1
        try:
            with open_container(self.media) as container:
                found = TimedPackets(container, self.video.index)
                scale = found.tick / self.tick
                for time in found.shown(ceil(start / scale), ceil(end / scale)):
                    latest = round_half_up(time * scale)
                    yield latest
        except UntimedError:
            yield from self._decoded(latest + 1, end)

    def window(self, start: Fraction, end: Fraction) -> Span:
        """The pictures shown from ``start`` up to ``end`` seconds after the first one; at least the one on screen."""
        first, last = (ceil((self.video.start + t) / self.tick) for t in (start, end))
        begin = next(self.shown(first, last), None)
        if begin is None:
            begin = max(self.shown(first - round_half_up(1 / self.tick), first + 1), default=self.first)
            last = begin + 1
        return Span(begin, next(self.shown(last, self.end), self.end))

    def _decoded(self, start: int, end: int) -> Iterator[int]:
        origin = self.video.start
        reader = PictureReader(self.media, self.video)
        for picture in reader.pictures(start * self.tick - origin, end * self.tick - origin):
            yield round_half_up((picture.time + origin) / self.tick)


def picture_times(media: Media, video: VideoInfo) -> PictureTimes:
    """The display times of a source, counted by its own clock where a track can count by it."""
    with open_container(media) as container:
        tick = container.streams[video.index].time_base or USUAL_CLOCK
    return PictureTimes(media, video, tick if tick.denominator <= FINEST_CLOCK else USUAL_CLOCK)
