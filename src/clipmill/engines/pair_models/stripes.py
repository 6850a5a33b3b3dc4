"""Strokes that all run one way: a striped shirt, a fence, a field; letters have strokes in many directions.

Around each cell of 8 pixels the directions of all steps of luma are summed up (structure tensor; Bigün & Granlund 1987). Its
coherence is 1 where they are one and 0 where none prevails.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

CELL_PX, AROUND = 8, 3
"""Directions are summed up over three cells each way: higher than a line of letters in a strip, so that their ends count too."""
ONE_WAY = 0.85
MOST_STRIPES = 0.7
"""The share of lasting strokes that run one way, up to which a caption stands out by itself."""
FLAT = 50.0
"""What keeps the coherence of a plain wall down."""

Strokes = NDArray[np.uint8]
Luma = NDArray[np.uint8]


def mostly_stripes(luma: Luma, lasting: Strokes) -> bool:
    """Whether most of the lasting strokes of a strip belong to stripes."""
    import cv2

    one_way = _one_way(luma)
    cells: Any = cv2.resize(lasting, one_way.shape[::-1], interpolation=cv2.INTER_AREA)
    amount = cells.sum(axis=2, dtype=np.int64)
    return bool(amount[one_way].sum() > MOST_STRIPES * max(1, amount.sum()))


def striped_strokes(luma: Luma, lasting: Strokes) -> Strokes:
    """The lasting strokes of a strip that belong to stripes."""
    one_way = _one_way(luma).repeat(CELL_PX, axis=0).repeat(CELL_PX, axis=1)
    return lasting * one_way[..., None]


def _one_way(luma: Luma) -> NDArray[np.bool_]:
    """The cells around which strokes run one way."""
    import cv2

    across, down = (cv2.Sobel(luma, cv2.CV_16S, *step) for step in ((1, 0), (0, 1)))
    pairs = ((across, across), (down, down), (across, down))
    xx, yy, xy = (_around(cv2.multiply(one, other, dtype=cv2.CV_32F)) for one, other in pairs)
    coherence: Any = cv2.magnitude(xx - yy, 2 * xy) / (xx + yy + FLAT)
    return coherence > ONE_WAY


def _around(values: Any) -> Any:
    import cv2

    size = (values.shape[1] // CELL_PX, values.shape[0] // CELL_PX)
    return cv2.blur(cv2.resize(values, size, interpolation=cv2.INTER_AREA), (AROUND, AROUND))
