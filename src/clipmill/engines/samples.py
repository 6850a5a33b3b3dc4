"""Sound as numbers: blocks of samples that follow each other.

Convention: ``Samples`` has the shape (channels, n), float32, full scale ±1, 48,000 per second.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

BLOCK = 24000
"""Samples of a block where we choose its size: half a second."""


def silence(samples: int, channels: int) -> Iterator[Samples]:
    """So many samples of nothing."""
    for first in range(0, samples, BLOCK):
        yield np.zeros((channels, min(BLOCK, samples - first)), np.float32)


def mono_to_stereo(sound: Samples) -> Samples:
    """One channel on both sides, as loud as it was; other sound as it is."""
    return np.repeat(sound, 2, axis=0) if sound.shape[0] == 1 else sound


def with_channels(sound: Samples, channels: int) -> Samples:
    """Mono or stereo sound as ``channels`` channels: doubled, or the mean of both."""
    if channels == 1 and sound.shape[0] > 1:
        return sound.mean(axis=0, keepdims=True, dtype=np.float32)
    return mono_to_stereo(sound) if channels > 1 else sound


class Tape:
    """A stream of blocks, read by position; what lies outside is silence.

    Reading moves forward: it may go back by ``memory`` samples at most, the rest is forgotten.
    """

    def __init__(self, sound: Iterable[Samples], channels: int, memory: int) -> None:
        self._coming = iter(sound)
        self._memory = memory
        self._first = 0
        self._held = np.zeros((channels, 0), np.float32)

    def read(self, start: int, count: int) -> Samples:
        """The samples [start, start + count)."""
        self._wind(start - self._memory, start + count)
        first, last = max(start, self._first), min(start + count, self._end)
        if first == start and last == start + count:
            return self._held[:, first - self._first : last - self._first]
        wanted = np.zeros((self._held.shape[0], count), np.float32)
        if first < last:
            wanted[:, first - start : last - start] = self._held[:, first - self._first : last - self._first]
        return wanted

    def blocks(self, start: int, count: int) -> Iterator[Samples]:
        """The samples [start, start + count) in blocks."""
        for first in range(start, start + count, BLOCK):
            yield self.read(first, min(BLOCK, start + count - first))

    def let_go(self) -> None:
        """Forget everything; what is read from now on is silence."""
        self._coming = iter(())
        self._held = np.zeros((self._held.shape[0], 0), np.float32)

    @property
    def _end(self) -> int:
        return self._first + self._held.shape[1]

    def _wind(self, keep_from: int, until: int) -> None:
        fresh: list[Samples] = []
        end = self._end
        while end < until:
            block = next(self._coming, None)
            if block is None:
                break
            fresh.append(block)
            end += block.shape[1]
        if fresh:
            forgotten = min(max(0, keep_from - self._first), self._held.shape[1])
            self._held = np.concatenate([self._held[:, forgotten:], *fresh], axis=1)
            self._first += forgotten
