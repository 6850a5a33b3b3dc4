"""Single pictures as files."""

from fractions import Fraction
from pathlib import Path

import av
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from PIL import Image

JPEG = frozenset({".jpg", ".jpeg"})
_JPEG_QUALITY = 92


def write_picture(frame: av.VideoFrame, path: Path) -> None:
    """Write a BT.709 picture as 8-bit RGB: a JPEG where the name of the file says so, else a PNG."""
    if path.suffix.lower() in JPEG:
        write_jpeg(frame, path)
    else:
        write_png(frame, path)


def write_png(frame: av.VideoFrame, path: Path) -> None:
    """Write a BT.709 picture as PNG, 8-bit RGB."""
    picture = rgb(frame)
    encoder = av.CodecContext.create("png", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "rgb24"
    encoder.time_base = Fraction(1, 1)
    picture.pts = 0
    path.write_bytes(b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)]))


def write_jpeg(frame: av.VideoFrame, path: Path) -> None:
    """Write a BT.709 picture as JPEG, with all of its colour."""
    Image.fromarray(rgb(frame).to_ndarray()).save(path, "JPEG", quality=_JPEG_QUALITY, subsampling=0)


def rgb(frame: av.VideoFrame, scaler: VideoReformatter | None = None) -> av.VideoFrame:
    """A BT.709 picture of limited range as 8-bit RGB; a ``scaler`` that is given again keeps its tables, which cost most."""
    return (scaler or VideoReformatter()).reformat(
        frame,
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
    )
