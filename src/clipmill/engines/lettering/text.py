"""A text layer as a sticker.

*Convention:* the text box holds the lines (ascent + descent high, without leading) with the outline around them and, if
it is coloured, a quarter of the letters' size on each side. Its anchor point is put at (x, y).
"""

import math
from dataclasses import dataclass

import numpy as np

from clipmill.engines.lettering.lines import broken, wrapped
from clipmill.engines.lettering.paint import Coat, Coverage, painted
from clipmill.engines.lettering.typesetter import Typesetter
from clipmill.engines.sticker import Sticker
from clipmill.errors import InvalidLayerError
from clipmill.media.geometry import Rectangle, Size
from clipmill.media.layers import TextLayer, anchored

BOX_PADDING = 0.25
"""Free room around the lines of a coloured box, in parts of the letters' size."""
LARGEST_LINE = 64_000_000
"""Pixels of one line of letters: beyond, most of it lies outside every frame and only costs memory."""


@dataclass(frozen=True, slots=True)
class TextBlock:
    """The lines of a text layer and where they stand on the frame."""

    box: Rectangle
    lines: tuple[tuple[str, int, int], ...]
    """Each with the left and top of its own box."""


def text_block(layer: TextLayer, frame: Size, index: int) -> TextBlock:
    """Where the lines of layer number ``index`` stand; lines far too large to draw are refused."""
    setter = Typesetter(layer.weight, layer.size_on(frame))
    lines = [
        part
        for line in broken(layer.text)
        for part in ([line] if layer.max_width is None else wrapped(line, setter.width, layer.max_width))
    ]
    widths = [setter.width(line) for line in lines]
    _check(max(widths) * setter.line_height, index)
    margin = _margin(layer, setter)
    extent = Size(math.ceil(max(widths)) + 2 * margin, len(lines) * setter.line_height + 2 * margin)
    box = anchored(layer.x, layer.y, layer.anchor, extent)
    room = extent.width - 2 * margin
    lefts = [box.left + margin + round((room - width) * layer.align.part) for width in widths]
    tops = range(box.top + margin, box.bottom, setter.line_height)
    return TextBlock(box, tuple(zip(lines, lefts, tops, strict=False)))


def _check(pixels: float, index: int) -> None:
    if pixels > LARGEST_LINE:
        raise InvalidLayerError(
            f"layer {index}: a line of the text would have {pixels / 1e6:.0f} million pixels, at most "
            f"{LARGEST_LINE // 10**6} can be drawn; choose a smaller size or a max_width",
            details={"index": index},
        )


def _margin(layer: TextLayer, setter: Typesetter) -> int:
    padding = round(BOX_PADDING * setter.size) if layer.box_color is not None else 0
    return math.ceil(layer.outline_width) + padding


def text_sticker(layer: TextLayer, frame: Size, index: int) -> Sticker:
    """The text as far as it lies on the frame."""
    setter = Typesetter(layer.weight, layer.size_on(frame))
    block = text_block(layer, frame, index)
    # Stacked accents reach over the top of a line.
    region = block.box.grown(math.ceil(setter.size)).inside(frame)
    coats: list[Coat] = []
    if layer.box_color is not None:
        coats.append(Coat(layer.box_color, filled(region, block.box, layer.box_opacity)))
    if layer.outline_width:
        coats.append(Coat(layer.outline_color, inked(region, setter, block.lines, layer.outline_width)))
    coats.append(Coat(layer.color, inked(region, setter, block.lines)))
    return painted(region, coats)


def filled(region: Rectangle, box: Rectangle, opacity: float) -> Coverage:
    """The coverage of a box on a region."""
    coverage = np.zeros((region.height, region.width), np.float32)
    part = Rectangle(box.left - region.left, box.top - region.top, box.width, box.height)
    part = part.inside(Size(region.width, region.height))
    coverage[part.top : part.bottom, part.left : part.right] = opacity
    return coverage


def inked(
    region: Rectangle, setter: Typesetter, lines: tuple[tuple[str, int, int], ...], stroke: float = 0
) -> Coverage:
    """The coverage of lines on a region, thickened by ``stroke`` pixels."""
    from PIL import Image

    if not region.width or not region.height:
        return np.zeros((region.height, region.width), np.float32)
    mask = Image.new("L", (region.width, region.height))
    for line, left, top in lines:
        if region.top - 2 * setter.line_height < top < region.bottom + setter.line_height:
            setter.write(mask, line, (left - region.left, top - region.top), stroke)
    return np.asarray(mask, np.float32) / np.float32(255)
