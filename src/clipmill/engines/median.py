"""The middle value of every sample of many pictures, in the memory of a few of them.

Found bit by bit from the highest: a middle value has a bit if at most half of the samples are smaller than what is known
of it with that bit set. Eight passes over the pictures; for an even count a ninth finds the next larger value.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8]


class Pictures(Protocol):
    """Pictures of one size that can be gone through again and again."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...


def median_picture(pictures: Pictures) -> Samples:
    """The median of each sample; between two middle values their mean, halves rounded up.

    >>> median_picture([np.array([10], np.uint8), np.array([21], np.uint8)])
    array([16], dtype=uint8)
    """
    count = len(pictures)
    if not 0 < count < 2**16:
        raise ValueError(f"expected 1 to {2**16 - 1} pictures, got {count}")
    lower = _value_at((count - 1) // 2, pictures)
    if count % 2:
        return lower
    upper = _next_at(count // 2, lower, pictures)
    return ((lower.astype(np.uint16) + upper + 1) >> 1).astype(np.uint8)


def _value_at(rank: int, pictures: Iterable[Samples]) -> Samples:
    """The sample that stands at a place, from 0, once all are sorted."""
    known: Any = np.uint8(0)
    for bit in range(7, -1, -1):
        larger = known | np.uint8(1 << bit)
        smaller = _counted(picture < larger for picture in pictures)
        known = np.where(smaller <= rank, larger, known)
    return known


def _next_at(rank: int, lower: Samples, pictures: Iterable[Samples]) -> Samples:
    """The sample behind ``lower`` at a place: the same value again, or the smallest larger one."""
    larger = np.full_like(lower, 255)
    reached = np.zeros(lower.shape, np.uint16)
    for picture in pictures:
        above = picture > lower
        reached += ~above
        np.minimum(larger, picture, out=larger, where=above)
    return np.where(reached > rank, lower, larger)


def _counted(hits: Iterable[NDArray[np.bool_]]) -> NDArray[np.uint16]:
    """How often each place was hit."""
    total: Any = None
    for hit in hits:
        total = hit.astype(np.uint16) if total is None else np.add(total, hit, out=total)
    return total
