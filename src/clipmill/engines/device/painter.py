"""Draw highlights and layers on pictures on a device, as `clipmill.engines.overlay.painter` does on the processor."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import torch

from clipmill.engines.device.highlighting import highlighted
from clipmill.engines.device.planes import DevicePlanes
from clipmill.engines.device.stickers import DeviceStamp
from clipmill.engines.overlay.canvas import Grid
from clipmill.engines.overlay.painter import DrawnLayer
from clipmill.engines.overlay.stickers import stamps_of
from clipmill.engines.planes import Orientation
from clipmill.media.highlights import Highlights
from clipmill.media.spots import Spot


class DevicePainter:
    """Draws on the pictures of one video; keeps the stamps of layers while they show."""

    def __init__(self, highlights: Highlights | None, layers: Iterable[DrawnLayer] = ()) -> None:
        self._highlights, self._layers = highlights, tuple(layers)
        self._laid: dict[tuple[int, Grid], tuple[DeviceStamp, ...]] = {}

    def draws(self, t: Fraction) -> bool:
        """Whether anything is drawn on the picture shown at ``t``."""
        return bool(self._spots(t) or self._strengths(t))

    def paint(self, picture: DevicePlanes, t: Fraction, orientation: Orientation) -> DevicePlanes:
        """A new 4:2:0 BT.709 picture: that shown at ``t`` with everything drawn on it."""
        grid, spots, strengths = Grid.of(orientation), self._spots(t), self._strengths(t)
        if spots and self._highlights:
            drawn = highlighted(picture, spots, self._highlights.look, self._highlights.size, grid)
        else:
            luma, blue, red = (plane.clone() for plane in picture.all)
            drawn = replace(picture, luma=luma, blue=blue, red=red)
        # Stamps of layers that are over are let go: a layer may be as large as the frame.
        self._laid = {key: stamps for key, stamps in self._laid.items() if key[0] in strengths}
        for index, strength in strengths.items():
            for stamp in self._stamps(index, grid, picture.luma.device):
                stamp.press(drawn, strength)
        return drawn

    def _spots(self, t: Fraction) -> tuple[Spot, ...]:
        return self._highlights.spots(t) if self._highlights else ()

    def _strengths(self, t: Fraction) -> dict[int, float]:
        """How strongly each layer that shows does."""
        strengths = {index: drawn.layer.strength(t) for index, drawn in enumerate(self._layers)}
        return {index: strength for index, strength in strengths.items() if strength > 0}

    def _stamps(self, index: int, grid: Grid, place: torch.device) -> tuple[DeviceStamp, ...]:
        if (index, grid) not in self._laid:
            stamps = stamps_of(self._layers[index].sticker, grid)
            self._laid[index, grid] = tuple(DeviceStamp.of(stamp, place) for stamp in stamps)
        return self._laid[index, grid]
