"""Rotate, crop and scale in one resampling, on a device; the rules are those of `clipmill.engines.rotate`."""

from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from clipmill.engines.device.resample import resample
from clipmill.engines.rotate import FINE_ENOUGH, MARGIN, Turn
from clipmill.media.geometry import Box


def turned(plane: Tensor, turn: Turn, size: tuple[int, int], black: float) -> Tensor:
    """The box of the rotated canvas at a size (width, height); what lies outside the plane is black."""
    columns, rows = size
    direct = turn.index_map(columns, rows, turn.lead, 0)
    steps = np.hypot(*direct[:, :2])
    if max(steps) <= FINE_ENOUGH:
        return _warped(plane, direct, (rows, columns), black)
    wide, tall = (ceil(count * max(1.0, step)) for count, step in zip(size, steps, strict=True))
    index_map = turn.index_map(wide, tall, turn.lead * wide / columns, MARGIN)
    fine = _warped(plane, index_map, (tall + 2 * MARGIN, wide + 2 * MARGIN), black)
    return resample(fine, Box(MARGIN, MARGIN, wide, tall), size)


def _warped(plane: Tensor, index_map: NDArray[np.float64], shape: tuple[int, int], black: float) -> Tensor:
    """The plane read at the indices that an affine map gives to each sample of a shape (rows, columns)."""
    places = torch.stack([_places(index_map[axis], shape, plane.shape[-1 - axis], plane.device) for axis in (0, 1)], -1)
    above = (plane - black)[None, None]
    return functional.grid_sample(above, places[None], mode="bicubic", align_corners=False)[0, 0] + black


def _places(line: NDArray[np.float64], shape: tuple[int, int], samples: int, place: torch.device) -> Tensor:
    """Where the samples of a shape read along one axis of ``samples``: -1 is its beginning, 1 its end."""
    rows, columns = (torch.arange(count, dtype=torch.float64, device=place) for count in shape)
    indices = float(line[0]) * columns[None, :] + float(line[1]) * rows[:, None] + float(line[2])
    return ((2 * indices + 1) / samples - 1).to(torch.float32)
