"""Draw source pictures into an output, out of what a network made of the part of them that is needed.

Convention: *samples* as in `clipmill.media.upscaling`. Sample positions of a large picture are those of its crop times four.
"""

from collections import deque
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from math import ceil, floor

import av
import torch
from torch import Tensor

from clipmill.engines.blend import blended
from clipmill.engines.device.colour import to_rgb, to_yuv420
from clipmill.engines.device.planes import displayed
from clipmill.engines.device.resample import LOBES, resample
from clipmill.engines.device.rotate import turned
from clipmill.engines.layout import are_alike
from clipmill.engines.look import Look
from clipmill.engines.overlap import ahead
from clipmill.engines.placing import padded
from clipmill.engines.planes import Orientation, Subsampling
from clipmill.engines.rotate import Turn
from clipmill.engines.upscale.enlarging import Enlarger, cut
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Box, Placement, Rectangle
from clipmill.media.info import VideoInfo
from clipmill.media.upscaling import SCALE, Crops, samples_of

HELD = 2
"""Pictures that may be shown again: slow motion needs two at a time."""
PICTURES_AHEAD = 2
"""Pictures that may wait for a network, at least."""
BAND_ROWS = 256
"""Rows of an output that are sampled at a time."""


@dataclass(slots=True, eq=False)
class _View:
    """What the network sees of a frame, and what it has made of that."""

    frame: av.VideoFrame
    crop: Rectangle
    seen: Tensor
    large: Tensor | None = None


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
        self._recent = deque[_View](maxlen=HELD)

    def drawn(self, looks: Iterable[Look]) -> Generator[av.VideoFrame]:
        """The frame of each look, in order: pictures are made ready in a thread of their own, and enlarged in batches."""
        at_once = self._enlarger.at_once(self._crops.shape)
        with closing(ahead(map(self._prepared, looks), max(at_once, PICTURES_AHEAD))) as prepared:
            while batch := list(islice(prepared, at_once)):
                self._enlarge(view for _, views in batch for view in views)
                while batch:
                    yield self._shown(*batch.pop(0))

    def _prepared(self, look: Look) -> tuple[Look, list[_View]]:
        return look, [self._view(picture, look.placement) for picture in look.pictures]

    @torch.inference_mode()
    def _view(self, frame: av.VideoFrame, placement: Placement) -> _View:
        """What the network sees of a frame; slow motion shows frames again, and sources repeat them."""
        crop = self._crops.of_box(placement.box)
        for view in self._recent:
            if view.crop == crop and (view.frame is frame or are_alike(view.frame, frame)):
                return view
        self._recent.append(_View(frame, crop, cut(self._upright(frame), crop).clone()))
        return self._recent[-1]

    def _enlarge(self, views: Iterable[_View]) -> None:
        """Make the large pictures that are not there yet."""
        new = list(dict.fromkeys(view for view in views if view.large is None))
        if new:
            made = self._enlarger.enlarged(torch.stack([view.seen for view in new]))
            for view, large in zip(new, made, strict=True):
                view.large = large

    def _shown(self, look: Look, views: list[_View]) -> av.VideoFrame:
        frames = [to_yuv420(self._sampled(view, look.placement)) for view in views]
        return padded(blended(frames, look.weight), look.placement, self._plan.output, self._plan.pad_color)

    def _upright(self, frame: av.VideoFrame) -> Tensor:
        """The picture in R'G'B' as people see it, but for the aspect of its pixels."""
        return displayed(to_rgb(frame, self._enlarger.place), self._orientation)

    def _sampled(self, view: _View, placement: Placement) -> Tensor:
        assert view.large is not None
        size = placement.picture.width, placement.picture.height
        if self._plan.rotation:
            lies = Orientation(self._samples, self._plan.frame, turns=0, mirrored=False)
            turn = Turn(placement.box, lies, _CropGrid(1, 1, view.crop), self._plan.rotation, 0.0)
            planes = (plane.to(torch.float32) for plane in view.large)
            return torch.stack([turned(plane, turn, size, 0.0) for plane in planes]).clamp_(0, 1)
        across = SCALE * self._samples.width / self._plan.frame.width
        down = SCALE * self._samples.height / self._plan.frame.height
        box = Box(
            placement.box.x * across - SCALE * view.crop.left,
            placement.box.y * down - SCALE * view.crop.top,
            placement.box.width * across,
            placement.box.height * down,
        )
        return resampled_in_bands(view.large, box, size).clamp_(0, 1)


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
