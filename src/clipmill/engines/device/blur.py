"""Blur planes by a Gaussian on a device, on a smaller picture where the Gaussian is wide.

*Convention:* that of `clipmill.engines.overlay.blur`: deviations are samples of the plane, outside it the edge repeats.
"""

from math import ceil, floor, log2

import torch
from torch import Tensor
from torch.nn import functional

from clipmill.engines.device.planes import DevicePlanes
from clipmill.engines.device.resample import resample
from clipmill.engines.overlay.blur import BORDER, SUPPORT
from clipmill.engines.overlay.canvas import Grid
from clipmill.media.geometry import Box

FINEST_SIGMA = 3.0
"""Deviation that must be left on the small picture, in its samples: so wide a Gaussian passes nothing its grid cannot hold."""


def blurred(picture: DevicePlanes, grid: Grid, sigma: float) -> tuple[Tensor, Tensor, Tensor]:
    """The planes of a 4:2:0 picture, blurred by ``sigma`` displayed pixels."""
    across, down = sigma / abs(grid.columns.step), sigma / abs(grid.rows.step)
    luma, blue, red = (
        blurred_plane(plane, across / part, down / part) for plane, part in zip(picture.all, (1, 2, 2), strict=True)
    )
    return luma, blue, red


def blurred_plane(plane: Tensor, across: float, down: float) -> Tensor:
    """A plane convolved with a Gaussian."""
    rows, columns = plane.shape
    block = 2 ** max(0, floor(log2(max(min(across, down) / FINEST_SIGMA, 1.0))))
    if block == 1:
        return _softened(plane, across, down)
    small = ceil(columns / block) + 2 * BORDER, ceil(rows / block) + 2 * BORDER
    border = BORDER * block
    reduced = resample(plane, Box(-border, -border, small[0] * block, small[1] * block), small)
    soft = _softened(reduced, across / block, down / block)
    return resample(soft, Box(BORDER, BORDER, columns / block, rows / block), (columns, rows))


def _softened(plane: Tensor, across: float, down: float) -> Tensor:
    horizontal, vertical = (_kernel(sigma).to(plane.device) for sigma in (across, down))
    sides = len(horizontal) // 2, len(horizontal) // 2, len(vertical) // 2, len(vertical) // 2
    soft = functional.pad(plane[None, None], sides, mode="replicate")
    soft = functional.conv2d(soft, horizontal[None, None, None, :])
    return functional.conv2d(soft, vertical[None, None, :, None])[0, 0]


def _kernel(sigma: float) -> Tensor:
    reach = ceil(SUPPORT * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    return taps / taps.sum()
