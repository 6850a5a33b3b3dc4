"""Draw highlights and layers on the frames of one video."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from clipmill.engines.overlay.blur import FrameBlur
from clipmill.engines.overlay.canvas import Canvas, Grid, Planes3, planes_of_canvas
from clipmill.engines.overlay.effects import fill_surroundings
from clipmill.engines.overlay.spot_stamps import SpotStamp, spot_stamps
from clipmill.engines.overlay.stamp import Stamp
from clipmill.engines.overlay.stickers import stamps_of
from clipmill.engines.planes import Orientation
from clipmill.engines.sticker import Sticker
from clipmill.media.choices import Effect
from clipmill.media.highlights import Highlights
from clipmill.media.layers import Layer
from clipmill.media.spots import Spot


@dataclass(frozen=True, slots=True)
class DrawnLayer:
    """A layer and its picture."""

    layer: Layer
    sticker: Sticker


class Painter:
    """Draws on the frames of one video; keeps what did not change from one frame to the next."""

    def __init__(self, highlights: Highlights | None, layers: Iterable[DrawnLayer] = ()) -> None:
        self._highlights, self._layers = highlights, tuple(layers)
        self._spots: tuple[tuple[Spot, ...], Grid, tuple[SpotStamp, ...]] | None = None
        self._blur: tuple[Grid, FrameBlur] | None = None
        self._laid: dict[tuple[int, Grid], tuple[Stamp, ...]] = {}

    def paint(self, frame: av.VideoFrame, t: Fraction, orientation: Orientation) -> av.VideoFrame:
        """The 8-bit 4:2:0 BT.709 frame shown at ``t`` with everything drawn on it.

        A new frame, for a decoder may still need the one it gave; the same object where nothing is drawn.
        """
        spots = self._highlights.spots(t) if self._highlights else ()
        layers = self._layers_at(t)
        if not spots and not layers:
            return frame
        canvas = Canvas.of(frame, orientation)
        drawn = empty_like(frame)
        target = Canvas(planes_of_canvas(drawn), canvas.grid)
        self._highlight(spots, canvas, target)
        for stamp in self._stamps(layers, canvas.grid):
            stamp.press(target.planes, target.planes)
        return drawn

    def _highlight(self, spots: tuple[Spot, ...], canvas: Canvas, target: Canvas) -> None:
        if not spots or not self._highlights:
            for old, new in zip(canvas.planes, target.planes, strict=True):
                np.copyto(new, old)
            return
        look, size = self._highlights.look, self._highlights.size
        strongest = max(spot.strength for spot in spots)
        twin = self._twin(canvas, look.sigma_px(size)) if look.effect is Effect.BLUR else None
        fill_surroundings(look, strongest, canvas.planes, target.planes, twin)
        if self._spots is None or self._spots[:2] != (spots, canvas.grid):
            self._spots = (spots, canvas.grid, spot_stamps(spots, look, size, canvas.grid))
        for stamp in self._spots[2]:
            stamp.press(canvas.planes, target.planes, twin)

    def _twin(self, canvas: Canvas, sigma: float) -> Planes3:
        if self._blur is None or self._blur[0] != canvas.grid:
            self._blur = canvas.grid, FrameBlur(canvas.grid, sigma)
        return self._blur[1].blurred(canvas.planes)

    def _layers_at(self, t: Fraction) -> dict[int, float]:
        """How strongly each layer that shows does."""
        strengths = {index: drawn.layer.strength(t) for index, drawn in enumerate(self._layers)}
        return {index: strength for index, strength in strengths.items() if strength > 0}

    def _stamps(self, layers: dict[int, float], grid: Grid) -> Iterator[Stamp]:
        # Those of layers that are over are let go: a layer may be as large as the frame.
        self._laid = {key: stamps for key, stamps in self._laid.items() if key[0] in layers}
        for index, strength in layers.items():
            if (index, grid) not in self._laid:
                self._laid[index, grid] = stamps_of(self._layers[index].sticker, grid)
            for stamp in self._laid[index, grid]:
                yield stamp if strength == 1 else stamp.faded(strength)


def empty_like(frame: av.VideoFrame) -> av.VideoFrame:
    """A frame of the same size, time and colours, not yet filled."""
    empty = av.VideoFrame(frame.width, frame.height, "yuv420p")
    empty.pts, empty.dts, empty.duration = frame.pts, frame.dts, frame.duration
    if frame.time_base is not None:
        empty.time_base = frame.time_base
    empty.colorspace, empty.color_range = frame.colorspace, frame.color_range
    empty.color_primaries, empty.color_trc = frame.color_primaries, frame.color_trc
    return empty
