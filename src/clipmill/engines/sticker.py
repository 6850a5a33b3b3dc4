"""A picture that is laid on frames.

*Convention:* ``left`` and ``top`` are whole pixels of the displayed frame and may lie outside it; colours are
straight (not multiplied by alpha), full-range R'G'B' as on a screen; alpha 255 covers what is below.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Sticker:
    """``rgb`` is (height, width, 3), ``alpha`` is (height, width)."""

    left: int
    top: int
    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
