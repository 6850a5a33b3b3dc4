"""Pictures with texture, edges and colour, and how alike the two ways of drawing make them."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from tests.engines.drawing import copied, frame_of
from tests.engines.reference import cropped, psnr

from clipmill.engines.device.drawing import FramePlacer
from clipmill.engines.device.placing import DevicePlacer
from clipmill.engines.placing import PicturePlacer
from clipmill.media.geometry import Placement, Size
from clipmill.media.info import VideoInfo

HERE = torch.device("cpu")
SIZE = Size(160, 120)
LEAST_PSNR_DB, MOST_MEAN_ERROR = 45, 1


@cache
def textured(name: str = "yuv420p", size: Size = SIZE):
    """A frame of fine and coarse texture with hard edges; the same whenever it is asked for."""
    bits, across, down = _layout(name)
    chroma = -(-size.width // across), -(-size.height // down)
    planes = [
        _plane(size.width, size.height, 1),
        *(_plane(*chroma, seed, low=60, high=196) for seed in (2, 3)),
    ]
    kind = np.uint8 if bits == 8 else np.uint16
    return frame_of([np.rint(plane * (1 << (bits - 8))).astype(kind) for plane in planes], name)


@cache
def muted(name: str = "yuv420p"):
    """The same, as dull as real footage is: no colour lies beyond what displays have, in any gamut."""
    luma, *chroma = copied(textured(name))
    unit = 1 << (_layout(name)[0] - 8)
    return frame_of([32 * unit + luma // 2, *(112 * unit + plane // 8 for plane in chroma)], name)


def _layout(name: str) -> tuple[int, int, int]:
    """Bits, and how many columns and rows share a chroma sample."""
    return (10 if "10" in name else 8), (1 if "444" in name else 2), (2 if "420" in name else 1)


def _plane(width: int, height: int, seed: int, low: float = 16, high: float = 235) -> np.ndarray:
    noise = np.random.default_rng(seed)
    texture = cropped(noise.random((height // 3, width // 3)), (0, 0, width // 3, height // 3), (height, width))
    shapes = cropped(noise.random((4, 5)), (0, 0, 5, 4), (height, width))
    picture = 0.35 * texture + 0.65 * shapes
    picture[height // 3 : height // 2, width // 4 : width // 2] += 0.2
    return low + (high - low) * np.clip(picture, 0, 1)


def both_ways(frame, video: VideoInfo, output: Size, placement: Placement, **more) -> list[Sequence[np.ndarray]]:
    """The planes of one placement, drawn by the processor's own code and by the device's."""
    usual = PicturePlacer(video, output, **more)
    device = FramePlacer(DevicePlacer(video, output, **more), HERE)
    return [copied(placer.placed(frame, placement)) for placer in (usual, device)]


def assert_alike(usual: Sequence[np.ndarray], drawn: Sequence[np.ndarray]) -> None:
    for left, right in zip(usual, drawn, strict=True):
        assert left.shape == right.shape
        assert psnr(left.astype(float), right.astype(float)) >= LEAST_PSNR_DB
        assert np.abs(left.astype(float) - right).mean() <= MOST_MEAN_ERROR
