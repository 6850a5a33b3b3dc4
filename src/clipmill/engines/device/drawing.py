"""Draw on a device what the processor draws elsewhere: frames go in, frames come out."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import av
import torch

from clipmill.engines.device.painter import DevicePainter
from clipmill.engines.device.placing import DevicePlacer
from clipmill.engines.device.planes import downloaded, filled, uploaded
from clipmill.engines.overlay.painter import DrawnLayer, empty_like
from clipmill.engines.planes import Orientation
from clipmill.media.geometry import Placement
from clipmill.media.highlights import Highlights


@dataclass(frozen=True, slots=True)
class FramePlacer:
    """Draws the pictures of one source as 8-bit 4:2:0 BT.709."""

    placer: DevicePlacer
    place: torch.device

    @torch.inference_mode()
    def placed(self, picture: av.VideoFrame, placement: Placement) -> av.VideoFrame:
        """The part of the picture that the placement names, where it says."""
        return downloaded(self.placer.placed(uploaded(picture, self.place), placement).all)

    @torch.inference_mode()
    def mixed(self, left: av.VideoFrame, right: av.VideoFrame, placement: Placement, weight: float) -> av.VideoFrame:
        """``(1 - weight) * left + weight * right``, both placed alike; only their mixture leaves the device."""
        shown = [self.placer.placed(uploaded(frame, self.place), placement).all for frame in (left, right)]
        luma, blue, red = (torch.lerp(old, new, weight) for old, new in zip(*shown, strict=True))
        return downloaded((luma, blue, red))


class FramePainter:
    """Draws on the frames of one video."""

    def __init__(self, highlights: Highlights | None, layers: Iterable[DrawnLayer], place: torch.device) -> None:
        self._painter, self._place = DevicePainter(highlights, layers), place

    @torch.inference_mode()
    def paint(self, frame: av.VideoFrame, t: Fraction, orientation: Orientation) -> av.VideoFrame:
        """A new 8-bit 4:2:0 BT.709 frame with everything drawn on it; the same object where nothing is drawn."""
        if not self._painter.draws(t):
            return frame
        drawn = self._painter.paint(uploaded(frame, self._place), t, orientation)
        return filled(empty_like(frame), drawn.all)
