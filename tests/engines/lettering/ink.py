"""What the tests of lettering read from stickers, and the PNG files they make."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from clipmill.engines.sticker import Sticker
from clipmill.media.geometry import Size

FRAME = Size(320, 180)


def extent(sticker: Sticker) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what shows, in pixels of the frame."""
    rows, columns = np.nonzero(sticker.alpha)
    return (
        sticker.left + int(columns.min()),
        sticker.top + int(rows.min()),
        sticker.left + int(columns.max()) + 1,
        sticker.top + int(rows.max()) + 1,
    )


def on_frame(sticker: Sticker, frame: Size = FRAME) -> np.ndarray:
    """The sticker as a frame of red, green, blue and alpha."""
    picture = np.zeros((frame.height, frame.width, 4), np.uint8)
    height, width = sticker.alpha.shape
    part = picture[sticker.top : sticker.top + height, sticker.left : sticker.left + width]
    part[..., :3], part[..., 3] = sticker.rgb, sticker.alpha
    return picture


def png(pixels: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def raw_png(width: int, height: int, depth: int, colour_type: int, rows: bytes, *further: bytes) -> bytes:
    """A PNG written chunk by chunk; ``rows`` begin with their filter byte."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    ends = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(further) + ends
