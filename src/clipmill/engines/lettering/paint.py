"""Coats of colour, one over the other, as a sticker.

*Convention:* a coverage is (rows, columns) of 0..1; colours lie in a picture of 0..255 that is multiplied by its alpha.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.sticker import Sticker
from clipmill.media.geometry import Rectangle

Coverage = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Coat:
    """A ``#RRGGBB`` colour and how much of each pixel it covers."""

    color: str
    coverage: Coverage


def painted(region: Rectangle, coats: Iterable[Coat]) -> Sticker:
    """The coats on an empty ground that lies at ``region``, the first one lowest."""
    colour = np.zeros((region.height, region.width, 3), np.float32)
    alpha = np.zeros((region.height, region.width), np.float32)
    for coat in coats:
        left = 1 - coat.coverage
        colour *= left[..., None]
        colour += coat.coverage[..., None] * np.array(_levels(coat.color), np.float32)
        alpha *= left
        alpha += coat.coverage
    colour /= np.maximum(alpha, 1e-6)[..., None]
    return trimmed(Sticker(region.left, region.top, _whole(colour), _whole(alpha * np.float32(255))))


def _levels(color: str) -> tuple[int, ...]:
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


def _whole(levels: Coverage) -> NDArray[np.uint8]:
    return (levels + 0.5).clip(0, 255).astype(np.uint8)


def trimmed(sticker: Sticker) -> Sticker:
    """The sticker without the rows and columns around it that show nothing; no rows and columns if all is empty."""
    rows, columns = (np.flatnonzero(sticker.alpha.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return Sticker(sticker.left, sticker.top, sticker.rgb[:0, :0], sticker.alpha[:0, :0])
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    rgb, alpha = np.ascontiguousarray(sticker.rgb[part]), np.ascontiguousarray(sticker.alpha[part])
    return Sticker(sticker.left + int(columns[0]), sticker.top + int(rows[0]), rgb, alpha)
