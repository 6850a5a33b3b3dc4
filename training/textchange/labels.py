"""Five labels out of what each frame shows. Order: same, different, empty_empty, empty_valid, valid_empty."""

import numpy as np
from numpy.typing import NDArray

SWAP = (0, 1, 2, 4, 3)


def pair_labels(first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.int64]:
    """The label of each pair of states (0 is no caption, else its number)."""
    same = np.where(first == second, 0, 1)
    both_empty = (first == 0) & (second == 0)
    chosen = np.select([both_empty, first == 0, second == 0], [2, 3, 4], same)
    return chosen.astype(np.int64)
