"""Frames as R'G'B' on a device, and back, in the colours of every output.

Convention: R'G'B' is (3, rows, columns) in 0..1, BT.709, standard dynamic range; a leading dimension counts pictures.
"""

from dataclasses import replace

import av
import torch
from torch import Tensor

from clipmill.engines.colour_tags import colour_of, hdr_of
from clipmill.engines.device.matrices import change_to_709, is_output, is_wide, rgb_to_levels, to_rgb_709
from clipmill.engines.device.planes import DevicePlanes, downloaded, uploaded
from clipmill.engines.device.resample import resample
from clipmill.engines.planes import LEFT_SITED
from clipmill.media.geometry import Box
from clipmill.media.info import Colour


def to_rgb(frame: av.VideoFrame, place: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """The picture of a frame as it lies in the file; high dynamic range is tone-mapped."""
    planes, colour = uploaded(frame, place), colour_of(frame)
    luma, blue, red = at_luma(planes)
    return to_rgb_709(torch.stack((luma, blue, red)), planes, colour, hdr_of(colour)).clamp_(0, 1).to(dtype)


def to_yuv420(picture: Tensor) -> av.VideoFrame:
    """An 8-bit 4:2:0 BT.709 limited-range frame; sides are even."""
    return downloaded(subsampled(rgb_to_levels(picture.to(torch.float32))))


def in_output_colours(planes: DevicePlanes, colour: Colour, hdr: str | None) -> DevicePlanes:
    """A 4:2:0 picture in the colours of outputs; the same object where nothing has to change."""
    if planes.matrix_is_709 or is_output(colour, hdr):
        return planes
    spread = torch.stack(at_luma(planes))
    if hdr or is_wide(colour):
        luma, blue, red = subsampled(rgb_to_levels(to_rgb_709(spread, planes, colour, hdr)))
    else:
        change = change_to_709(colour, planes.white)
        luma = change.applied(spread)[0]
        # Grey stays grey, so chroma asks for no luma, and needs no second resampling.
        _, blue, red = change.applied(torch.stack((planes.blue, planes.blue, planes.red)))
    return replace(planes, luma=luma, blue=blue, red=red, matrix_is_709=True)


def at_luma(planes: DevicePlanes) -> tuple[Tensor, Tensor, Tensor]:
    """The planes with chroma at every luma sample."""
    (width, height), grid = planes.size, planes.grid
    left = LEFT_SITED if grid.across == 2 else 0.0
    box = Box(left, 0.0, width / grid.across, height / grid.down)
    blue, red = (resample(plane, box, (width, height)) for plane in (planes.blue, planes.red))
    return planes.luma, blue, red


def subsampled(levels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Luma of a picture of levels (..., 3, rows, columns), and its chroma at half the size, left-sited."""
    rows, columns = levels.shape[-2:]
    luma, chroma = levels[..., 0, :, :], levels[..., 1:, :, :]
    halved = resample(chroma, Box(-0.5, 0.0, columns, rows), (columns // 2, rows // 2))
    return luma, halved[..., 0, :, :], halved[..., 1, :, :]
