"""Crop and resize pictures from a box with fractional edges, on a device.

Convention: a picture is a tensor (..., rows, columns); sample (i, j) covers [j, j+1) x [i, i+1). Output sample (i, j)
reads ``box.x + (j + 0.5) * box.width / width``, and rows likewise. The kernel is the cubic that swscale draws with,
widened when shrinking. Outside the picture the edge sample repeats.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import torch
from torch import Tensor

from clipmill.media.geometry import Box

LOBES = 2
"""Samples that the kernel reads on each side, counted in the coarser of source and output."""
SHARPNESS = 0.6
"""C of the cubics of Mitchell and Netravali, with B = 0: what swscale calls bicubic."""


def resample(picture: Tensor, box: Box, size: tuple[int, int]) -> Tensor:
    """The box of a picture at a size (width, height)."""
    width, height = size
    columns = _Taps.of(_Axis(box.x, box.width, width, picture.shape[-1]), picture.device)
    rows = _Taps.of(_Axis(box.y, box.height, height, picture.shape[-2]), picture.device)
    # Rows lie in one piece, so both axes are read by rows; what shrinks the picture more goes first.
    if width * picture.shape[-2] < height * picture.shape[-1]:
        return rows.read(columns.read(picture.transpose(-1, -2)).transpose(-1, -2))
    return columns.read(rows.read(picture).transpose(-1, -2)).transpose(-1, -2)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Along one axis: where reading starts, over how many of ``limit`` samples it goes, and how many come out."""

    start: float
    extent: float
    count: int
    limit: int

    @property
    def is_identity(self) -> bool:
        return self.start == 0 and self.extent == self.limit == self.count


class _Taps:
    """Which samples of an axis each output sample reads, and how much of each: (taps, count)."""

    def __init__(self, axis: _Axis, place: torch.device) -> None:
        step = axis.extent / axis.count
        scale = max(1.0, step)
        reach = ceil(LOBES * scale)
        # Made where they are used: a crop that moves has new ones in every frame.
        positions = axis.start + (torch.arange(axis.count, dtype=torch.float64, device=place) + 0.5) * step
        near = torch.floor(positions - 0.5) + torch.arange(1 - reach, reach + 1, device=place)[:, None]
        weights = cubic((near + 0.5 - positions) / scale)
        self._samples = near.clamp(0, axis.limit - 1).to(torch.int32)
        self._weights = (weights / weights.sum(dim=0)).to(torch.float32)
        self._is_identity = axis.is_identity

    @staticmethod
    @lru_cache(maxsize=64)
    def of(axis: _Axis, place: torch.device) -> "_Taps":
        return _Taps(axis, place)

    def read(self, picture: Tensor) -> Tensor:
        """The picture with the rows that are wanted in place of its own."""
        if self._is_identity:
            return picture
        picture = picture.contiguous()
        weights = self._weights.to(picture.dtype)[:, :, None]
        drawn = picture.index_select(-2, self._samples[0]) * weights[0]
        for tap, weight in zip(self._samples[1:], weights[1:], strict=True):
            drawn.addcmul_(picture.index_select(-2, tap), weight)
        return drawn


def cubic(distance: Tensor) -> Tensor:
    """The kernel at a distance from its centre.

    >>> cubic(torch.tensor([0.0, 1.0, 2.0])).tolist()
    [1.0, 0.0, 0.0]
    """
    x = distance.abs()
    inner = (2 - SHARPNESS) * x**3 + (SHARPNESS - 3) * x**2 + 1
    outer = SHARPNESS * (-(x**3) + 5 * x**2 - 8 * x + 4)
    return torch.where(x < 1, inner, torch.where(x < LOBES, outer, torch.zeros_like(x)))
