"""Y'CbCr levels and R'G'B': the matrices of H.273, and the way from any source's colours to BT.709.

Convention: levels are those of 8 bits, (..., 3, rows, columns); R'G'B' is 0..1 in the same order of axes.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from clipmill.engines.device.planes import DevicePlanes
from clipmill.engines.device.tone import from_bt2020, tone_mapped
from clipmill.media.info import Colour

LUMA_SHARES = {
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
    "bt2020c": (0.2627, 0.0593),
}
"""What red and blue contribute to luma, where it is not what they do in BT.709."""
BT709 = (0.2126, 0.0722)
YCGCO = "ycgco"


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """``weights`` (levels - ``before``) + ``after``, for each sample of three planes."""

    weights: Tensor
    before: Tensor
    after: Tensor

    def applied(self, planes: Tensor) -> Tensor:
        """The planes (..., 3, rows, columns), changed."""
        weights, before, after = (
            part.to(planes.device, planes.dtype) for part in (self.weights, self.before, self.after)
        )
        offset = after - weights @ before
        return torch.einsum("ij,...jhw->...ihw", weights, planes) + offset[:, None, None]


def to_rgb_709(levels: Tensor, planes: DevicePlanes, colour: Colour, hdr: str | None) -> Tensor:
    """R'G'B' in the colours of outputs of levels in those of their source."""
    if planes.matrix_is_709:
        return _to_rgb("bt709", full_range=False, white=planes.white).applied(levels)
    matrix = colour.matrix or "bt709"
    if hdr and not (matrix == "bt709" or matrix.startswith("bt2020")):
        matrix = "bt2020nc"
    signal = _to_rgb(matrix, full_range=colour.full_range, white=planes.white).applied(levels)
    if hdr:
        return tone_mapped(signal, hdr)
    return from_bt2020(signal) if is_wide(colour) else signal


def levels_to_rgb(levels: Tensor) -> Tensor:
    """R'G'B' of BT.709 limited-range levels."""
    return _to_rgb("bt709", full_range=False, white=255.0).applied(levels)


def rgb_to_levels(picture: Tensor) -> Tensor:
    """BT.709 limited-range levels of R'G'B'."""
    return _to_levels().applied(picture)


@lru_cache(maxsize=8)
def change_to_709(colour: Colour, white: float) -> Change:
    """From a source's matrix and range to those of outputs."""
    there = _to_rgb(colour.matrix or "bt709", full_range=colour.full_range, white=white)
    back = _to_levels()
    return Change(back.weights @ there.weights, there.before, back.after)


def is_wide(colour: Colour) -> bool:
    """Whether primaries are those of BT.2020."""
    return colour.primaries == "bt2020" or (colour.matrix or "").startswith("bt2020")


def is_output(colour: Colour, hdr: str | None) -> bool:
    """Whether colours are those of outputs already."""
    own_matrix = colour.matrix in LUMA_SHARES or colour.matrix == YCGCO
    return not (hdr or is_wide(colour) or own_matrix or colour.full_range)


@lru_cache(maxsize=1)
def _to_levels() -> Change:
    there = _to_rgb("bt709", full_range=False, white=255.0)
    return Change(torch.linalg.inv(there.weights), torch.zeros_like(there.before), there.before)


@lru_cache(maxsize=16)
def _to_rgb(matrix: str, *, full_range: bool, white: float) -> Change:
    """From levels to R'G'B'; ``white`` is the highest level of full range."""
    luma, chroma = (white, white) if full_range else (219.0, 224.0)
    black = torch.tensor((0.0 if full_range else 16.0, 128.0, 128.0), dtype=torch.float64)
    scale = torch.tensor((luma, chroma, chroma), dtype=torch.float64)
    return Change(_signal_weights(matrix) / scale, black, torch.zeros_like(black))


def _signal_weights(matrix: str) -> Tensor:
    """R'G'B' out of luma 0..1 and chroma -0.5..0.5."""
    if matrix == YCGCO:
        return torch.tensor(((1.0, -1.0, 1.0), (1.0, 1.0, 0.0), (1.0, -1.0, -1.0)), dtype=torch.float64)
    red, blue = LUMA_SHARES.get(matrix, BT709)
    green = 1 - red - blue
    rows = (
        (1.0, 0.0, 2 * (1 - red)),
        (1.0, -2 * (1 - blue) * blue / green, -2 * (1 - red) * red / green),
        (1.0, 2 * (1 - blue), 0.0),
    )
    return torch.tensor(rows, dtype=torch.float64)
