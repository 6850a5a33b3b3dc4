"""Lay stickers on frames: a picture with alpha becomes stamps, one for each band of rows that shows anything.

*Convention:* a sticker's pixels are displayed ones; where coded samples lie between them, they take the interpolated
colour, weighed by alpha. A chroma sample takes the mean over the six luma samples it stands for.
"""

from collections.abc import Iterator
from typing import cast

import cv2
import numpy as np

from clipmill.engines.blend import BLACK
from clipmill.engines.overlay.canvas import Grid, Patch
from clipmill.engines.overlay.levels import above_black
from clipmill.engines.overlay.mask import FloatMap, six_sample_mean
from clipmill.engines.overlay.stamp import Stamp
from clipmill.engines.sticker import Sticker

EMPTY_ROWS_WORTH_A_CUT = 16


def stamps_of(sticker: Sticker, grid: Grid) -> tuple[Stamp, ...]:
    """The stamps that lay a sticker on the frames of a grid."""
    pieces = ((piece, _patch_of(piece, grid)) for piece in _pieces(sticker))
    return tuple(_stamp(piece, patch, grid) for piece, patch in pieces if not patch.is_empty)


def _pieces(sticker: Sticker) -> Iterator[Sticker]:
    """The bands of the sticker that show anything, cut at their sides as well."""
    rows = np.flatnonzero(sticker.alpha.any(axis=1))
    for band in np.split(rows, np.flatnonzero(np.diff(rows) > EMPTY_ROWS_WORTH_A_CUT) + 1):
        if band.size:
            columns = np.flatnonzero(sticker.alpha[band[0] : band[-1] + 1].any(axis=0))
            part = np.s_[band[0] : band[-1] + 1, columns[0] : columns[-1] + 1]
            left, top = sticker.left + int(columns[0]), sticker.top + int(band[0])
            yield Sticker(left, top, sticker.rgb[part], sticker.alpha[part])


def _patch_of(piece: Sticker, grid: Grid) -> Patch:
    rows, columns = piece.alpha.shape
    return grid.patch((piece.left, piece.top), (piece.left + columns, piece.top + rows))


def _stamp(piece: Sticker, patch: Patch, grid: Grid) -> Stamp:
    luma, blue, red, alpha = _at_samples(_weighed(piece), piece, patch, grid)
    chroma_alpha = six_sample_mean(alpha)
    chroma_kept = 1 - chroma_alpha
    return Stamp(
        patch,
        (1 - alpha, chroma_kept, chroma_kept),
        (
            luma + alpha * np.float32(BLACK[0]),
            six_sample_mean(blue) + chroma_alpha * np.float32(BLACK[1]),
            six_sample_mean(red) + chroma_alpha * np.float32(BLACK[2]),
        ),
    )


def _weighed(piece: Sticker) -> FloatMap:
    """Levels above black times alpha, and alpha: (rows, columns, 4)."""
    alpha = piece.alpha.astype(np.float32) / 255
    red, green, blue = (piece.rgb[..., channel].astype(np.float32) / 255 for channel in range(3))
    return np.dstack([*(levels * alpha for levels in above_black(red, green, blue)), alpha])


def _at_samples(weighed: FloatMap, piece: Sticker, patch: Patch, grid: Grid) -> tuple[FloatMap, ...]:
    """The four maps at the luma samples of a patch, in coded order."""
    columns = grid.columns.positions(patch.left, patch.right)[None, :]
    rows = grid.rows.positions(patch.top, patch.bottom)[:, None]
    x, y = (rows, columns) if grid.turned else (columns, rows)
    shape = (patch.bottom - patch.top, patch.right - patch.left)
    across, down = (
        np.broadcast_to(positions - start - 0.5, shape).astype(np.float32)
        for positions, start in ((x, piece.left), (y, piece.top))
    )
    maps = cv2.split(cv2.remap(weighed, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT))
    return cast("tuple[FloatMap, ...]", tuple(maps))
