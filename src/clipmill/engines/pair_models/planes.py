"""What the network sees of a strip: how strongly, where and in which colour thin strokes stand out.

*Convention:* planes are uint8 of shape (n, 11, height / 4, width / 4); signed values have their zero at 128. In order: bright
strokes, dark strokes, steps across, steps down, luma, two colour differences, and the sum of bright and negative dark
strokes in the four quarters of each cell.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models.model import Frames

CELL_PX = 4
PLANES = 11
STROKE_PX = 9
"""Wider than the strokes of letters are in a strip."""


def planes_of(strips: Frames) -> NDArray[np.uint8]:
    """The planes of each strip."""
    return np.stack([_planes(strip) for strip in strips])


def _planes(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    height, width = strip.shape[0] // CELL_PX, strip.shape[1] // CELL_PX
    kernel = np.ones((STROKE_PX, STROKE_PX), np.uint8)
    colours: Any = cv2.cvtColor(strip, cv2.COLOR_RGB2YCrCb)
    luma: Any = np.ascontiguousarray(colours[..., 0])
    bright: Any = cv2.morphologyEx(luma, cv2.MORPH_TOPHAT, kernel)
    dark: Any = cv2.morphologyEx(luma, cv2.MORPH_BLACKHAT, kernel)
    across, down = np.zeros_like(luma), np.zeros_like(luma)
    cv2.absdiff(luma[:, 1:], luma[:, :-1], dst=across[:, 1:])
    cv2.absdiff(luma[1:], luma[:-1], dst=down[1:])
    strokes: Any = cv2.merge([bright, dark, across, down])
    signed: Any = cv2.addWeighted(bright, 0.5, dark, -0.5, 128.0)
    halves: Any = cv2.resize(signed, (2 * width, 2 * height), interpolation=cv2.INTER_AREA)
    cells = [cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA) for part in (strokes, colours)]
    quarters = halves.reshape(height, 2, width, 2).transpose(1, 3, 0, 2).reshape(4, height, width)
    return np.concatenate([*(np.moveaxis(np.asarray(part), 2, 0) for part in cells), quarters])
