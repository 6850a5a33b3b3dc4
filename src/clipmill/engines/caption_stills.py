"""Full frames of a video as people see them, and as files: JPEG in full size, and a thumbnail of each.

Convention: index k is the picture on screen at k tenths of a second; pictures are height x width x 3, 8-bit RGB, in
displayed geometry.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from clipmill.engines.decode import Media, PictureReader, Sighting
from clipmill.engines.painted import even_size
from clipmill.engines.placing import PicturePlacer
from clipmill.engines.still import rgb_pixels
from clipmill.errors import CorruptMediaError, DecodeFailedError
from clipmill.media.captions.sampling import frame_time
from clipmill.media.geometry import Box, Placement, Size
from clipmill.media.info import VideoInfo
from clipmill.media.time import round_half_up

Rgb = NDArray[np.uint8]

STILL_QUALITY, THUMBNAIL_QUALITY = 90, 85
THUMBNAIL_WIDTH = 320
SPARSE_S = 2
"""From this distance on, each frame is sought for itself instead of decoding all that lies between."""


@dataclass(frozen=True, slots=True)
class FullFrame:
    """One frame; ``stand_in`` marks a picture shown because the right one could not be decoded."""

    index: int
    pixels: Rgb
    stand_in: bool


@dataclass
class FullFrames:
    """Reads the frames of ascending indices, once, one at a time."""

    media: Media
    video: VideoInfo
    indices: Sequence[int]
    threads: int = 0

    def __post_init__(self) -> None:
        shown = self.video.displayed
        # 4:2:0 needs even sides: what is too much repeats the edge, and is cut off again.
        drawn = even_size(shown)
        self._placer = PicturePlacer(self.video, drawn)
        self._scaler = VideoReformatter()
        self._placement = Placement(Box(0.0, 0.0, float(drawn.width), float(drawn.height)), drawn, 0, 0)

    def __iter__(self) -> Iterator[FullFrame]:
        shown = self.video.displayed
        try:
            for index, sight in zip(self.indices, self._sightings(), strict=True):
                pixels = rgb_pixels(self._placer.placed(sight.picture.frame, self._placement), self._scaler)
                yield FullFrame(index, np.ascontiguousarray(pixels[: shown.height, : shown.width]), sight.stand_in)
        except CorruptMediaError as fault:
            raise DecodeFailedError(f"no picture could be decoded: {fault.message}") from fault

    def _sightings(self) -> Iterator[Sighting]:
        times = [frame_time(index) for index in self.indices]
        reader = PictureReader(self.media, self.video, self.threads, tolerance=Fraction(0))
        if len(times) > 1 and times[1] - times[0] >= SPARSE_S:
            for time in times:
                yield from reader.on_screen([time])
        else:
            yield from reader.on_screen(times)


def thumbnail_size(size: Size) -> Size:
    """At most `THUMBNAIL_WIDTH` wide, in the shape of the frame.

    >>> thumbnail_size(Size(1280, 720)), thumbnail_size(Size(100, 60))
    (Size(width=320, height=180), Size(width=100, height=60))
    """
    width = min(THUMBNAIL_WIDTH, size.width)
    return Size(width, max(1, round_half_up(Fraction(size.height * width, size.width))))


def write_still(pixels: Rgb, path: Path) -> None:
    """A frame in full size."""
    Image.fromarray(pixels).save(path, "JPEG", quality=STILL_QUALITY)


def write_thumbnail(pixels: Rgb, path: Path) -> None:
    """The same picture, small."""
    height, width = pixels.shape[:2]
    small = thumbnail_size(Size(width, height))
    image = Image.fromarray(pixels).resize((small.width, small.height), Image.Resampling.LANCZOS)
    image.save(path, "JPEG", quality=THUMBNAIL_QUALITY)
