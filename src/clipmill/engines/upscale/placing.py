"""Draw source pictures into an output, out of what a network made of the part of them that is needed.

Convention: *samples* as in `clipmill.media.upscaling`. Sample positions of a large picture are those of its crop times four.
"""

from collections import deque
from dataclasses import dataclass
from math import ceil, floor

import av
import torch
from torch import Tensor

from clipmill.engines.blend import mixed
from clipmill.engines.device.colour import to_rgb, to_yuv420
from clipmill.engines.device.planes import displayed
from clipmill.engines.device.resample import LOBES, resample
from clipmill.engines.device.rotate import turned
from clipmill.engines.placing import padded
from clipmill.engines.planes import Orientation, Subsampling
from clipmill.engines.rotate import Turn
from clipmill.engines.upscale.enlarging import Enlarger, cut
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Box, Placement, Rectangle
from clipmill.media.info import VideoInfo
from clipmill.media.upscaling import SCALE, Crops, samples_of

HELD = 2
"""Large pictures that are kept: slow motion needs two at a time, and each again for the next frame."""
BAND_ROWS = 256
"""Rows of an output that are sampled at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class _Large:
    """What the network made of a crop of a frame."""

    frame: av.VideoFrame
    crop: Rectangle
    seen: Tensor
    picture: Tensor


@dataclass(frozen=True, slots=True)
class _CropGrid(Subsampling):
    """The samples of a large picture of a crop."""

    crop: Rectangle

    def to_plane(self, x: float, y: float) -> tuple[float, float]:
        return SCALE * (x - self.crop.left), SCALE * (y - self.crop.top)


class EnlargedPlacer:
    """Draws the pictures of one clip as 8-bit 4:2:0 BT.709."""

    def __init__(self, plan: ClipPlan, video: VideoInfo, enlarger: Enlarger) -> None:
        self._plan, self._enlarger = plan, enlarger
        self._orientation = Orientation.of(video)
        self._samples = samples_of(video)
        self._crops = Crops.of(plan, self._samples)
        self._held = deque[_Large](maxlen=HELD)

    def placed(self, picture: av.VideoFrame, placement: Placement) -> av.VideoFrame:
        """The part of the picture that the placement names, where it says."""
        large = self._large(picture, self._crops.of_box(placement.box))
        drawn = to_yuv420(self._sampled(large, placement))
        return padded(drawn, placement, self._plan.output, self._plan.pad_color)

    def mixed(self, left: av.VideoFrame, right: av.VideoFrame, placement: Placement, weight: float) -> av.VideoFrame:
        """``(1 - weight) * left + weight * right``, both placed alike."""
        return mixed(self.placed(left, placement), self.placed(right, placement), weight)

    def _large(self, frame: av.VideoFrame, crop: Rectangle) -> _Large:
        for held in self._held:
            if held.frame is frame and held.crop == crop:
                return held
        seen = cut(self._upright(frame), crop).clone()
        self._held.append(_Large(frame, crop, seen, self._made_of(seen)))
        return self._held[-1]

    def _made_of(self, seen: Tensor) -> Tensor:
        """The large picture of a crop; sources repeat frames, and looking costs next to nothing."""
        for held in self._held:
            if torch.equal(held.seen, seen):
                return held.picture
        # Room first: the new one takes as much as an old one.
        if len(self._held) == HELD:
            self._held.popleft()
        return self._enlarger.enlarged(seen[None])[0]

    def _upright(self, frame: av.VideoFrame) -> Tensor:
        """The picture in R'G'B' as people see it, but for the aspect of its pixels."""
        return displayed(to_rgb(frame, self._enlarger.place), self._orientation)

    def _sampled(self, large: _Large, placement: Placement) -> Tensor:
        size = placement.picture.width, placement.picture.height
        if self._plan.rotation:
            lies = Orientation(self._samples, self._plan.frame, turns=0, mirrored=False)
            turn = Turn(placement.box, lies, _CropGrid(1, 1, large.crop), self._plan.rotation, 0.0)
            planes = (plane.to(torch.float32) for plane in large.picture)
            return torch.stack([turned(plane, turn, size, 0.0) for plane in planes]).clamp_(0, 1)
        across = SCALE * self._samples.width / self._plan.frame.width
        down = SCALE * self._samples.height / self._plan.frame.height
        box = Box(
            placement.box.x * across - SCALE * large.crop.left,
            placement.box.y * down - SCALE * large.crop.top,
            placement.box.width * across,
            placement.box.height * down,
        )
        return resampled_in_bands(large.picture, box, size).clamp_(0, 1)


def resampled_in_bands(picture: Tensor, box: Box, size: tuple[int, int]) -> Tensor:
    """The box of a large picture at a size (width, height), in full precision, worked out some rows at a time."""
    width, height = size
    step = box.height / height
    beyond = ceil(LOBES * max(1.0, step)) + 1
    bands: list[Tensor] = []
    for first in range(0, height, BAND_ROWS):
        rows = min(BAND_ROWS, height - first)
        start = box.y + first * step
        top = min(max(floor(start) - beyond, 0), picture.shape[-2] - 1)
        bottom = max(min(ceil(start + rows * step) + beyond, picture.shape[-2]), top + 1)
        band = picture[..., top:bottom, :].to(torch.float32)
        bands.append(resample(band, Box(box.x, start - top, box.width, rows * step), (width, rows)))
    return torch.cat(bands, -2)
