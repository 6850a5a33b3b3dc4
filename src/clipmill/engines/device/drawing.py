"""Draw on a device what the processor draws elsewhere: frames go in, frames come out."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from fractions import Fraction

import av
import torch

from clipmill.engines.device.painter import DevicePainter
from clipmill.engines.device.placing import DevicePlacer
from clipmill.engines.device.planes import downloaded, filled, uploaded
from clipmill.engines.look import Look
from clipmill.engines.overlay.painter import DrawnLayer, empty_like
from clipmill.engines.planes import Orientation
from clipmill.media.geometry import Placement
from clipmill.media.highlights import Highlights


@dataclass(frozen=True, slots=True)
class FramePlacer:
    """Draws the pictures of one source as 8-bit 4:2:0 BT.709."""

    placer: DevicePlacer
    place: torch.device

    def drawn(self, looks: Iterable[Look]) -> Generator[av.VideoFrame]:
        """The frame of each look, in order; of two pictures only the mixture leaves the device."""
        for look in looks:
            yield self._drawn(look)

    def placed(self, picture: av.VideoFrame, placement: Placement) -> av.VideoFrame:
        """The part of the picture that the placement names, where it says."""
        return self._drawn(Look(placement, picture))

    @torch.inference_mode()
    def _drawn(self, look: Look) -> av.VideoFrame:
        first, *others = (self.placer.placed(uploaded(each, self.place), look.placement).all for each in look.pictures)
        for other in others:
            first = tuple(torch.lerp(old, new, look.weight) for old, new in zip(first, other, strict=True))
        luma, blue, red = first
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
