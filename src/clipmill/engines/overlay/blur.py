"""Blur planes by a Gaussian, on a smaller picture where the Gaussian is wide.

*Convention:* standard deviations are samples of the plane, across and down; outside the plane the edge repeats.
"""

from math import ceil, sqrt
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.overlay.canvas import BytePlane, Canvas, Planes3
from clipmill.engines.overlay.mask import FloatMap

FINEST_SIGMA = 1.5
"""Deviation that must be left on the small picture, in its samples: below, its grid would show."""
BORDER = 4
"""Samples of the small picture that are added on each side: further in, its own border rules are not felt."""
SUPPORT = 3.5
"""Deviations after which the Gaussian ends."""


def blurred_planes(canvas: Canvas, sigma: float) -> Planes3:
    """All planes of a frame, blurred by ``sigma`` displayed pixels."""
    across, down = sigma / abs(canvas.grid.columns.step), sigma / abs(canvas.grid.rows.step)
    luma, blue, red = canvas.planes
    return blurred(luma, across, down), blurred(blue, across / 2, down / 2), blurred(red, across / 2, down / 2)


def blurred(plane: BytePlane, across: float, down: float) -> BytePlane:
    """The plane convolved with a Gaussian, within a level."""
    halvings = _halvings(min(across, down))
    if not halvings:
        return _as_bytes(_softened(plane, across, down))
    rows, columns = plane.shape
    block = 1 << halvings
    border = BORDER * block
    sides = border, border + -rows % block, border, border + -columns % block
    small = cv2.copyMakeBorder(plane, *sides, cv2.BORDER_REPLICATE)
    for _ in range(halvings):
        small = cv2.pyrDown(small)
    soft = _softened(small, _remaining(across, halvings), _remaining(down, halvings))
    for _ in range(halvings - 1):
        soft = cast("FloatMap", cv2.pyrUp(soft))
    return cast("BytePlane", cv2.pyrUp(_as_bytes(soft))[border : border + rows, border : border + columns])


def _softened(plane: np.ndarray, across: float, down: float) -> FloatMap:
    # In floats: OpenCV's kernels for bytes have 8-bit weights, which miss by two levels.
    kernels = _kernel(across), _kernel(down)
    return cast("FloatMap", cv2.sepFilter2D(plane, cv2.CV_32F, *kernels, borderType=cv2.BORDER_REPLICATE))


def _as_bytes(soft: FloatMap) -> BytePlane:
    return cast("BytePlane", cv2.convertScaleAbs(soft))


def _halvings(sigma: float) -> int:
    """How often the picture can be halved and doubled again before it is too coarse for the rest of the blur."""
    halvings = 0
    while sigma**2 - _variance(halvings + 1) >= (FINEST_SIGMA * 2 ** (halvings + 1)) ** 2:
        halvings += 1
    return halvings


def _variance(halvings: int) -> float:
    """What halving and doubling blur by themselves: each step is the binomial of variance 1 on its finer grid."""
    return 2 * (4**halvings - 1) / 3


def _remaining(sigma: float, halvings: int) -> float:
    return sqrt(sigma**2 - _variance(halvings)) / 2**halvings


def _kernel(sigma: float) -> NDArray[np.float32]:
    taps = cv2.getGaussianKernel(2 * ceil(SUPPORT * sigma) + 1, sigma, cv2.CV_32F)
    return cast("NDArray[np.float32]", taps)
