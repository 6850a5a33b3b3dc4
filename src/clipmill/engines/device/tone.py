"""Wide and bright colours to BT.709 on a device, by the table of `clipmill.engines.tonemap`.

Convention: R'G'B' is (..., 3, rows, columns), in 0..1 where it is not beyond black, white or the gamut.
"""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from clipmill.engines.tonemap import BT2020_TO_709, sdr_colours

TOE_SLOPE, TOE_END = 4.5, 0.018
SCALE, EXPONENT = 1.099, 0.45
"""The transfer of BT.709: a straight toe, then a power."""


def tone_mapped(signal: Tensor, transfer: str) -> Tensor:
    """BT.709 of PQ or HLG."""
    table = _table(transfer, signal.device)
    rows, columns = signal.shape[-2:]
    # The table is read at (red, green, blue) in -1..1, its innermost axis first.
    places = signal.reshape(-1, 3, rows, columns).movedim(1, -1)[:, None] * 2 - 1
    table = table.expand(len(places), -1, -1, -1, -1)
    mapped = functional.grid_sample(table, places, mode="bilinear", padding_mode="border", align_corners=True)
    return mapped[:, :, 0].reshape(signal.shape)


def from_bt2020(signal: Tensor) -> Tensor:
    """BT.709 of the primaries of BT.2020, both of standard range; what BT.709 lacks lies beyond 0..1."""
    weights = torch.from_numpy(BT2020_TO_709).to(signal)
    return _coded(torch.einsum("ij,...jhw->...ihw", weights, _linear(signal)))


def _linear(signal: Tensor) -> Tensor:
    size = signal.abs()
    bent = ((size + SCALE - 1) / SCALE).pow(1 / EXPONENT)
    return torch.where(size < TOE_END * TOE_SLOPE, size / TOE_SLOPE, bent) * signal.sign()


def _coded(light: Tensor) -> Tensor:
    size = light.abs()
    bent = SCALE * size.clamp(min=TOE_END).pow(EXPONENT) - (SCALE - 1)
    return torch.where(size < TOE_END, size * TOE_SLOPE, bent) * light.sign()


@lru_cache(maxsize=4)
def _table(transfer: str, place: torch.device) -> Tensor:
    return torch.from_numpy(sdr_colours(transfer)).to(place, torch.float32).movedim(-1, 0)[None]
