"""The sound of joined clips: cut, faded or dissolved over the same span as the picture.

Convention: the samples of a span are those between the times of its frames in the output, each rounded once: nothing adds
up, however many clips there are.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from clipmill.engines.samples import BLOCK, Samples, Tape, with_channels
from clipmill.media.sound import audio_length
from clipmill.media.transitions import Body, Dissolve, FadeIn, FadeOut, Join, Span, TransitionKind, audio_gains

GAIN_STEPS = 256
"""Gains are worked out so often in a transition; a straight line between them is less than 5e-6 off."""

Gain = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SoundPart:
    """A clip of a join: ``sound`` opens it and gives its blocks, None for a silent clip."""

    sound: Callable[[], Iterator[Samples] | None]
    frames: int


def join_sound(parts: Sequence[SoundPart], join: Join, fps: Fraction, channels: int) -> Generator[Samples]:
    """Exactly the samples of the joined picture; at most two clips are open at a time."""
    with ExitStack() as opened:
        reels = [
            _Reel(part, audio_length(start, fps), channels) for part, start in zip(parts, join.starts, strict=True)
        ]
        for reel in reels:
            opened.callback(reel.close)
        for span in join.spans:
            end = span.start + span.length
            yield from _spanned(span, reels, audio_length(span.start, fps), audio_length(end, fps))
            clip = span.left if isinstance(span, Dissolve) else span.clip
            if end == join.starts[clip] + parts[clip].frames:
                reels[clip].close()


class _Reel:
    """One clip, opened when first read; positions are those of the output."""

    def __init__(self, part: SoundPart, start: int, channels: int) -> None:
        self._blocks = _opened(part, channels)
        self._tape = Tape(self._blocks, channels, memory=0)
        self._start = start

    def read(self, first: int, count: int) -> Samples:
        return self._tape.read(first - self._start, count)

    def close(self) -> None:
        self._blocks.close()
        self._tape.let_go()


def _opened(part: SoundPart, channels: int) -> Generator[Samples]:
    sound = part.sound()
    if sound is not None:
        yield from (with_channels(block, channels) for block in sound)


def _spanned(span: Span, reels: Sequence[_Reel], first: int, last: int) -> Iterator[Samples]:
    for start in range(first, last, BLOCK):
        count = min(BLOCK, last - start)
        u = (np.arange(start - first, start - first + count) + 0.5) / (last - first)
        match span:
            case Body():
                yield reels[span.clip].read(start, count)
            case FadeOut():
                yield _at(_gains(TransitionKind.FADE, u)[0], reels[span.clip].read(start, count))
            case FadeIn():
                yield _at(_gains(TransitionKind.FADE, u)[1], reels[span.clip].read(start, count))
            case Dissolve():
                old, new = _gains(TransitionKind.DISSOLVE, u)
                yield _at(old, reels[span.left].read(start, count)) + _at(new, reels[span.right].read(start, count))


def _at(gain: Gain, sound: Samples) -> Samples:
    return np.multiply(sound, gain, dtype=np.float32)


def _gains(kind: TransitionKind, u: npt.NDArray[np.float64]) -> tuple[Gain, Gain]:
    """The gains of the old and of the new sound at each ``u``."""
    grid = np.linspace(0, 1, GAIN_STEPS + 1)
    old, new = zip(*(audio_gains(kind, float(at)) for at in grid), strict=True)
    return np.interp(u, grid, old).astype(np.float32), np.interp(u, grid, new).astype(np.float32)
