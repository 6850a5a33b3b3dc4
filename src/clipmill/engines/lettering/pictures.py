"""An image layer as a sticker.

*Convention:* only PNG with alpha is read; 16-bit samples keep their upper eight bits, colour profiles are not applied.
Scaling works on colours multiplied by alpha, in 16 bits, so that the colour of transparent pixels never shows.
"""

import io
import struct
import warnings
import zlib
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.lettering.paint import trimmed
from clipmill.engines.sticker import Sticker
from clipmill.errors import InvalidLayerError
from clipmill.media.geometry import Rectangle, Size
from clipmill.media.layers import ImageLayer
from clipmill.media.time import round_half_up

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 7680 * 4320
"""Of a picture before it is scaled: as many as the largest frame has."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 33
_WITH_ALPHA = (4, 6)
"""Colour types of PNG whose pixels carry alpha."""
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)

Premultiplied = NDArray[np.uint16]
"""(rows, columns, 4): half of red, green and blue times alpha, half of alpha times 255.

A cubic kernel overshoots beside edges; the halves leave it room, so that colour and alpha do so by the same part.
"""


def check_picture(layer: ImageLayer, frame: Size, index: int) -> None:
    """Refuse a picture by its header: not PNG, too large, without alpha, or of another size than the frame."""
    _opened(layer, frame, index)


def picture_sticker(layer: ImageLayer, frame: Size, index: int) -> Sticker:
    """The picture of layer number ``index`` as far as it lies on the frame, at the size asked for."""
    pixels = _pixels(_opened(layer, frame, index), index)
    height, width = pixels.shape[:2]
    place = Rectangle(
        round_half_up(layer.x or 0),
        round_half_up(layer.y or 0),
        width if layer.width is None else max(1, round_half_up(layer.width)),
        height if layer.height is None else max(1, round_half_up(layer.height)),
    )
    shown = place.inside(frame)
    if not shown.width or not shown.height:
        pixels = pixels[:0, :0]
    elif (place.width, place.height) != (width, height):
        pixels = _straight(_scaled(_premultiplied(pixels), place, shown))
    else:
        left, top = shown.left - place.left, shown.top - place.top
        pixels = pixels[top : top + shown.height, left : left + shown.width]
    return trimmed(Sticker(shown.left, shown.top, pixels[..., :3], pixels[..., 3]))


def _opened(layer: ImageLayer, frame: Size, index: int) -> "Image.Image":
    data = layer.png
    if data is None:
        raise ValueError(f"the picture of layer {index} was not read from {layer.key!r}")
    if not data.startswith(_SIGNATURE):
        raise _refusal(index, f"expected a PNG file, got bytes that begin with {data[:8].hex(' ') or 'nothing'}")
    if data[12:16] != b"IHDR" or len(data) < _HEADER_BYTES:
        raise _broken(index, "it has no whole header")
    width, height, depth, colour_type = struct.unpack_from(">IIBB", data, 16)
    if not 0 < width * height <= MOST_PIXELS:
        raise _refusal(index, f"expected 1 to {MOST_PIXELS} pixels, got {width} x {height}")
    if layer.fills_frame and (width, height) != (frame.width, frame.height):
        raise _refusal(
            index,
            f"the picture has {width} x {height} px and the frame {frame.width} x {frame.height} px; "
            "send a picture of the frame's size, or x, y, width and height to place it",
        )
    picture = _header(data, index)
    if picture.size != (width, height):
        raise _broken(index, "it has two headers")
    if colour_type not in _WITH_ALPHA and not (depth <= 8 and "transparency" in picture.info):
        raise _refusal(index, "the picture has no alpha channel; export it as a PNG with transparency (RGBA)")
    return picture


def _header(data: bytes, index: int) -> "Image.Image":
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Whatever the decoder warns of is checked here, or drawn as well as it can be.
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data), formats=["PNG"])
    except (*_BROKEN, Image.DecompressionBombError) as fault:
        raise _broken(index, fault) from fault


def _pixels(picture: "Image.Image", index: int) -> NDArray[np.uint8]:
    try:
        return np.asarray(picture.convert("RGBA"))
    except _BROKEN as fault:
        raise _broken(index, fault) from fault


def _refusal(index: int, why: str) -> InvalidLayerError:
    return InvalidLayerError(f"layer {index}: {why}", details={"index": index})


def _broken(index: int, why: object) -> InvalidLayerError:
    return _refusal(index, f"the PNG file is damaged ({why}); export it anew")


def _premultiplied(pixels: NDArray[np.uint8]) -> Premultiplied:
    wide = pixels.astype(np.uint16)
    wide[..., :3] *= wide[..., 3:]
    wide[..., 3] *= 255
    wide >>= 1
    return wide


def _straight(pixels: Premultiplied) -> NDArray[np.uint8]:
    alpha = pixels[..., 3:].astype(np.float32)
    colour = pixels[..., :3] / np.maximum(alpha, 1) * 255
    return (np.concatenate([colour, alpha * 2 / 255], axis=2) + 0.5).clip(0, 255).astype(np.uint8)


def _scaled(pixels: Premultiplied, place: Rectangle, shown: Rectangle) -> Premultiplied:
    """The part ``shown`` of the picture at its ``place``: averaged where it shrinks, cubic where it grows."""
    import cv2

    height, width = pixels.shape[:2]
    small = Size(min(width, place.width), min(height, place.height))
    if (small.width, small.height) != (width, height):
        pixels = cast("Premultiplied", cv2.resize(pixels, (small.width, small.height), interpolation=cv2.INTER_AREA))
    x_step, y_step = small.width / place.width, small.height / place.height
    x_first = (shown.left - place.left + 0.5) * x_step - 0.5
    y_first = (shown.top - place.top + 0.5) * y_step - 0.5
    to_source = np.array([[x_step, 0, x_first], [0, y_step, y_first]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    grown = cv2.warpAffine(pixels, to_source, (shown.width, shown.height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cast("Premultiplied", grown)
