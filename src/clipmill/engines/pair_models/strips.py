"""Caption bands made small, with their whole width.

*Convention:* a strip keeps the shape of its band up to rounding to 8 pixels, except that a band more than 28 times as wide
as high is drawn narrower.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models.model import Frames
from clipmill.media.geometry import Size

WIDE_PX, HIGH_PX = 448, 64
LOWEST_PX, WIDEST_PX = 32, 896
STEP_PX = 8


def strip_size(band: Size) -> Size:
    """The size at which a band is read.

    >>> strip_size(Size(1536, 162)), strip_size(Size(320, 80))
    (Size(width=448, height=48), Size(width=256, height=64))
    """
    scale = max(min(WIDE_PX / band.width, HIGH_PX / band.height), LOWEST_PX / band.height)
    width = min(WIDEST_PX, band.width * scale)
    return Size(_stepped(width), max(LOWEST_PX, _stepped(band.height * scale)))


def _stepped(length: float) -> int:
    return max(1, round(length / STEP_PX)) * STEP_PX


def strips_of(frames: Frames) -> Frames:
    """The frames at strip size, (n, height, width, 3)."""
    size = strip_size(Size(frames.shape[2], frames.shape[1]))
    return np.stack([_resized(frame, size) for frame in frames])


def _resized(frame: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    import cv2

    smaller = size.width * size.height < frame.shape[0] * frame.shape[1]
    resized: Any = cv2.resize(
        frame, (size.width, size.height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    )
    return resized
