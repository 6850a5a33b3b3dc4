"""Sub-pixel resampling along one axis with a scaler that only knows whole samples.

Convention: sample i of a row covers [i, i+1); output sample j of n reads source position
``start + (j + 0.5) * extent / n``.

The scaler maps a whole number of samples onto a whole number of samples. Scaling ``length`` samples to ``scaled``
and dropping the first ``skip`` of them starts reading at ``first + skip * length / scaled``: a fraction. Among the many
(length, scaled, skip) near the wanted step one lies within a hundredth of a pixel of the wanted position, so every
fraction is reached at the scaler's full speed and with its anti-aliasing.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

KERNEL_REACH = 2.0
"""Samples that a cubic kernel reads on each side, counted in the coarser of source and output."""
SPREAD = 48
"""How many different skips are tried; more of them come closer to the wanted position and draw more margin."""
STEADY = 1 / 64
"""Largest drift, in source samples at the ends of the output, that is not looked at any further."""


FINE = 1 / 15
"""Phases this close to each other suffice: one window size then serves every position, and the scaler keeps its tables."""


@dataclass(frozen=True, slots=True)
class AxisWindow:
    """Which source samples to scale, to how many, and how many of those to drop in front.

    ``first`` may be negative and ``first + length`` may pass the end: edge samples repeat there. ``shift`` is the
    distance, in source samples, that is left to the wanted position: large only where the step is a simple ratio
    (1/1, 1/2) that the scaler reaches at few phases.
    """

    first: int
    length: int
    scaled: int
    skip: int
    shift: float

    def position(self, j: float) -> float:
        """The source position that output sample j reads, the shift included."""
        return self.first + self.shift + (j + self.skip + 0.5) * self.length / self.scaled

    def drift(self, step: float, count: int) -> float:
        """How far, in source samples, the ends of an output of ``count`` samples lie from where they should."""
        return abs(self.length / self.scaled - step) * count / 2

    def scaled_index(self, position: float) -> float:
        """Where among the scaled samples a source position lies, as an index, once the source is shifted."""
        return (position - self.first - self.shift) * self.scaled / self.length - 0.5


def axis_window(start: float, extent: float, count: int, limit: int) -> AxisWindow:
    """The window whose samples read ``start + (j + 0.5) * extent / count`` for j < count, of a row of ``limit``."""
    if start == 0 and extent == limit:
        return AxisWindow(0, limit, count, 0, 0.0)
    phases, choices = _reachable(extent, count)
    middle = start + extent / 2
    wanted = middle - floor(middle)
    at = bisect_left(phases, wanted)
    near = ((at - 1) % len(phases), at % len(phases))
    best = min(near, key=lambda i: abs(_wrapped(wanted - phases[i])))
    length, scaled, skip = choices[best]
    reached = (skip + count / 2) * length / scaled
    first = round(middle - reached)
    return AxisWindow(first, length, scaled, skip, middle - reached - first)


def _wrapped(distance: float) -> float:
    return (distance + 0.5) % 1 - 0.5


@lru_cache(maxsize=256)
def _reachable(extent: float, count: int) -> tuple[list[float], list[tuple[int, int, int]]]:
    """Where the middle of the output can fall within a source sample, sorted, and what reaches it."""
    step = extent / count
    margin = ceil(KERNEL_REACH * max(1.0, 1 / step)) + 1
    scaled = np.arange(count + 2 * margin, count + 2 * margin + SPREAD)
    length = np.rint(scaled * step)
    drift = np.abs(length / scaled - step) * count / 2
    steady = drift <= max(STEADY * max(1.0, step), float(np.min(drift)) + STEADY)
    scaled, length = scaled[steady], length[steady]
    skips = margin + np.arange(SPREAD)
    room = skips[None, :] <= (scaled - count - margin)[:, None]
    phases = ((skips[None, :] + count / 2) * (length / scaled)[:, None]) % 1
    gaps = [_widest_gap(phases[row][room[row]]) for row in range(len(scaled))]
    finest = int(np.argmin(gaps))
    if gaps[finest] <= FINE:
        room[np.arange(len(scaled)) != finest] = False
    rows, columns = np.nonzero(room)
    order = np.argsort(phases[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    choices = list(zip(length[rows].astype(int).tolist(), scaled[rows].tolist(), skips[columns].tolist(), strict=True))
    return phases[rows, columns].tolist(), choices


def _widest_gap(phases: NDArray[np.float64]) -> float:
    """The longest stretch of 0..1, taken as a circle, without a phase."""
    ordered = np.sort(phases)
    return float(np.max(np.diff(ordered, append=ordered[0] + 1)))
