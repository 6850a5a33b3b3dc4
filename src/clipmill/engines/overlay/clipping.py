"""What brightening takes beyond white: the part of each of R', G', B' above 255, which no picture can show.

*Convention:* R'G'B' is 0..255. A value that was above 255 before stays as it was. A luma sample is brightened with the
chroma of its block, a chroma sample with each of the six luma samples it stands for.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from clipmill.engines.blend import BLACK
from clipmill.engines.overlay.canvas import BytePlane, Patch, Planes3
from clipmill.engines.overlay.levels import WHITE_LUMA, above_black, chroma_parts
from clipmill.engines.overlay.mask import FloatMap, Floats, Places
from clipmill.engines.overlay.stamp import Maps3

WHITE = np.float32(255)
SIX_SAMPLES = tuple(
    (down, across, weight) for down in (0, 1) for across, weight in ((-1, 0.125), (0, 0.25), (1, 0.125))
)


def beyond_white(source: Planes3, patch: Patch, gain: FloatMap, free: FloatMap) -> Maps3 | None:
    """The levels to take from each plane of a patch, or None; ``free`` is what paint leaves of the brightened picture."""
    luma, blue, red = (patch.of(source[index], index) for index in range(3))
    parts = tuple(part * WHITE for part in chroma_parts(_above(blue, BLACK[1]), _above(red, BLACK[2])))
    brightest = np.maximum(np.maximum(parts[0], parts[1]), parts[2])
    # The luma from which the highest gain of the patch takes one of R', G', B' beyond white.
    room = BLACK[0] + (WHITE / gain.max() - brightest) * (WHITE_LUMA / WHITE)
    limit = np.clip(np.floor(room), 0, WHITE).astype(np.uint8)
    if luma.max() <= limit.min():
        return None
    picture = _Picture(np.ascontiguousarray(luma), parts, gain, free)
    return (_from_luma(picture, limit), *_from_chroma(picture, limit))


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """A patch on its way to being brighter; ``parts`` is what the chroma adds to each of R', G', B'."""

    luma: BytePlane
    parts: tuple[FloatMap, ...]
    gain: FloatMap
    free: FloatMap

    def excess(self, at: Places, parts: list[Floats]) -> tuple[Floats, Floats, Floats]:
        """What is above white and was not before, as levels, at luma samples whose chroma adds ``parts``."""
        luma = _above(self.luma.ravel()[at], BLACK[0]) * (WHITE / WHITE_LUMA)
        gain, free = self.gain.ravel()[at], self.free.ravel()[at] / WHITE
        before = [luma + part for part in parts]
        red, green, blue = (np.maximum(value * gain - np.maximum(value, WHITE), 0) * free for value in before)
        return above_black(red, green, blue)


def _above(plane: BytePlane, black: int) -> Floats:
    return np.subtract(plane, np.float32(black), dtype=np.float32)


def _from_luma(picture: _Picture, limit: BytePlane) -> FloatMap:
    rows, columns = picture.luma.shape
    limits = cv2.resize(limit, (2 * limit.shape[1], 2 * limit.shape[0]), interpolation=cv2.INTER_NEAREST)
    at = np.flatnonzero(picture.luma > limits[:rows, :columns])
    row, column = np.divmod(at, columns)
    block = row // 2 * limit.shape[1] + column // 2
    taken = np.zeros((rows, columns), np.float32)
    taken.ravel()[at] = picture.excess(at, [part.ravel()[block] for part in picture.parts])[0]
    return taken


def _from_chroma(picture: _Picture, limit: BytePlane) -> tuple[FloatMap, FloatMap]:
    rows, columns = picture.luma.shape
    blocks = np.flatnonzero(_highest_of_six(picture.luma) > limit)
    block_row, block_column = np.divmod(blocks, limit.shape[1])
    parts = [part.ravel()[blocks] for part in picture.parts]
    taken = np.zeros(limit.shape, np.float32), np.zeros(limit.shape, np.float32)
    for down, across, weight in SIX_SAMPLES:
        row = np.minimum(2 * block_row + down, rows - 1)
        column = np.clip(2 * block_column + across, 0, columns - 1)
        _, blue, red = picture.excess(row * columns + column, parts)
        taken[0].ravel()[blocks] += weight * blue
        taken[1].ravel()[blocks] += weight * red
    return taken


def _highest_of_six(luma: BytePlane) -> BytePlane:
    """The brightest of the six luma samples of each chroma sample."""
    rows, columns = luma.shape
    padded = cv2.copyMakeBorder(luma, 0, rows % 2, 1, columns % 2, cv2.BORDER_REPLICATE)
    pairs = np.maximum(padded[0::2], padded[1::2])
    return np.maximum(np.maximum(pairs[:, 0:-1:2], pairs[:, 1::2]), pairs[:, 2::2])
