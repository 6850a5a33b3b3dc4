"""Single pictures as files."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from clipmill.engines.resample import samples

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
    return _in_full_range(frame, "rgb24", scaler or VideoReformatter())


def rgb_pixels(frame: av.VideoFrame, scaler: VideoReformatter) -> NDArray[np.uint8]:
    """The very same samples as (height, width, 3), in half the time: swscale is quicker at writing planes."""
    import cv2

    planes = _in_full_range(frame, "gbrp", scaler)
    green, blue, red = (samples(planes, index) for index in range(3))
    return np.asarray(cv2.merge([red, green, blue]), np.uint8)


def _in_full_range(frame: av.VideoFrame, form: str, scaler: VideoReformatter) -> av.VideoFrame:
    return scaler.reformat(
        frame,
        format=form,
        src_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
    )
