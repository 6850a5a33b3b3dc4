"""How clips join: which output frames come from which clip, and how two of them mix.

Convention: everything counts in output frames; ``start`` is a span's first output frame, ends are exclusive.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from typing import Self

from clipmill.errors import NoClipsError, TransitionTooLongError, UnknownTransitionError
from clipmill.media.time import round_half_up


class TransitionKind(StrEnum):
    """How one clip gives way to the next."""

    CUT = "cut"
    FADE = "fade"
    DISSOLVE = "dissolve"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The kind of that name, in any case."""
        for kind in cls:
            if kind.value == text.lower():
                return kind
        raise UnknownTransitionError(
            f"transition type: expected one of {', '.join(cls)}, got {text[:40]!r}. Send one of these names.",
            details={"field": "transition.type"},
        )


@dataclass(frozen=True, slots=True)
class Body:
    """Frames [first, last_exclusive) of one clip, untouched."""

    clip: int
    first: int
    last_exclusive: int
    start: int

    @property
    def length(self) -> int:
        return self.last_exclusive - self.first


@dataclass(frozen=True, slots=True)
class Dissolve:
    """The left clip's last frames, from ``left_first`` on, mixed with as many first frames of the right clip."""

    left: int
    right: int
    frames: int
    left_first: int
    start: int

    @property
    def length(self) -> int:
        return self.frames


@dataclass(frozen=True, slots=True)
class FadeOut:
    """The last frames of a clip, from ``first`` on, going to black."""

    clip: int
    frames: int
    first: int
    start: int

    @property
    def length(self) -> int:
        return self.frames


@dataclass(frozen=True, slots=True)
class FadeIn:
    """The first frames of a clip, coming from black."""

    clip: int
    frames: int
    start: int

    @property
    def length(self) -> int:
        return self.frames


Span = Body | Dissolve | FadeOut | FadeIn


@dataclass(frozen=True, slots=True)
class Join:
    """Clips one after another: ``spans`` tile the output's frames exactly."""

    kind: TransitionKind
    """CUT where the transition has no frames."""
    fps: Fraction
    clip_frames: tuple[int, ...]
    overlap: int
    """Frames of one transition; under a dissolve each of them is a frame of both clips."""
    total_frames: int
    starts: tuple[int, ...]
    """The first output frame of each clip."""
    spans: tuple[Span, ...]


def plan_join(
    kind: TransitionKind,
    duration: Fraction,
    fps: Fraction,
    clip_frames: Sequence[int],
    clip_names: Sequence[str],
) -> Join:
    """The plan for joining clips of so many frames; names tell a clip that is too short."""
    if not clip_frames:
        raise NoClipsError("clips: expected at least one clip, got none. Add a clip.", details={"field": "clips"})
    frames = 0 if kind is TransitionKind.CUT else round_half_up(duration * fps)
    kind = kind if frames else TransitionKind.CUT
    _check_lengths(frames, fps, clip_frames, clip_names)
    shared = frames if kind is TransitionKind.DISSOLVE else 0
    earlier = accumulate(clip_frames[:-1], initial=0)
    return Join(
        kind=kind,
        fps=fps,
        clip_frames=tuple(clip_frames),
        overlap=frames,
        total_frames=sum(clip_frames) - (len(clip_frames) - 1) * shared,
        starts=tuple(start - clip * shared for clip, start in enumerate(earlier)),
        spans=tuple(_spans(kind, frames, clip_frames)),
    )


def incoming_weight(j: int, frames: int) -> Fraction:
    """The weight of the new clip at frame ``j`` of a transition; the old one has the rest.

    >>> incoming_weight(2, 10)
    Fraction(1, 4)
    """
    return Fraction(2 * j + 1, 2 * frames)


def audio_gains(kind: TransitionKind, u: float) -> tuple[float, float]:
    """Gains of the old and the new sound at ``u`` = 0..1 of a transition; a dissolve keeps their power constant."""
    match kind:
        case TransitionKind.CUT:
            return 0.0, 1.0
        case TransitionKind.FADE:
            return 1.0 - u, u
        case TransitionKind.DISSOLVE:
            return math.cos(math.pi * u / 2), math.sin(math.pi * u / 2)


def _check_lengths(frames: int, fps: Fraction, clip_frames: Sequence[int], clip_names: Sequence[str]) -> None:
    last = len(clip_frames) - 1
    for clip, (count, name) in enumerate(zip(clip_frames, clip_names, strict=True)):
        needed = frames * ((clip > 0) + (clip < last))
        if needed > count:
            raise TransitionTooLongError(
                f"clip {clip} ({name}) lasts {count} frames, its transitions need {needed}. "
                f"Send a transition of at most {float(_longest(clip_frames) / fps):.3f} s, or a longer clip.",
                details={"clip": clip, "name": name},
            )


def _longest(clip_frames: Sequence[int]) -> int:
    """The most frames that a transition between these two or more clips can have."""
    inner = (count // 2 for count in clip_frames[1:-1])
    return min(clip_frames[0], clip_frames[-1], *inner)


def _spans(kind: TransitionKind, frames: int, clip_frames: Sequence[int]) -> Iterator[Span]:
    start, last = 0, len(clip_frames) - 1
    for clip, count in enumerate(clip_frames):
        head, tail = frames * (clip > 0), frames * (clip < last)
        if head and kind is TransitionKind.FADE:
            yield FadeIn(clip, frames, start)
            start += frames
        if head + tail < count:
            yield Body(clip, head, count - tail, start)
            start += count - head - tail
        if tail and kind is TransitionKind.FADE:
            yield FadeOut(clip, frames, count - tail, start)
        elif tail:
            yield Dissolve(clip, clip + 1, frames, count - tail, start)
        start += tail
