"""How a source's picture is coded, and where its packets can be taken apart without decoding them.

Convention: times are ticks of the stream's time base on the file's own clock. Only the packets around the places that
are asked for are read, however long the file is.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from clipmill.engines.beginning import VideoPacket
from clipmill.engines.encoders import Beside, VideoFormat
from clipmill.engines.parameter_sets import IDR_SLICE, PICTURE, SEQUENCE, Configuration, kind, units
from clipmill.engines.source import Media, open_container
from clipmill.engines.timed_packets import TimedPacket, TimedPackets, UntimedError
from clipmill.media.geometry import Size
from clipmill.media.info import VideoInfo

PROFILES = {66: "baseline", 77: "main", 100: "high"}
WITH_LENGTHS = frozenset({"mov", "matroska", "flv"})
"""Containers whose samples carry the length of every unit, as those of MP4 do."""
MOST_REORDERED = 16


@dataclass(frozen=True, slots=True)
class Coding:
    """What packets must agree with to stand beside those of the source."""

    tick: Fraction
    start: int
    """The first displayed frame."""
    size: Size
    configuration: Configuration
    beside: Beside


class NotCopyableError(Exception):
    """The packets of a source cannot stand beside new ones; the message says why."""


class CodedVideo:
    """The packets of one video stream, found by time."""

    def __init__(self, found: TimedPackets, coding: Coding) -> None:
        self._found = found
        self.coding = coding

    def entry_from(self, tick: int, limit: int) -> int | None:
        """The first group that begins at ``tick`` or later and before ``limit``."""
        for packet in self._found.starting(tick):
            if packet.dts >= limit:
                return None
            if tick <= packet.pts < limit and begins_group(packet):
                return packet.pts
        return None

    def closed_until(self, tick: int) -> int:
        """The latest time up to ``tick`` at which a closed prefix of the packets ends, or the picture that comes next."""
        shown: list[int] = []
        following: int | None = None
        for packet in self._found.starting(tick):
            if packet.dts >= tick and following is not None and packet.dts >= following:
                break
            if packet.dts < tick:
                shown.append(packet.pts)
            if packet.pts >= tick:
                following = packet.pts if following is None else min(following, packet.pts)
        until = closed_prefix(shown, tick)
        return until if until < tick or following is None else following

    def copied(self, start: int, end: int) -> Iterator[TimedPacket]:
        """The packets of a copyable run in decoding order."""
        supply = self._found.starting(start)
        for packet in supply:
            if packet.is_key and packet.pts == start:
                yield self._checked(packet)
                break
        else:
            raise NotCopyableError(f"no group begins at {float(start * self.coding.tick):g} s any more")
        for packet in supply:
            if packet.pts >= end:
                return
            yield self._checked(packet)

    def _checked(self, timed: TimedPacket) -> TimedPacket:
        if timed.packet.is_discard:
            raise NotCopyableError("an edit list hides pictures in its middle")
        if timed.packet.has_sidedata("new_extradata") or self._brings_other_sets(timed.packet):
            raise NotCopyableError("it changes its parameter sets on the way")
        return timed

    def _brings_other_sets(self, packet: VideoPacket) -> bool:
        known = {*self.coding.configuration.sequences, *self.coding.configuration.pictures}
        brought = (unit for unit in units(memoryview(packet)) if kind(unit) in (SEQUENCE, PICTURE))
        return any(bytes(unit) not in known for unit in brought)


@contextmanager
def coded_video(media: Media, video: VideoInfo) -> Generator[CodedVideo]:
    """The packets of a source's picture; `NotCopyableError` where new ones cannot stand beside them."""
    with open_container(media) as container:
        found = TimedPackets(container, video.index)
        yield CodedVideo(found, coding_of(found, video))


def begins_group(timed: TimedPacket) -> bool:
    """Whether decoding can begin here with nothing before it, and nothing behind looks back past it."""
    return timed.is_key and any(kind(unit) == IDR_SLICE for unit in units(memoryview(timed.packet)))


def closed_prefix(shown: Sequence[int], limit: int) -> int:
    """The latest time up to ``limit`` before which a prefix of pictures, in decoding order, is complete.

    Every picture that is not listed is shown at ``limit`` or later, or before all that are.

    >>> closed_prefix([0, 4, 2, 1, 3, 8, 6], 7)
    6
    """
    highest = [min(shown, default=limit) - 1]
    for tick in shown:
        highest.append(max(highest[-1], tick))
    later = limit
    for position in range(len(shown), 0, -1):
        if highest[position] < later:
            return later
        later = min(later, shown[position - 1])
    return later


def coding_as(media: Media, video: VideoInfo, wanted: VideoFormat) -> Coding | None:
    """What the packets of a source are like that shows just what ``wanted`` does; None where its pictures differ."""
    same = video.size == video.displayed == wanted.size and not (video.rotation or video.mirrored)
    if not same or video.variable_rate or video.rate != wanted.fps:
        return None
    try:
        with coded_video(media, video) as coded:
            return coded.coding
    except (NotCopyableError, UntimedError):
        return None


def coding_of(found: TimedPackets, video: VideoInfo) -> Coding:
    """What new packets must agree with; `NotCopyableError` where none can."""
    context = found.stream.codec_context
    name = found.container.format.name.partition(",")[0]
    if video.codec != "h264" or name not in WITH_LENGTHS:
        raise NotCopyableError(f"{video.codec} in {name} can only be copied whole")
    if problem := _mismatch(video):
        raise NotCopyableError(problem)
    configuration = Configuration.parse(bytes(context.extradata or b""))
    number = configuration.free_number() if configuration else None
    if configuration is None or number is None:
        raise NotCopyableError("its parameter sets cannot be read")
    if configuration.profile not in PROFILES or context.reorder_depth > MOST_REORDERED:
        raise NotCopyableError(f"its profile {configuration.profile} is none that is written here")
    beside = Beside(number, PROFILES[configuration.profile], context.reorder_depth, video.sample_aspect)
    return Coding(found.tick, round(video.start / found.tick), video.size, configuration, beside)


def _mismatch(video: VideoInfo) -> str | None:
    """Why the pictures are not what an output's are."""
    colour = video.colour
    if video.pixel_format != "yuv420p":
        return f"its pictures are {video.pixel_format}, outputs are 8-bit 4:2:0"
    if video.interlaced:
        return "it is interlaced"
    if colour.full_range or video.hdr or colour.matrix != "bt709" or colour.primaries == "bt2020":
        return "its colours are not BT.709 in limited range"
    if video.size.width % 2 or video.size.height % 2:
        return "its sides are odd"
    return None
