"""From what shall be drawn over a video to the painter that draws it, and to the times at which it does."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from clipmill.engines.device.opening import PaintsFrames, frame_painter
from clipmill.engines.lettering import check_layer, layer_sticker, missing_glyphs
from clipmill.engines.overlay.painter import DrawnLayer
from clipmill.engines.painted import even_size
from clipmill.engines.picture_times import PictureTimes
from clipmill.errors import InvalidLayerError
from clipmill.function.context import Context
from clipmill.function.overlay_shapes import OverlayLook
from clipmill.function.results import Warn
from clipmill.functions.planning import Source
from clipmill.media.highlights import Highlights
from clipmill.media.layers import ImageLayer, Layer, TextLayer
from clipmill.media.time import selection_tolerance

LARGEST_PICTURE_BYTES = 32 << 20
"""Of a stored PNG."""
LONGEST_LOOKED_AT_S = 60
"""Frames of regions are looked up one by one up to here; longer regions meet one surely if a steady rate would."""


@dataclass(frozen=True)
class Overlay:
    """What is drawn over one source."""

    source: Source
    highlights: Highlights
    layers: tuple[Layer, ...]

    @property
    def changed(self) -> list[tuple[Fraction, Fraction]]:
        """The seconds in which anything is drawn."""
        shown = [(layer.start - layer.tolerance, layer.end - layer.tolerance) for layer in self.layers if layer.opacity]
        return [*self.highlights.spans(), *shown]

    def painter(self) -> PaintsFrames:
        """What draws it."""
        frame = even_size(self.source.video.displayed)
        drawn = (DrawnLayer(layer, layer_sticker(layer.drawn, frame, index)) for index, layer in enumerate(self.layers))
        return frame_painter(self.highlights, tuple(drawn))

    def warnings(self) -> Iterator[Warn]:
        """What the caller should know before a frame is drawn."""
        for index in self.highlights.outside(self._moments()):
            message = f"region {index} meets no frame of the video; nothing of it is drawn"
            yield Warn.model_validate({"code": "region_outside_video", "message": message, "index": index})
        for index, layer in enumerate(self.layers):
            missing = missing_glyphs(layer.drawn.text) if isinstance(layer.drawn, TextLayer) else ()
            if missing:
                message = f"layer {index}: no bundled font has {' '.join(missing)}; a box stands in for it"
                yield Warn.model_validate({"code": "missing_glyph", "message": message, "index": index})

    def _moments(self) -> Iterator[Fraction]:
        """When the frames that regions could meet are shown."""
        video = self.source.video
        windows = [
            (max(region.start, Fraction(0)), min(region.end, video.duration)) for region in self.highlights.regions
        ]
        if sum(end - start for start, end in windows if end > start) > LONGEST_LOOKED_AT_S:
            numbers = range(int(video.duration * video.rate) + 1)
            yield from (number / video.rate for number in numbers)
            return
        times = PictureTimes(self.source.media, video)
        for start, end in windows:
            if end > start:
                first, last = (int((video.start + t) / times.tick) for t in (start, end))
                yield from (time * times.tick - video.start for time in times.shown(first - 1, last + 1))


def overlay_of(look: OverlayLook, source: Source, context: Context) -> Overlay:
    """What a request wants drawn over a source; everything about it is checked here."""
    video = source.video
    frame, tolerance = even_size(video.displayed), selection_tolerance(video.rate)
    highlights = look.highlights(video.rate, video.duration, frame)
    layers = tuple(_loaded(shape.layer(tolerance), index, context) for index, shape in enumerate(look.text_layers))
    for index, layer in enumerate(layers):
        check_layer(layer.drawn, frame, index)
    return Overlay(source, highlights, layers)


def _loaded(layer: Layer, index: int, context: Context) -> Layer:
    """The layer with its picture's bytes."""
    if not isinstance(layer.drawn, ImageLayer) or layer.drawn.key is None:
        return layer
    path = context.fetch(layer.drawn.key)
    if path.stat().st_size > LARGEST_PICTURE_BYTES:
        raise InvalidLayerError(
            f"layer {index}: the picture {layer.drawn.key} has {path.stat().st_size} bytes, at most "
            f"{LARGEST_PICTURE_BYTES} are read; store a smaller one",
            details={"index": index},
        )
    return replace(layer, drawn=replace(layer.drawn, png=path.read_bytes()))
