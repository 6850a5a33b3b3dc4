"""Which frame lies where in the chunks of a cropped video.

*Convention:* level m holds every frame whose index is a multiple of m; a *position* counts the frames of one level;
chunks of a level hold 32 of them, the last one what is left. Ranges of frames are half-open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from clipmill.errors import InvalidParameterError

LEVELS = (16, 4, 1)
"""From the coarsest, which a preview shows first, to the one that holds every frame."""
FRAMES_PER_CHUNK = 32
FEWEST_FRAMES_TO_READ = 16
MOST_FRAMES_TO_READ = 4096


@dataclass(frozen=True, slots=True)
class Location:
    """Where a frame lies: a level, a chunk of it, and how many frames into the chunk."""

    level: int
    chunk: int
    offset: int

    @property
    def frame(self) -> int:
        """The index of the frame that lies here.

        >>> Location(4, 7, 26).frame
        1000
        """
        return (self.chunk * FRAMES_PER_CHUNK + self.offset) * self.level

    def time(self, rate: Fraction) -> Fraction:
        """When the frame begins, from the start of its chunk."""
        return self.offset / rate

    def seek_time(self, rate: Fraction) -> Fraction:
        """Where a player seeks: the middle of the frame, whichever way it rounds."""
        return (self.offset + Fraction(1, 2)) / rate


@dataclass(frozen=True, slots=True)
class ChunkFrames:
    """A chunk and the frames that it holds."""

    level: int
    number: int
    frames: range


@dataclass(frozen=True, slots=True)
class FramesToRead:
    """The frames that stand for a range, and the level to read them from."""

    level: int
    frames: tuple[int, ...]

    @property
    def chunks(self) -> tuple[int, ...]:
        """The chunks of the level that hold them, each once, ascending."""
        return tuple(sorted({locate(frame, self.level).chunk for frame in self.frames}))


def check_level(level: int) -> int:
    """Return a level unchanged, or say which ones there are."""
    if level not in LEVELS:
        raise InvalidParameterError(
            f"level: expected one of {', '.join(map(str, LEVELS))}, got {level!r:.80}. Choose one of these.",
            details={"field": "level"},
        )
    return level


def locate(frame: int, level: int = 1) -> Location:
    """Where a frame lies in a level.

    >>> locate(1000, 4)
    Location(level=4, chunk=7, offset=26)
    """
    check_level(level)
    if frame < 0 or frame % level:
        raise InvalidParameterError(
            f"frame: expected a multiple of {level} from 0, got {frame}. Level {level} holds no other frame.",
            details={"field": "frame"},
        )
    return Location(level, *divmod(frame // level, FRAMES_PER_CHUNK))


def frames_in_level(frame_count: int, level: int) -> int:
    """How many of a video's frames a level holds."""
    return -(-frame_count // check_level(level))


def chunks_in_level(frame_count: int, level: int) -> int:
    """How many chunks a level has.

    >>> [chunks_in_level(600, level) for level in LEVELS]
    [2, 5, 19]
    """
    return -(-frames_in_level(frame_count, level) // FRAMES_PER_CHUNK)


def frames_of_chunk(frame_count: int, level: int, number: int) -> range:
    """The frames that one chunk holds."""
    count = chunks_in_level(frame_count, level)
    if not 0 <= number < count:
        raise InvalidParameterError(
            f"chunk: level {level} of {frame_count} frames has chunks 0 to {count - 1}, got {number}.",
            details={"field": "chunk"},
        )
    span = level * FRAMES_PER_CHUNK
    return range(number * span, min((number + 1) * span, frame_count), level)


def every_chunk(frame_count: int) -> Iterator[ChunkFrames]:
    """Every chunk of a video in the order of the manifest: level 16, 4, 1, then number."""
    for level in LEVELS:
        for number in range(chunks_in_level(frame_count, level)):
            yield ChunkFrames(level, number, frames_of_chunk(frame_count, level, number))


def chunk_count(frame_count: int) -> int:
    """How many chunks a video has in all levels."""
    return sum(chunks_in_level(frame_count, level) for level in LEVELS)


def check_range(start_frame: int, end_frame: int, frame_count: int) -> range:
    """The range of frames, or what is wrong with it."""
    if not 0 <= start_frame < end_frame <= frame_count:
        raise InvalidParameterError(
            f"start_frame, end_frame: expected 0 <= start_frame < end_frame <= {frame_count}, the frames of this "
            f"version, got {start_frame} and {end_frame}. Ends are exclusive.",
            details={"start_frame": start_frame, "end_frame": end_frame, "frame_count": frame_count},
        )
    return range(start_frame, end_frame)


def frames_to_read(start_frame: int, end_frame: int, max_frames: int = 1024) -> FramesToRead:
    """The frames that stand for [start_frame, end_frame): all of them, or no more than ``max_frames`` of a coarser level.

    >>> frames_to_read(3, 40, max_frames=16)
    FramesToRead(level=4, frames=(4, 8, 12, 16, 20, 24, 28, 32, 36))
    """
    if not FEWEST_FRAMES_TO_READ <= max_frames <= MOST_FRAMES_TO_READ:
        raise InvalidParameterError(
            f"max_frames: expected {FEWEST_FRAMES_TO_READ} to {MOST_FRAMES_TO_READ}, got {max_frames}.",
            details={"field": "max_frames"},
        )
    check_range(start_frame, end_frame, end_frame)
    of_level = {level: _multiples(level, start_frame, end_frame) for level in sorted(LEVELS)}
    level = next((level for level, frames in of_level.items() if len(frames) <= max_frames), LEVELS[0])
    frames = of_level[level]
    if len(frames) <= max_frames:
        return FramesToRead(level, tuple(frames))
    return FramesToRead(level, tuple(frames[j * len(frames) // max_frames] for j in range(max_frames)))


def _multiples(level: int, start_frame: int, end_frame: int) -> range:
    return range(-(-start_frame // level) * level, end_frame, level)
