"""Trim, segments and speeds as one map between output time and source time.

Convention: source times count from the clip start at source speed, output times from the first output frame; all are
exact seconds. A piece covers [start, end) of the source and plays it ``speed`` times as fast.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, groupby, pairwise

from clipmill.errors import EmptyRangeError, InvalidSegmentsError
from clipmill.media.time import TimeIndex

SLOWEST = Fraction(1, 20)
FASTEST = Fraction(32)
NORMAL = Fraction(1)
EDGE = Fraction(1, 100)
"""A boundary this close to an end of the clip is that end."""
OVERLAP = Fraction(1, 1_000_000)
"""Segments may overlap by this much: rounding, not intent."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the source that plays at one speed."""

    start: Fraction
    end: Fraction
    speed: Fraction

    @property
    def duration(self) -> Fraction:
        """Seconds of output."""
        return (self.end - self.start) / self.speed


@dataclass(frozen=True)
class Timeline:
    """Pieces that tile a stretch of the source, in order.

    >>> slow = Piece(Fraction(3), Fraction(5), Fraction(1, 2))
    >>> edit = Timeline((Piece(Fraction(1), Fraction(3), NORMAL), slow, Piece(Fraction(5), Fraction(9), NORMAL)))
    >>> edit.duration, edit.source_at(Fraction(4))
    (Fraction(10, 1), Fraction(4, 1))
    """

    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        joined = all(left.end == right.start for left, right in pairwise(self.pieces))
        if not self.pieces or not joined or any(piece.end <= piece.start for piece in self.pieces):
            raise ValueError(f"pieces must follow each other without gap, got {self.pieces}")

    @property
    def start(self) -> Fraction:
        return self.pieces[0].start

    @property
    def end(self) -> Fraction:
        return self.pieces[-1].end

    @cached_property
    def output_starts(self) -> tuple[Fraction, ...]:
        """When each piece begins in the output."""
        return tuple(accumulate((piece.duration for piece in self.pieces[:-1]), initial=Fraction(0)))

    @cached_property
    def duration(self) -> Fraction:
        """Seconds of output."""
        return self.output_starts[-1] + self.pieces[-1].duration

    @cached_property
    def _by_output(self) -> TimeIndex:
        return TimeIndex(self.output_starts)

    @cached_property
    def _by_source(self) -> TimeIndex:
        return TimeIndex(piece.start for piece in self.pieces)

    def piece_at(self, t: Fraction) -> Piece:
        """The piece that plays at output time ``t``; the first or last one outside."""
        return self.pieces[max(0, self._by_output.last_at(t))]

    def source_at(self, t: Fraction) -> Fraction:
        """The source time shown at output time ``t``; the ends hold outside."""
        if t < 0:
            return self.start
        if t >= self.duration:
            return self.end
        position = self._by_output.last_at(t)
        piece = self.pieces[position]
        return piece.start + (t - self.output_starts[position]) * piece.speed

    def output_at(self, s: Fraction) -> Fraction | None:
        """The output time that shows source time ``s``; none where it was trimmed away."""
        if not self.start <= s <= self.end:
            return None
        position = self._by_source.last_at(s)
        piece = self.pieces[position]
        return self.output_starts[position] + (s - piece.start) / piece.speed


@dataclass(frozen=True, slots=True)
class SegmentEdits:
    """The edits of a clip in every form that editors send; what is None or empty was not sent."""

    trim_start: Fraction | None = None
    trim_end: Fraction | None = None
    trim_range: tuple[Fraction | None, Fraction | None] | None = None
    segments: tuple[tuple[Fraction, Fraction, Fraction], ...] = ()
    """(start, end, speed) in any order."""
    boundaries: tuple[Fraction, ...] = ()
    segment_speeds: Mapping[int, Fraction] = field(default_factory=dict[int, Fraction])
    """Speed by interval of the boundary list."""


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """Moments of one export found again in another: ``moved`` pairs (old, new); ``dropped`` were trimmed away."""

    moved: tuple[tuple[Fraction, Fraction], ...]
    dropped: tuple[Fraction, ...]


def canonical_timeline(edits: SegmentEdits | None, clip_duration: Fraction) -> Timeline:
    """The one timeline that a clip's edits mean."""
    edits = edits or SegmentEdits()
    start, end = _trim(edits, clip_duration)
    return Timeline(tuple(_merged(_tiles(_speeds(edits, clip_duration), start, end))))


def interval_edges(boundaries: Iterable[Fraction], clip_duration: Fraction) -> tuple[Fraction, ...]:
    """The edges of the intervals that ``segment_speeds`` counts.

    A list that begins at 0 is complete; any other names the splits only.

    >>> [str(edge) for edge in interval_edges([Fraction(6), Fraction(3)], Fraction(9))]
    ['0', '3', '6', '9']
    """
    ordered = sorted(boundaries)
    if not ordered or ordered[0] > EDGE:
        splits = (edge for edge in ordered if EDGE < edge < clip_duration - EDGE)
        return (Fraction(0), *splits, clip_duration)
    if abs(ordered[-1] - clip_duration) <= EDGE:
        ordered[-1] = clip_duration
    ordered[0] = Fraction(0)
    return tuple(ordered)


