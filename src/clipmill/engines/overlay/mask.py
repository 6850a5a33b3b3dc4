"""Ellipses as numbers per sample: where the line is near, how far it is, how much of a sample is covered.

*Convention:* distances are displayed pixels, negative inside; weights and coverages are 0..1 as 32-bit floats.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.overlay.canvas import Grid, Patch
from clipmill.media.spots import Ellipse

FloatMap = NDArray[np.floating]
Floats = NDArray[np.floating]
Places = NDArray[np.intp]

NEAR_CENTRE = 1e-12
"""Added to rho squared, so that the distance has its limit at the centre, where it would be 0/0."""


@dataclass(frozen=True, slots=True, eq=False)
class Rim:
    """The samples of a patch within reach of an ellipse's line, and on which side the others are.

    ``at`` counts samples in the flattened patch; the other lists run along with it.
    """

    inside: NDArray[np.bool_]
    at: Places
    distance: Floats
    rho: Floats
    beside: Floats
    """Offset from the centre along x, in radii."""
    below: Floats
    """The same along y."""

    def spread(self, values: Floats) -> FloatMap:
        """A map of the patch: the values on the rim, 1 further inside, 0 further outside."""
        spread = self.inside.astype(np.float32)
        spread.ravel()[self.at] = values
        return spread


def rim_of(ellipse: Ellipse, grid: Grid, patch: Patch, reach: float) -> Rim:
    """The rim of an ellipse, with d = (rho - 1) * rho / |(dx/rx^2, dy/ry^2)|, at the centre minus the smaller radius."""
    across, down = grid.in_order(ellipse.radius_x, ellipse.radius_y)
    column_offsets, row_offsets = grid.offsets(patch, ellipse)
    columns, rows = (column_offsets / across).astype(np.float32), (row_offsets / down).astype(np.float32)
    squared = np.add.outer(rows**2, columns**2)
    smallest = min(across, down)
    # |d| is never less than |rho - 1| times the smaller radius.
    nearest, farthest = max(0.0, 1 - reach / smallest), 1 + reach / smallest
    at = np.flatnonzero((squared >= np.float32(nearest**2)) & (squared <= np.float32(farthest**2)))
    row, column = np.divmod(at.astype(np.int32), np.int32(len(columns)))
    near_squared = squared.ravel()[at] + np.float32(NEAR_CENTRE)
    slope = (rows**2 / down**2)[row] + (columns**2 / across**2 + NEAR_CENTRE / smallest**2)[column]
    rho = np.sqrt(near_squared)
    distance = (near_squared - rho) / np.sqrt(slope)
    beside, below = columns[column], rows[row]
    if grid.turned:
        beside, below = below, beside
    return Rim(squared < 1, at, distance, rho, beside, below)


def soft_mask(distance: Floats, feather: float) -> Floats:
    """1 inside, 0 outside, a smooth step of ``feather`` pixels around the ellipse."""
    weight = coverage(distance, feather)
    return weight * weight * (3 - 2 * weight)


def coverage(distance: Floats, feather: float = 1.0) -> Floats:
    """How much of a sample lies inside: a straight ramp of ``feather`` pixels."""
    return np.clip(np.float32(0.5) - distance * np.float32(1 / feather), 0, 1)


def line_coverage(distance: Floats, width: float) -> Floats:
    """How much of a sample a line of ``width`` on the ellipse covers."""
    return np.clip(np.float32(0.5 + width / 2) - np.abs(distance), 0, 1)


def front_arc(ellipse: Ellipse, rim: Rim) -> Floats:
    """1 from -30 to 210 degrees clockwise from the right, 0 behind; the ends fade inside the arc over a pixel.

    Angles are the ellipse's own (x = rx cos, y = ry sin): in front of the ends, sin > -1/2.
    """
    ahead = rim.below + rim.rho / 2
    across = rim.beside / (rim.rho * np.float32(2 * ellipse.radius_x))
    down = (1 + rim.below / (2 * rim.rho)) * np.float32(1 / ellipse.radius_y)
    return np.clip(ahead / np.hypot(across, down), 0, 1)


def six_sample_mean(luma: FloatMap) -> FloatMap:
    """A map over luma samples as chroma samples take it; edges repeat."""
    rows, columns = luma.shape
    if rows % 2 or columns % 2:
        luma = np.pad(luma, ((0, rows % 2), (0, columns % 2)), mode="edge")
    half = luma.shape[1] // 2, luma.shape[0] // 2
    # 1 2 1 across is the mean of two pairs: (2i, 2i + 1) and (2i - 1, 2i).
    beside = np.hstack((luma[:, :1], luma[:, :-1]))
    own, other = (cv2.resize(pairs, half, interpolation=cv2.INTER_AREA) for pairs in (luma, beside))
    return cast("FloatMap", cv2.addWeighted(own, 0.5, other, 0.5, 0.0))
