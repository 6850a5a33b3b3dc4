"""The middle value of every sample of many pictures, in the memory of a few of them.

Found bit by bit from the highest: a middle value has a bit if at most half of the samples are smaller than what is known
of it with that bit set. For an even count one more look finds the next larger value.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8]

STRIPE_BYTES = 32 * 1024 * 1024
"""Of all pictures together, read at a time."""
BLOCK_BYTES = 256 * 1024
"""Of all pictures together, gone through at a time: what stays near the processor for nine passes."""


class Pictures(Protocol):
    """Pictures of one shape, of which a few rows can be read at a time."""

    def __len__(self) -> int: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one picture, rows first."""
        ...

    def rows(self, top: int, bottom: int) -> Samples:
        """The rows from ``top`` up to ``bottom`` of every picture, as one array, pictures first."""
        ...


def median_picture(pictures: Pictures) -> Samples:
    """The median of each sample (`median`), a stripe of rows at a time."""
    height, *rest = pictures.shape
    high = max(1, STRIPE_BYTES // max(1, len(pictures) * int(np.prod(rest))))
    stripes = [median(pictures.rows(top, min(height, top + high))) for top in range(0, height, high)]
    return np.concatenate(stripes)


def median(stack: Samples) -> Samples:
    """The median over the first axis; between two middle values their mean, halves rounded up.

    >>> median(np.array([[10], [21]], np.uint8))
    array([16], dtype=uint8)
    """
    count = len(stack)
    if not 0 < count < 2**16:
        raise ValueError(f"expected 1 to {2**16 - 1} pictures, got {count}")
    found = np.concatenate([_median(block) for block in _blocks(stack.reshape(count, -1))])
    return found.reshape(stack.shape[1:])


def _blocks(stack: Samples) -> Iterator[Samples]:
    wide = max(1, BLOCK_BYTES // len(stack))
    return (np.ascontiguousarray(stack[:, left : left + wide]) for left in range(0, stack.shape[1], wide))


def _median(stack: Samples) -> Samples:
    count = len(stack)
    lower = _value_at((count - 1) // 2, stack)
    if count % 2:
        return lower
    upper = _next_at(count // 2, lower, stack)
    return ((lower.astype(np.uint16) + upper + 1) >> 1).astype(np.uint8)


def _value_at(rank: int, stack: Samples) -> Samples:
    """The sample that stands at a place, from 0, once all are sorted."""
    known = np.zeros(stack.shape[1], np.uint8)
    smaller = np.empty(stack.shape, np.bool_)
    for bit in range(7, -1, -1):
        np.less(stack, known | np.uint8(1 << bit), out=smaller)
        known |= (_counted(smaller) <= rank).view(np.uint8) << np.uint8(bit)
    return known


def _next_at(rank: int, lower: Samples, stack: Samples) -> Samples:
    """The sample behind ``lower`` at a place: the same value again, or the smallest larger one."""
    above = stack > lower
    larger: Samples = (stack | (above.view(np.uint8) - np.uint8(1))).min(axis=0)
    return np.where(len(stack) - _counted(above) > rank, lower, larger)


def _counted(hits: NDArray[np.bool_]) -> NDArray[Any]:
    """How often each place was hit."""
    return np.add.reduce(hits.view(np.uint8), axis=0, dtype=np.uint8 if len(hits) < 2**8 else np.uint16)
