"""Blur planes by a Gaussian, on a smaller picture where the Gaussian is wide.

*Convention:* standard deviations are samples of the plane, across and down; outside the plane the edge repeats.
"""

from collections.abc import Callable
from functools import partial
from math import ceil, sqrt
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.overlay.canvas import BytePlane, Grid, Planes3

FINEST_SIGMA = 1.5
"""Deviation that must be left on the small picture, in its samples: below, its grid would show."""
BORDER = 4
"""Samples of the small picture that are added on each side: further in, its own border rules are not felt."""
SUPPORT = 3.5
"""Deviations after which the Gaussian ends."""


class FrameBlur:
    """Blurs the planes of frames of one size by ``sigma`` displayed pixels."""

    def __init__(self, grid: Grid, sigma: float) -> None:
        across, down = sigma / abs(grid.columns.step), sigma / abs(grid.rows.step)
        self._planes = [PlaneBlur(across / part, down / part) for part in (1, 2, 2)]

    def blurred(self, planes: Planes3) -> Planes3:
        """The blurred twin of a frame; the next frame overwrites it."""
        luma, blue, red = (blur.blurred(plane) for blur, plane in zip(self._planes, planes, strict=True))
        return luma, blue, red


class PlaneBlur:
    """Convolves planes of one size with a Gaussian, within a level.

    Every step has memory of its own that is used again: fresh memory would cost as much as the work.
    """

    def __init__(self, across: float, down: float) -> None:
        self._halvings = _halvings(min(across, down))
        self._kernels = tuple(_kernel(_remaining(sigma, self._halvings)) for sigma in (across, down))
        self._memory: dict[str, np.ndarray] = {}

    def blurred(self, plane: BytePlane) -> BytePlane:
        """The blurred plane, in memory that the next call overwrites."""
        rows, columns = plane.shape
        block = 1 << self._halvings
        border = BORDER * block if self._halvings else 0
        sides = border, border + -rows % block, border, border + -columns % block
        small = self._done("bordered", lambda to: cv2.copyMakeBorder(plane, *sides, cv2.BORDER_REPLICATE, dst=to))
        for step in range(self._halvings):
            small = self._done(f"halved {step}", partial(_into, cv2.pyrDown, small))
        soft = self._done("soft", partial(self._softened, small))
        for step in range(self._halvings - 1):
            soft = self._done(f"doubled {step}", partial(_into, cv2.pyrUp, soft))
        large = self._done("bytes", partial(_into, cv2.convertScaleAbs, soft))
        if self._halvings:
            large = self._done("large", partial(_into, cv2.pyrUp, large))
        return cast("BytePlane", large[border : border + rows, border : border + columns])

    def _softened(self, plane: np.ndarray, to: np.ndarray | None) -> np.ndarray:
        # In floats: OpenCV's kernels for bytes have 8-bit weights, which miss by two levels.
        return cv2.sepFilter2D(plane, cv2.CV_32F, *self._kernels, dst=to, borderType=cv2.BORDER_REPLICATE)

    def _done(self, step: str, work: Callable[[np.ndarray | None], np.ndarray]) -> np.ndarray:
        self._memory[step] = done = work(self._memory.get(step))
        return done


def _into(work: Callable[..., np.ndarray], source: np.ndarray, to: np.ndarray | None) -> np.ndarray:
    return work(source, dst=to)


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
