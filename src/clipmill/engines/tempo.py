"""Another tempo at the same pitch: overlapping stretches of the sound, laid closer together or further apart.

This is WSOLA (Verhelst and Roelands, 1993): every stretch is taken where it continues the one before best, near where the
tempo wants it. Attacks and both ends are kept as they are: around them the sound runs at its own speed, so that a kick is
heard once, when the picture shows it, and what was in front of it or behind it makes up for the time.

Convention: positions are samples; a centre is the middle of a stretch. What the tempo makes of ``length`` samples has
exactly ``wanted`` samples; the first and the last ones are the source's own.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

from clipmill.engines.attacks import STEP, find_attacks
from clipmill.engines.samples import Samples, Tape
from clipmill.media.sound import tempo_factors
from clipmill.media.time import round_half_up

HOP = 768
"""Half of an overlapping stretch: 16 ms, so that a stretch holds two periods of 60 Hz."""
WINDOW = 2 * HOP
SEARCH = 512
"""How far from its place a stretch may be taken: half a period of 47 Hz on both sides."""
FAR = 0.1
"""How much worse a match counts at the end of the search than in its middle."""
LEAST_LIKENESS = 0.05
IN_PHASE = 0.97
"""The part of the best likeness that is as good as in phase: the nearest such shift is the smallest detour."""
RAMP = 1024
"""Output samples in which the lead over the tempo, or the lag, around an attack is made up for."""
APPROACH = 5
"""Stretches over which the phase is brought to that of the place that keeps its own time next."""
REACH = (APPROACH + 2) * HOP
"""Output samples ahead of a stretch in which an attack changes its place."""
ATTACKS_APART = 2 * (HOP + RAMP)
MEMORY = 1 << 14
QUIET = 1e-9

_FADE_IN = (0.5 - 0.5 * np.cos(np.pi * np.arange(HOP) / HOP)).astype(np.float32)
_FADE_OUT = np.float32(1) - _FADE_IN
_LAGS = np.arange(-SEARCH, SEARCH + 1)
_NEARNESS = 1 - FAR * np.abs(_LAGS) / SEARCH
_TRANSFORM = 1 << (HOP + 2 * SEARCH - 1).bit_length()


def at_tempo(sound: Iterator[Samples], length: int, speed: Fraction, wanted: int) -> Iterator[Samples]:
    """``length`` samples played ``speed`` times as fast at their own pitch: ``wanted`` samples."""
    for factor in tempo_factors(speed)[:-1]:
        longer = round_half_up(length / factor)
        sound, length = _stretched(sound, length, longer), longer
    return _stretched(sound, length, wanted)


def _stretched(sound: Iterator[Samples], length: int, wanted: int) -> Iterator[Samples]:
    if length < 2 * WINDOW:
        yield from _sampled(sound, length, wanted)
        return
    first = next(sound)
    tape = Tape(_again(first, sound), first.shape[0], MEMORY)
    places = _Places(tape, length, wanted)
    fading = np.zeros((first.shape[0], HOP), np.float32)
    for done in range(-HOP, wanted, HOP):
        stretch = tape.read(places.next(), WINDOW)
        if done >= 0:
            yield np.add(fading, stretch[:, :HOP] * _FADE_IN, dtype=np.float32)[:, : wanted - done]
        fading = np.multiply(stretch[:, HOP:], _FADE_OUT, dtype=np.float32)


def _again(first: Samples, rest: Iterator[Samples]) -> Iterator[Samples]:
    yield first
    yield from rest


def _sampled(sound: Iterator[Samples], length: int, wanted: int) -> Iterator[Samples]:
    """Too short to have a pitch: the nearest sample of the source."""
    if length and wanted:
        whole = np.concatenate([*sound], axis=1)
        yield whole[:, np.arange(wanted) * length // wanted]


class _Places:
    """Where in the source each stretch begins, one after the other."""

    def __init__(self, tape: Tape, length: int, wanted: int) -> None:
        self._tape = tape
        self._length = length
        self._ratio = length / wanted
        self._apart = ATTACKS_APART * self._ratio
        # Places that keep their own time: the start, attacks, the end.
        self._behind, self._ahead = 0, length
        self._searched = 0
        self._centre = -HOP
        self._previous = 0

    def next(self) -> int:
        """Where the next stretch begins."""
        self._centre += HOP
        self._look_ahead()
        since, until = self._centre - self._behind / self._ratio, self._ahead / self._ratio - self._centre
        fixed, distance = (self._behind, since) if since < until else (self._ahead, -until)
        if abs(distance) <= HOP:
            place = round(fixed + distance) - HOP
        else:
            ideal = round(self._centre * self._ratio + self._detour(distance)) - HOP
            place = self._matching(ideal, self._approach(until))
        self._previous = place
        return place

    def _look_ahead(self) -> None:
        """Find the next attack as soon as it matters."""
        if self._ahead < self._length and self._ahead <= self._centre * self._ratio:
            self._behind, self._ahead = self._ahead, self._length
        steps = (min(self._length, int((self._centre + REACH) * self._ratio)) - self._searched) // STEP
        if self._ahead < self._length or steps <= 0:
            return
        horizon = self._searched + steps * STEP
        room = range(ceil(self._behind + self._apart), int(self._length - self._apart))
        attacks = (attack for attack in find_attacks(self._tape, self._searched, horizon) if attack in room)
        self._ahead = next(attacks, self._length)
        self._searched = min(horizon, self._ahead)

    def _detour(self, distance: float) -> float:
        """How far the source is ahead of the tempo at a distance from a place that keeps its own time."""
        lead = HOP * (1 - self._ratio)
        return float(np.interp(distance, (-HOP - RAMP, -HOP, HOP, HOP + RAMP), (0, -lead, lead, 0)))

    def _matching(self, ideal: int, shift: int) -> int:
        """The place near ``ideal`` that continues the previous stretch best, but for a shift."""
        likeness = self._likeness(self._previous + HOP, ideal)
        places = ideal + shift + _LAGS
        allowed = (places >= self._behind) & (places <= self._ahead - WINDOW)
        best = int(np.where(allowed, likeness * _NEARNESS, -1).argmax())
        if allowed[best] and likeness[best] > LEAST_LIKENESS:
            return int(places[best])
        return max(self._behind, min(ideal, self._ahead - WINDOW))

    def _approach(self, until: float) -> int:
        """One stretch's part of the shift that brings the sound into phase with the fixed place ahead."""
        steps = ceil(until / HOP)
        if steps > APPROACH + 1:
            return 0
        likeness = self._likeness(self._previous + HOP, round(self._ahead - until) - HOP)
        if likeness.max() <= LEAST_LIKENESS:
            return 0
        in_phase = _LAGS[likeness >= IN_PHASE * likeness.max()]
        return -round(int(in_phase[np.abs(in_phase).argmin()]) / steps)

    def _likeness(self, continuing: int, place: int) -> npt.NDArray[np.float64]:
        """Correlation, -1 to 1, of the sound at one place with that at each lag from another one."""
        around = self._tape.read(place - SEARCH, HOP + 2 * SEARCH).astype(np.float64)
        wanted = self._tape.read(continuing, HOP).astype(np.float64)
        spectrum = np.fft.rfft(around, _TRANSFORM) * np.conj(np.fft.rfft(wanted, _TRANSFORM))
        product = np.fft.irfft(spectrum.sum(axis=0), _TRANSFORM)[: len(_LAGS)]
        power = np.concatenate([[0.0], np.cumsum((around**2).sum(axis=0))])
        energies = np.maximum(power[HOP:] - power[:-HOP], 0)
        return product / np.sqrt(energies * (wanted**2).sum() + QUIET)
