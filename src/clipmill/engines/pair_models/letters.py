"""Whether the letters of two strips have the same shapes, whatever their colours.

Where the strips differ, the edges of the letters are compared: column by column along the lines, by the correlation of a window.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

CHANGED = 30
"""Levels from which a pixel counts as changed."""
MOST_CHANGED = 0.5
"""Windows with at least this share of the changes of the window that has most of them are compared."""
IN_LINE = 0.1
"""Of the row with the most changes: rows with less are no part of the lines."""
WINDOW_PX = 12
STRONGEST_EDGE = 100

Strip = NDArray[np.uint8]
Plane = NDArray[np.floating]


def letters_alike(first: Strip, second: Strip) -> float | None:
    """The correlation of the letters that changed most between two RGB strips; None where nothing changed."""
    import cv2

    change = _strongest(cv2.absdiff(first, second))
    changed = np.where(change > CHANGED, change, 0).astype(np.float32)
    rows = np.flatnonzero(changed.sum(axis=1) > IN_LINE * changed.sum(axis=1).max())
    if not len(rows):
        return None
    lines = slice(max(0, rows[0] - 1), rows[-1] + 2)
    amount = _windows(changed[lines])
    alike = _correlation(_edges(first)[lines], _edges(second)[lines])
    return float(alike[amount > MOST_CHANGED * amount.max()].min())


def _edges(strip: Strip) -> Plane:
    """The step at each pixel, across or down."""
    import cv2

    edges = np.zeros(strip.shape[:2], np.uint8)
    edges[:, 1:-1] = _strongest(cv2.absdiff(strip[:, 2:], strip[:, :-2]))
    edges[1:-1] = np.maximum(edges[1:-1], _strongest(cv2.absdiff(strip[2:], strip[:-2])))
    return np.minimum(edges, STRONGEST_EDGE).astype(np.float32)


def _strongest(levels: Any) -> NDArray[np.uint8]:
    """Of the three colours at each pixel."""
    import cv2

    red, green, blue = cv2.split(levels)
    strongest: Any = cv2.max(cv2.max(red, green), blue)
    return strongest


def _correlation(first: Plane, second: Plane) -> Plane:
    """Of the windows around all columns; each row loses its mean first, for every line of text has the same height."""
    one, other = _uneven(first), _uneven(second)
    power = _windows(one * one) * _windows(other * other)
    alike: Plane = _windows(one * other) / np.sqrt(np.maximum(power, 1.0))
    return alike


def _uneven(edges: Plane) -> Plane:
    import cv2

    uneven: Any = edges - cv2.blur(edges, (WINDOW_PX, 1))
    return uneven


def _windows(values: Plane) -> Plane:
    """The mean of the window around each column."""
    import cv2

    means: Any = cv2.blur(values.mean(axis=0, keepdims=True), (WINDOW_PX, 1), borderType=cv2.BORDER_CONSTANT)
    return means[0]