def carry_over(moments: Iterable[Fraction], old: Timeline, new: Timeline) -> CarriedOver:
    """Move output times of an earlier export to where a new one shows the same source time."""
    found = [(moment, new.output_at(old.source_at(moment))) for moment in moments]
    return CarriedOver(
        moved=tuple((before, after) for before, after in found if after is not None),
        dropped=tuple(before for before, after in found if after is None),
    )


def _trim(edits: SegmentEdits, clip_duration: Fraction) -> tuple[Fraction, Fraction]:
    given = edits.trim_start is not None or edits.trim_end is not None
    start, end = _range(edits.trim_start, edits.trim_end, clip_duration)
    if edits.trim_range is not None:
        ranged = _range(*edits.trim_range, clip_duration)
        if given and ranged != (start, end):
            raise InvalidSegmentsError(
                f"trim_range {_span(*ranged)} and trim_start, trim_end {_span(start, end)} differ. "
                "Send one of them, or two that are equal.",
            )
        start, end = ranged
    if start < 0:
        raise InvalidSegmentsError(
            f"trim start: expected 0 or more, got {float(start)} s. Send a time inside the clip."
        )
    if start >= end:
        raise EmptyRangeError(
            f"trim {_span(start, end)} of a clip of {float(clip_duration)} s is empty. "
            "Send a start before the end, inside the clip.",
        )
    return start, end


def _range(start: Fraction | None, end: Fraction | None, clip_duration: Fraction) -> tuple[Fraction, Fraction]:
    return (
        Fraction(0) if start is None else start,
        clip_duration if end is None else min(end, clip_duration),
    )


def _span(start: Fraction, end: Fraction) -> str:
    return f"{float(start)}..{float(end)} s"


def _speeds(edits: SegmentEdits, clip_duration: Fraction) -> Iterator[Piece]:
    """The stretches whose speed was given, in order."""
    if edits.segments and edits.segment_speeds:
        raise InvalidSegmentsError(
            "segments and segment_speeds were both sent: they say the same twice. Send one of them."
        )
    if edits.segments:
        return _speeds_by_segment(edits.segments)
    return _speeds_by_interval(interval_edges(edits.boundaries, clip_duration), edits.segment_speeds)


def _speeds_by_segment(segments: Iterable[tuple[Fraction, Fraction, Fraction]]) -> Iterator[Piece]:
    earlier_end: Fraction | None = None
    for index, (start, end, speed) in sorted(enumerate(segments), key=lambda entry: entry[1][0]):
        name, details = f"segments[{index}]", {"index": index}
        if end <= start:
            raise InvalidSegmentsError(f"{name}: expected start before end, got {_span(start, end)}.", details=details)
        if earlier_end is not None and earlier_end - start > OVERLAP:
            raise InvalidSegmentsError(
                f"{name}: {_span(start, end)} overlaps the segment that ends at {float(earlier_end)} s. "
                "Send segments that follow each other.",
                details=details,
            )
        earlier_end = end
        yield Piece(start, end, _checked_speed(speed, name, index))


def _speeds_by_interval(edges: tuple[Fraction, ...], speeds: Mapping[int, Fraction]) -> Iterator[Piece]:
    intervals = tuple(pairwise(edges))
    for index, speed in sorted(speeds.items()):
        if not 0 <= index < len(intervals):
            raise InvalidSegmentsError(
                f"segment_speeds: expected an interval from 0 to {len(intervals) - 1}, got {index}. "
                "Send one boundary more than intervals, or leave this speed out.",
                details={"index": index},
            )
        yield Piece(*intervals[index], _checked_speed(speed, f"segment_speeds[{index}]", index))


def _checked_speed(speed: Fraction, name: str, index: int) -> Fraction:
    if not SLOWEST <= speed <= FASTEST:
        raise InvalidSegmentsError(
            f"{name}: expected a speed from {float(SLOWEST)} to {FASTEST}, got {float(speed)}. Send 1 for normal speed.",
            details={"index": index},
        )
    return speed


def _tiles(given: Iterable[Piece], start: Fraction, end: Fraction) -> Iterator[Piece]:
    """Cut the given pieces to [start, end) and fill what they leave with normal speed."""
    cursor = start
    # All are read before any is used: a fault outside the trim is still a fault.
    for piece in tuple(given):
        first, last = max(piece.start, cursor), min(piece.end, end)
        if first >= last:
            continue
        if cursor < first:
            yield Piece(cursor, first, NORMAL)
        yield Piece(first, last, piece.speed)
        cursor = last
    if cursor < end:
        yield Piece(cursor, end, NORMAL)


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for speed, run in groupby(pieces, key=lambda piece: piece.speed):
        alike = tuple(run)
        yield Piece(alike[0].start, alike[-1].end, speed)
