"""Where text stands on a picture, piece by piece, whatever it says.

*Convention:* pixels of the picture, y down. The network marks the kernel of each piece of text; around it comes a rim
as wide as `RIM` times its area over its circumference.
"""

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.ocr.engine import Rgb
from clipmill.engines.ocr.networks import Network

MARKED = 0.3
"""How sure the network must be of a pixel."""
LEAST_SURE = 0.5
"""How sure it must be of a kernel, on average."""
RIM = 1.6
THINNEST_KERNEL_PX = 3
MOST_PIECES = 1000

STRIP_RATIO = 4
"""A picture this much wider than high is a strip of captions."""
STRIP_HEIGHTS = (48, 160)
FRAME_SIDE, LONGEST_SIDE, LARGEST_SCALE = 576, 1920, 2
"""A frame's shorter side: lines of 2 % of its height are found, and with 736 px no more of the captions are."""
_BORDER, _GRID = 16, 32

Quad = NDArray[np.float32]
"""Four corners (4 x 2), clockwise from the top left one as the text is read."""


@dataclass(frozen=True)
class TextDetector:
    """Finds the pieces of text on one picture after the other, whoever asks: a full frame takes 100 MB meanwhile."""

    network: Network
    _searching: threading.Lock = field(default_factory=threading.Lock)

    def pieces(self, image: Rgb) -> list[Quad]:
        """Every piece of text, in no order."""
        scale = detection_scale(*image.shape[:2])
        canvas, origin = _canvas(image, scale)
        wanted = signals(canvas)[None]
        with self._searching:
            marks = self.network(wanted)[0, 0]
        return [(quad - origin) / scale for quad in _quads(marks)]


def detection_scale(height: int, width: int) -> float:
    """How much larger a picture is made for the search: strips of captions to half, inside of what the network is used to.

    >>> detection_scale(72, 1024), detection_scale(200, 1280), detection_scale(1440, 2560)
    (0.6666666666666666, 0.5, 0.4)
    """
    if width >= STRIP_RATIO * height:
        low, high = STRIP_HEIGHTS
        return min(max(height / 2, low), high) / height
    return min(FRAME_SIDE / min(height, width), LONGEST_SIDE / max(height, width), LARGEST_SCALE)


def signals(image: NDArray[Any]) -> NDArray[np.float32]:
    """A picture as the networks want it: blue, green, red, each -1..1."""
    return (image[..., ::-1].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)


def _canvas(image: Rgb, scale: float) -> tuple[Rgb, NDArray[np.float32]]:
    """The scaled picture on a grid, its edges drawn out on all sides, and where it begins there."""
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, (width, height), interpolation=method)
    down, across = (math.ceil((side + 2 * _BORDER) / _GRID) * _GRID - side for side in (height, width))
    top, left = down // 2, across // 2
    canvas: Any = cv2.copyMakeBorder(small, top, down - top, left, across - left, cv2.BORDER_REPLICATE)
    return canvas, np.array([left, top], np.float32)


def _quads(marks: NDArray[np.float32]) -> Iterator[Quad]:
    kernels = cv2.dilate((marks > MARKED).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines, _ = cv2.findContours(kernels, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for outline in outlines[:MOST_PIECES]:
        centre, (width, height), angle = cv2.minAreaRect(outline)
        if min(width, height) < THINNEST_KERNEL_PX or _sureness(marks, outline) < LEAST_SURE:
            continue
        rim = RIM * width * height / (width + height)
        yield _clockwise(np.asarray(cv2.boxPoints((centre, (width + rim, height + rim), angle)), np.float32))


def _sureness(marks: NDArray[np.float32], outline: NDArray[Any]) -> float:
    """The mean of the marks inside an outline."""
    left, top, width, height = cv2.boundingRect(outline)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [outline], -1, 1, -1, offset=(-left, -top))
    return cv2.mean(marks[top : top + height, left : left + width], inside)[0]


def _clockwise(corners: Quad) -> Quad:
    """Corners from the top left one on, top left being the one nearest to the origin."""
    first = int(corners.sum(axis=1).argmin())
    return np.roll(corners, -first, axis=0)
