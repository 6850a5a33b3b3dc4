"""Rotate, crop and scale in one resampling, for clips that are turned by a few degrees.

Convention: as in `media.geometry`: degrees counter-clockwise as seen, about the centre, same canvas; what lies outside
the source is black.
"""

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.layout import Planes
from clipmill.engines.planes import Orientation, Subsampling
from clipmill.engines.resample import Plane, PlaneResampler, Stretch, samples
from clipmill.media.geometry import Box, canvas_to_source

LUMA_BLACK, CHROMA_BLACK = 16, 128


def draw_rotated(planes: Planes, out: av.VideoFrame, box: Box, orientation: Orientation, degrees: float) -> None:
    """Fill every plane of ``out`` with the box of the rotated canvas."""
    for index in range(3):
        target = samples(out, index)
        bits = out.format.components[index].bits
        black = (CHROMA_BLACK if index else LUMA_BLACK) << (bits - 8)
        if index and planes.grey:
            target[:] = black
            continue
        source = _deepened(planes.chroma(index) if index else planes.luma(), planes.bits, bits)
        grid = Subsampling.of(planes.frame, index)
        to_source = _map(target, index > 0, box, orientation, grid, degrees=degrees)
        source, to_source = _shrunk(source, to_source, bits)
        target[:] = cv2.warpAffine(
            source,
            to_source,
            (target.shape[1], target.shape[0]),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(black,),
        )


def _map(
    target: Plane,
    chroma: bool,
    box: Box,
    orientation: Orientation,
    grid: Subsampling,
    *,
    degrees: float,
) -> NDArray[np.float64]:
    """The affine map from sample indices of the target plane to sample indices of the source plane."""
    rows, columns = target.shape
    per_sample = box.width / columns, box.height / rows
    lead = 0.25 if chroma else 0.0

    def source_index(column: int, row: int) -> tuple[float, float]:
        x = box.x + (column + 0.5 - lead) * per_sample[0]
        y = box.y + (row + 0.5) * per_sample[1]
        u, v = grid.to_plane(*orientation.to_coded(*canvas_to_source(x, y, orientation.displayed, degrees)))
        return u - 0.5, v - 0.5

    origin, right, below = (np.array(source_index(*at)) for at in ((0, 0), (1, 0), (0, 1)))
    return np.column_stack([right - origin, below - origin, origin])


def _shrunk(source: Plane, to_source: NDArray[np.float64], bits: int) -> tuple[Plane, NDArray[np.float64]]:
    """Where the output is smaller, shrink first with the anti-aliased scaler, so that nothing flickers."""
    across, down = np.hypot(to_source[0, 0], to_source[0, 1]), np.hypot(to_source[1, 0], to_source[1, 1])
    if across <= 1 and down <= 1:
        return source, to_source
    height, width = source.shape
    columns, rows = max(1, round(width / max(across, 1.0))), max(1, round(height / max(down, 1.0)))
    small = np.empty((rows, columns), source.dtype)
    PlaneResampler(bits).resample(source, Stretch(0.0, float(width)), Stretch(0.0, float(height)), small)
    ratio = np.array([[columns / width], [rows / height]])
    scaled = to_source * ratio
    scaled[:, 2] = (to_source[:, 2] + 0.5) * ratio[:, 0] - 0.5
    return small, scaled


def _deepened(plane: Plane, bits: int, wanted: int) -> Plane:
    """The samples at another bit depth."""
    if bits == wanted:
        return plane
    if bits > wanted:
        return np.minimum((plane + (1 << (bits - wanted - 1))) >> (bits - wanted), (1 << wanted) - 1).astype(np.uint8)
    return np.left_shift(plane.astype(np.uint16), np.uint16(wanted - bits))
