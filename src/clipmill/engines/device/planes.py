"""Frames as planes of numbers on a device, and back.

Convention: levels are those of 8 bits, whatever the depth of the frame, as 32-bit floats: (rows, columns). Chroma is
sited as in frames: for two columns on the left one, for two rows between them.
"""

from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import torch
from torch import Tensor

from clipmill.engines.colour_tags import colour_of
from clipmill.engines.layout import planes_of
from clipmill.engines.planes import Orientation, Subsampling
from clipmill.engines.resample import Plane, samples

PAIRED = {"nv12": 8, "p010le": 10}
"""Formats whose second plane holds both kinds of chroma in turn, as cards decode them."""
LEVELS = 255


@dataclass(frozen=True, slots=True, eq=False)
class DevicePlanes:
    """One picture on a device: luma, and twice chroma, each sample of which stands for a part of the luma."""

    luma: Tensor
    blue: Tensor
    red: Tensor
    grid: Subsampling
    bits: int = 8
    """Of the frame that it was."""
    matrix_is_709: bool = False
    luma_black: int = 16

    @property
    def all(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.luma, self.blue, self.red

    @property
    def white(self) -> float:
        """The highest level there is: a little above 255 where there are more bits."""
        return 256 - 2.0 ** (8 - self.bits)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the luma."""
        return self.luma.shape[-1], self.luma.shape[-2]


def uploaded(frame: av.VideoFrame, place: torch.device) -> DevicePlanes:
    """The planes of a frame; those of a frame that lies on the card do not leave it."""
    stored = frame.sw_format or frame.format
    if stored.name in PAIRED and not (frame.width % 2 or frame.height % 2):
        return _from_pairs(frame, stored.name, place)
    planes = planes_of(frame if frame.sw_format is None else frame.reformat(format=stored.name))
    luma = _levels(planes.luma(), planes.bits, place)
    if planes.grey:
        neutral = torch.full_like(luma, 128.0)
        return DevicePlanes(luma, neutral, neutral, Subsampling(1, 1), planes.bits, luma_black=planes.luma_black)
    blue, red = (_levels(planes.chroma(index), planes.bits, place) for index in (1, 2))
    grid = Subsampling.of(planes.frame, 1)
    return DevicePlanes(luma, blue, red, grid, planes.bits, planes.matrix_is_709, planes.luma_black)


def _levels(plane: Plane, bits: int, place: torch.device) -> Tensor:
    """The samples of a plane as levels; they travel as they are and become floats on the device."""
    stored = plane if plane.dtype == np.uint8 else plane.view(np.int16)
    levels = torch.from_numpy(stored).to(place).to(torch.float32)
    return levels if bits == 8 else levels.div_(1 << (bits - 8))


def _from_pairs(frame: av.VideoFrame, name: str, place: torch.device) -> DevicePlanes:
    luma, chroma = (_shared(plane) for plane in frame.planes)
    # Ten bits stand on top of sixteen.
    scale = 1 if PAIRED[name] == 8 else 1 << 8
    luma, chroma = (plane.to(place).to(torch.float32) / scale for plane in (luma, chroma))
    black = 0 if colour_of(frame).full_range else 16
    return DevicePlanes(luma, chroma[..., 0], chroma[..., 1], Subsampling(2, 2), PAIRED[name], luma_black=black)


def _shared(plane: Any) -> Tensor:
    # The capsule is asked for by hand: PyAV refuses to wait for a stream, and decoder and tensors share one.
    return torch.from_dlpack(plane.__dlpack__(stream=None))


def displayed(coded: Tensor, orientation: Orientation) -> Tensor:
    """Coded pictures (..., rows, columns) the way people see them."""
    mirrored = coded.flip(-1) if orientation.mirrored else coded
    return torch.rot90(mirrored, -orientation.turns, (-2, -1))


def downloaded(planes: tuple[Tensor, Tensor, Tensor]) -> av.VideoFrame:
    """4:2:0 planes of levels as a frame of 8 bits."""
    return filled(av.VideoFrame(planes[0].shape[-1], planes[0].shape[-2], "yuv420p"), planes)


def filled(frame: av.VideoFrame, planes: tuple[Tensor, Tensor, Tensor]) -> av.VideoFrame:
    """The frame, with these planes in it."""
    levels = torch.cat([(plane + 0.5).clamp_(0, LEVELS).to(torch.uint8).flatten() for plane in planes])
    # One piece, so that the device is waited for once.
    parts = levels.cpu().split([plane.numel() for plane in planes])
    for index, (plane, part) in enumerate(zip(planes, parts, strict=True)):
        samples(frame, index)[:] = part.numpy().reshape(plane.shape)
    return frame
