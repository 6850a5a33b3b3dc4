"""Ellipses as numbers per sample on a device: how far the line is, how much of a sample is covered.

*Convention:* that of `clipmill.engines.overlay.mask`: distances are displayed pixels, negative inside; weights and
coverages are 0..1, maps (rows, columns) over the luma samples of a patch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from clipmill.engines.overlay.canvas import Grid, Patch
from clipmill.engines.overlay.clipping import SIX_SAMPLES
from clipmill.engines.overlay.mask import NEAR_CENTRE
from clipmill.media.spots import Ellipse


@dataclass(frozen=True, slots=True, eq=False)
class EllipseMap:
    """Where the samples of a patch lie, seen from an ellipse."""

    ellipse: Ellipse
    distance: Tensor
    rho: Tensor
    beside: Tensor
    """Offset from the centre along x, in radii."""
    below: Tensor
    """The same along y."""

    @classmethod
    def of(cls, ellipse: Ellipse, grid: Grid, patch: Patch, place: torch.device) -> "EllipseMap":
        across, down = grid.in_order(ellipse.radius_x, ellipse.radius_y)
        offsets = (torch.from_numpy(part).to(place, torch.float32) for part in grid.offsets(patch, ellipse))
        columns, rows = next(offsets)[None, :] / across, next(offsets)[:, None] / down
        squared = rows**2 + columns**2 + NEAR_CENTRE
        rho = squared.sqrt()
        slope = (rows / down) ** 2 + (columns / across) ** 2 + NEAR_CENTRE / min(across, down) ** 2
        beside, below = (rows, columns) if grid.turned else (columns, rows)
        return cls(ellipse, (squared - rho) / slope.sqrt(), rho, beside, below)

    def coverage(self, feather: float = 1.0) -> Tensor:
        """How much of a sample lies inside: a straight ramp of ``feather`` pixels."""
        return (0.5 - self.distance / feather).clamp_(0, 1)

    def soft_mask(self, feather: float) -> Tensor:
        """1 inside, 0 outside, a smooth step around the ellipse."""
        weight = self.coverage(feather)
        return weight * weight * (3 - 2 * weight)

    def line_coverage(self, width: float) -> Tensor:
        """How much of a sample a line of ``width`` on the ellipse covers."""
        return (0.5 + width / 2 - self.distance.abs()).clamp_(0, 1)

    def front_arc(self) -> Tensor:
        """1 from -30 to 210 degrees clockwise from the right, 0 behind; the ends fade over a pixel."""
        ahead = self.below + self.rho / 2
        across = self.beside / (self.rho * (2 * self.ellipse.radius_x))
        down = (1 + self.below / (2 * self.rho)) / self.ellipse.radius_y
        return (ahead / torch.hypot(across, down)).clamp_(0, 1)


def six_sample_mean(luma: Tensor) -> Tensor:
    """Maps (..., rows, columns) over luma samples as chroma samples take them; edges repeat."""
    # A sum of views, for convolutions on cards round their input.
    return cast("Tensor", sum(weight * seen for weight, seen in six_samples(luma)))


def six_samples(luma: Tensor) -> Iterator[tuple[float, Tensor]]:
    """Maps at each of the six luma samples that chroma samples stand for, with its weight."""
    rows, columns = luma.shape[-2:]
    flat = luma.reshape(1, -1, rows, columns)
    padded = functional.pad(flat, (1, columns % 2, 0, rows % 2), mode="replicate")
    halved = (*luma.shape[:-2], (rows + 1) // 2, (columns + 1) // 2)
    for down, across, weight in SIX_SAMPLES:
        seen = padded[..., down::2, across + 1 :: 2]
        yield weight, seen[..., : halved[-2], : halved[-1]].reshape(halved)
