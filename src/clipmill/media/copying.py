"""Which parts of a source's picture are copied as they are, and which are encoded again.

Convention: times are whole ticks of the source's own clock, ends are exclusive. A *group* begins at a picture that
nothing after it looks behind; a *closed prefix* is a run of packets, in decoding order, whose pictures are all shown
before those of every later packet.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in ticks."""

    start: int
    end: int

    @property
    def empty(self) -> bool:
        return self.end <= self.start


@dataclass(frozen=True, slots=True)
class Copied(Span):
    """Packets of the source, moved as they are."""


@dataclass(frozen=True, slots=True)
class Encoded(Span):
    """Pictures that are decoded, maybe drawn on, and encoded."""


Stretch = Copied | Encoded


class Groups(Protocol):
    """Where the packets of a picture can be taken apart."""

    def entry_from(self, tick: int, limit: int) -> int | None:
        """The first group that begins at ``tick`` or later and before ``limit``."""
        ...

    def closed_until(self, tick: int) -> int:
        """The latest time up to ``tick`` at which a closed prefix of the packets ends."""
        ...


def plan_stretches(window: Span, changed: Iterable[Span], groups: Groups) -> tuple[Stretch, ...]:
    """Tile ``window``: everything in ``changed`` is encoded, of the rest as much copied as the groups allow.

    >>> class EveryTen:
    ...     def entry_from(self, tick: int, limit: int) -> int | None:
    ...         entry = -(-tick // 10) * 10
    ...         return entry if entry < limit else None
    ...     def closed_until(self, tick: int) -> int:
    ...         return tick
    >>> plan_stretches(Span(5, 40), [Span(22, 24)], EveryTen())
    (Encoded(start=5, end=10), Copied(start=10, end=22), Encoded(start=22, end=30), Copied(start=30, end=40))
    """
    stretches: list[Stretch] = []
    reached = window.start
    for run in _runs(window, changed, groups):
        if run.start > reached:
            stretches.append(Encoded(reached, run.start))
        stretches.append(run)
        reached = run.end
    if reached < window.end:
        stretches.append(Encoded(reached, window.end))
    return tuple(stretches)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same times as sorted spans that neither overlap nor touch; empty ones are dropped."""
    joined: list[Span] = []
    for span in sorted((span for span in spans if not span.empty), key=lambda span: span.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def copied_ticks(stretches: Sequence[Stretch]) -> list[tuple[int, int]]:
    """The copied ranges, neighbours in one."""
    return [(span.start, span.end) for span in merged(stretch for stretch in stretches if isinstance(stretch, Copied))]


def joints(stretches: Sequence[Stretch]) -> list[int]:
    """The times at which one stretch gives way to the next."""
    return [stretch.start for stretch in stretches[1:]]


def _runs(window: Span, changed: Iterable[Span], groups: Groups) -> list[Copied]:
    """What is copied, in order."""
    runs: list[Copied] = []
    for start, end in _untouched(window, merged(changed)):
        # A copy that reaches behind a change has no picture in it: it goes on.
        goes_on = bool(runs) and start <= runs[-1].end
        entry = runs[-1].end if goes_on else groups.entry_from(start, end)
        until = end if entry is None else groups.closed_until(end)
        if entry is None or until <= entry:
            continue
        if goes_on:
            entry = runs.pop().start
        runs.append(Copied(entry, until))
    return runs


def _untouched(window: Span, changed: Sequence[Span]) -> Iterator[tuple[int, int]]:
    start = window.start
    for span in changed:
        if span.end > window.start and span.start < window.end:
            if span.start > start:
                yield start, span.start
            start = max(start, span.end)
    if start < window.end:
        yield start, window.end
