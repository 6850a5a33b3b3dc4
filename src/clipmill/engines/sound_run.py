"""Decoded sound that belongs together, resampled to 48 kHz and placed to the sample.

Convention: times are exact seconds on the container's clock, positions count samples at 48 kHz from 0 on that clock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import cast

import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from clipmill.engines.samples import Samples
from clipmill.media.sound import SAMPLE_RATE
from clipmill.media.time import round_half_up

JITTER = Fraction(1, 50)
"""How far a timestamp may be off before it counts: up to here samples are counted, so that rounded stamps do not click."""
JITTER_AFTER_LOSS = Fraction(1, 1000)

Placed = tuple[int, Samples]
"""Mono or stereo samples, and the position of the first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A decoded frame; ``time`` is None where it just follows the one before."""

    frame: AudioFrame
    time: Fraction | None
    after_loss: bool


class SoundRun:
    """Frames that follow each other without a gap.

    Its first sample goes in at a whole number of the periods in which both rates meet, behind silence where need be: so a
    sample comes out the same whether decoding began here or far before.
    """

    def __init__(self, first: Heard, start: Fraction) -> None:
        """``start`` is where a frame without a time of its own begins."""
        frame = first.frame
        self._kind = _kind(frame)
        self._rate = frame.sample_rate
        self._next = round_half_up((start if first.time is None else first.time) * self._rate)
        common = gcd(self._rate, SAMPLE_RATE)
        periods, self._lead = divmod(self._next, self._rate // common)
        self._position = periods * (SAMPLE_RATE // common)
        self._audible = self._next * SAMPLE_RATE // self._rate
        self._layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
        self._mixer = AudioResampler("fltp", self._layout) if _mixes(frame) else AudioResampler("flt")
        self._resampler = None if self._rate == SAMPLE_RATE else AudioResampler("fltp", self._layout, SAMPLE_RATE)

    def continued_by(self, heard: Heard) -> bool:
        """Whether a frame belongs to this run."""
        jitter = JITTER_AFTER_LOSS if heard.after_loss else JITTER
        return _kind(heard.frame) == self._kind and self._drift(heard) <= jitter * self._rate

    def add(self, heard: Heard) -> Iterator[Placed]:
        """Put a frame behind the others, without what they cover already."""
        drift = self._drift(heard)
        covered = -drift if -drift > JITTER * self._rate else 0
        for frame in self._mixer.resample(heard.frame):
            sound = _planes(frame)[:2, covered:]
            covered = max(0, covered - frame.samples)
            self._next += sound.shape[1]
            yield from self._resampled(sound)

    def finish(self) -> Iterator[Placed]:
        """What the resampler still holds."""
        if self._resampler is not None:
            yield from self._placed(self._resampler.resample(None))

    def _drift(self, heard: Heard) -> int:
        return 0 if heard.time is None else round_half_up(heard.time * self._rate) - self._next

    def _resampled(self, sound: Samples) -> Iterator[Placed]:
        if not sound.shape[1]:
            return
        if self._lead:
            sound = np.pad(sound, ((0, 0), (self._lead, 0)))
            self._lead = 0
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", self._layout)
        frame.sample_rate = self._rate
        yield from self._placed([frame] if self._resampler is None else self._resampler.resample(frame))

    def _placed(self, frames: Sequence[AudioFrame]) -> Iterator[Placed]:
        for frame in frames:
            silent = max(0, self._audible - self._position)
            yield self._position + silent, _planes(frame)[:, silent:]
            self._position += frame.samples


def _kind(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _mixes(frame: AudioFrame) -> bool:
    """Whether its layout says where each channel belongs; where it does not, the first two are left and right."""
    try:
        AudioResampler("fltp", "stereo").resample(frame)
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _planes(frame: AudioFrame) -> Samples:
    sound = cast("Samples", frame.to_ndarray())
    return sound if frame.format.is_planar else sound.reshape(frame.samples, -1).T
