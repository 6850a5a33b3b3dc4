"""From pieces of text to the lines that are read in one go, cut out upright.

*Convention:* pixels of the picture, y down; corners run clockwise from the beginning of the text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.ocr.detection import Quad
from clipmill.engines.ocr.engine import Rgb

LEVEL = 0.06
"""Slope up to which a piece counts as level; more is cut out along its own edges."""
WIDEST_GAP = 1.0
"""Gap between two pieces of one line, in heights of the lower one."""
LEAST_OVERLAP = 0.5
LEAST_HEIGHT_RATIO = 0.5
MARGIN = 0.2
"""Room before and behind a line, in its heights: the network that finds text cuts first and last signs."""
CLOSER_MARGIN, CLOSER_TRIM = 0.3, 0.06
"""The second cut of a line in doubt: more room at its ends, less above and below."""
UPENDED = 1.5
"""A piece this much higher than wide holds a line that runs downwards."""


@dataclass(frozen=True, slots=True)
class LineCut:
    """A line cut out of its picture, running from left to right."""

    image: Rgb
    corners: Quad
    """What was cut out."""
    found: Quad
    """Where the text stands."""


def cut_lines(image: Rgb, pieces: Sequence[Quad]) -> list[LineCut]:
    """Every line, from top to bottom; pieces that stand side by side become one, so that the gaps are read too."""
    level = [_bounds(piece) for piece in pieces if _is_level(piece)]
    cuts = [_upright_cut(image, bounds) for bounds in _merged(level)]
    cuts += [_turned_cut(image, piece) for piece in pieces if not _is_level(piece)]
    readable = [cut for cut in cuts if min(cut.image.shape[:2]) > 1]
    return sorted(readable, key=lambda cut: (float(cut.corners[:, 1].mean()), float(cut.corners[:, 0].min())))


@dataclass(frozen=True, slots=True)
class _Bounds:
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def beside(self, other: "_Bounds") -> bool:
        """Whether two pieces belong to one line."""
        lower, higher = sorted((self.height, other.height))
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        gap = max(self.left, other.left) - min(self.right, other.right)
        return shared >= LEAST_OVERLAP * lower and lower >= LEAST_HEIGHT_RATIO * higher and gap <= WIDEST_GAP * lower

    def joined(self, other: "_Bounds") -> "_Bounds":
        return _Bounds(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def _bounds(piece: Quad) -> _Bounds:
    (left, top), (right, bottom) = piece.min(axis=0), piece.max(axis=0)
    return _Bounds(float(left), float(top), float(right), float(bottom))


def _is_level(piece: Quad) -> bool:
    (run, rise), (_, side) = piece[1] - piece[0], piece[3] - piece[0]
    return abs(rise) <= LEVEL * abs(run) and abs(side) < UPENDED * abs(run)


def _merged(pieces: Iterable[_Bounds]) -> list[_Bounds]:
    """Pieces joined as long as any two belong to one line."""
    lines: list[_Bounds] = []
    for piece in sorted(pieces, key=lambda bounds: bounds.left):
        joined = piece
        while near := next((line for line in lines if line.beside(joined)), None):
            lines.remove(near)
            joined = near.joined(joined)
        lines.append(joined)
    return lines


def cut_closer(image: Rgb, cut: LineCut) -> LineCut:
    """The same line cut out otherwise, so that reading it again means something; one that is not level stays as it is."""
    if not _is_level(cut.found):
        return cut
    return _upright_cut(image, _bounds(cut.found), CLOSER_MARGIN, CLOSER_TRIM)


def _upright_cut(image: Rgb, bounds: _Bounds, margin: float = MARGIN, trim: float = 0.0) -> LineCut:
    height, width = image.shape[:2]
    room, rim = margin * bounds.height, trim * bounds.height
    left, right = max(0, int(bounds.left - room)), min(width, int(np.ceil(bounds.right + room)))
    top, bottom = max(0, int(bounds.top + rim)), min(height, int(np.ceil(bounds.bottom - rim)))
    found = _rectangle(bounds.left, bounds.top, bounds.right, bounds.bottom)
    return LineCut(image[top:bottom, left:right], _rectangle(left, top, right, bottom), found)


def _turned_cut(image: Rgb, piece: Quad) -> LineCut:
    """Along its own edges; a line that runs downwards is turned on its side."""
    corners = piece
    if _length(piece, 0, 3) >= UPENDED * _length(piece, 0, 1):
        corners = np.roll(piece, -1, axis=0)
    size = (max(1, round(_length(corners, 0, 1))), max(1, round(_length(corners, 0, 3))))
    upright = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    turn: NDArray[Any] = cv2.getPerspectiveTransform(corners, upright)
    cut: Any = cv2.warpPerspective(image, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return LineCut(cut, corners, corners)


def _rectangle(left: float, top: float, right: float, bottom: float) -> Quad:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _length(piece: Quad, one: int, other: int) -> float:
    return float(np.linalg.norm(piece[one] - piece[other]))
