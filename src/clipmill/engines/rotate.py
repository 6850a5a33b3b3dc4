"""Rotate, crop and scale in one resampling, for clips that are turned by a few degrees.

Convention: as in `media.geometry`: degrees counter-clockwise as seen, about the centre, same canvas; what lies outside
the source is black.
"""

from dataclasses import dataclass
from math import ceil
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.layout import Planes
from clipmill.engines.planes import Orientation, Subsampling
from clipmill.engines.resample import Plane, PlaneResampler, Stretch, samples
from clipmill.media.geometry import Box, canvas_to_source

CHROMA_BLACK = 128
FINE_ENOUGH = 1.2
"""Source samples to an output sample up to which the kernel may stay narrow: shrinking apart would blur more."""
MARGIN = 8
"""Samples around a picture that is still to be shrunk: what the scaler reads beyond its edges."""


def draw_rotated(planes: Planes, out: av.VideoFrame, box: Box, orientation: Orientation, degrees: float) -> None:
    """Fill every plane of ``out`` with the box of the rotated canvas."""
    for index in range(3):
        target = samples(out, index)
        bits = out.format.components[index].bits
        black = (CHROMA_BLACK if index else planes.luma_black) << (bits - 8)
        if index and planes.grey:
            target[:] = black
            continue
        source = _deepened(planes.chroma(index) if index else planes.luma(), planes.bits, bits)
        turn = Turn(box, orientation, Subsampling.of(planes.frame, index), degrees, 0.25 if index else 0.0)
        _fill(source, turn, target, bits, black)


@dataclass(frozen=True, slots=True)
class Turn:
    """Which source samples a plane of the rotated canvas reads."""

    box: Box
    orientation: Orientation
    grid: Subsampling
    degrees: float
    lead: float
    """How far, in samples of the target, they are read to the left: the chroma of an output is sited on the left."""

    def source_index(self, across: float, down: float) -> NDArray[np.float64]:
        """The index, as (column, row), of a point of the target given as parts of its width and height."""
        point = self.box.x + across * self.box.width, self.box.y + down * self.box.height
        displayed = canvas_to_source(*point, self.orientation.displayed, self.degrees)
        u, v = self.grid.to_plane(*self.orientation.to_coded(*displayed))
        return np.array([u - 0.5, v - 0.5])

    def index_map(self, columns: int, rows: int, lead: float, margin: int) -> NDArray[np.float64]:
        """The affine map from sample indices of a plane of this size, within a margin, to those of the source."""
        first = (0.5 - margin - lead) / columns, (0.5 - margin) / rows
        origin = self.source_index(*first)
        right = self.source_index(first[0] + 1 / columns, first[1])
        below = self.source_index(first[0], first[1] + 1 / rows)
        return np.column_stack([right - origin, below - origin, origin])


def _fill(source: Plane, turn: Turn, target: Plane, bits: int, black: int) -> None:
    """Turn at the finer of both resolutions, then shrink with the anti-aliased scaler, so that nothing flickers."""
    rows, columns = target.shape
    direct = turn.index_map(columns, rows, turn.lead, 0)
    steps = np.hypot(*direct[:, :2])
    if max(steps) <= FINE_ENOUGH:
        target[:] = _warped(source, direct, target.shape, black)
        return
    wide, tall = (ceil(count * max(1.0, step)) for count, step in zip((columns, rows), steps, strict=True))
    fine = turn.index_map(wide, tall, turn.lead * wide / columns, MARGIN)
    turned = _warped(source, fine, (tall + 2 * MARGIN, wide + 2 * MARGIN), black)
    PlaneResampler(bits).resample(turned, Stretch(MARGIN, wide), Stretch(MARGIN, tall), target)


def _warped(source: Plane, index_map: NDArray[np.float64], shape: tuple[int, int], black: int) -> Plane:
    turned = cv2.warpAffine(
        source,
        index_map,
        (shape[1], shape[0]),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(black,),
    )
    return cast("Plane", turned)


def _deepened(plane: Plane, bits: int, wanted: int) -> Plane:
    """The samples at another bit depth."""
    if bits == wanted:
        return plane
    if bits > wanted:
        return np.minimum((plane + (1 << (bits - wanted - 1))) >> (bits - wanted), (1 << wanted) - 1).astype(np.uint8)
    return np.left_shift(plane.astype(np.uint16), np.uint16(wanted - bits))
