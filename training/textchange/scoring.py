"""Boundaries found against boundaries there are.

Convention: a boundary is a frame whose state differs from the one before: a start, an end, or both at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipmill.media.captions.boundaries import derive_captions
from training.textchange.labels import SWAP

TOLERANCE = 1


@dataclass(frozen=True)
class Score:
    """Counts of boundaries; they add up."""

    right: int = 0
    phantom: int = 0
    missed: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.right + other.right, self.phantom + other.phantom, self.missed + other.missed)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.phantom)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.phantom + self.missed)

    def __str__(self) -> str:
        return f"F1 {self.f1:.4f} (precision {self.precision:.4f}, recall {self.recall:.4f}, {self.right + self.missed} boundaries)"


def boundaries_of(states: Sequence[int] | NDArray[np.integer]) -> list[int]:
    """The frames at which the state changes."""
    return [frame for frame in range(1, len(states)) if states[frame] != states[frame - 1]]


def matched(found: Iterable[int], there: Iterable[int], tolerance: int = TOLERANCE) -> Score:
    """Each boundary is found once, by the first one near enough."""
    left = sorted(there)
    wanted, right, phantom = len(left), 0, 0
    for frame in sorted(found):
        near = next((one for one in left if abs(one - frame) <= tolerance), None)
        if near is None:
            phantom += 1
        else:
            left.remove(near)
            right += 1
    return Score(right, phantom, wanted - right)


def boundary_score(fused: NDArray[np.floating], states: NDArray[np.integer]) -> Score:
    """The score of one clip from its fused vectors (pairs, 5)."""
    captions = derive_captions(fused.tolist(), fused[:, SWAP].tolist())
    edges = {edge for caption in captions for edge in (caption.start_frame, caption.end_frame)}
    return matched((edge for edge in edges if 0 < edge < len(states)), boundaries_of(states))
