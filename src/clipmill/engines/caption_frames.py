"""The caption band of a video, frame by frame, from one pass of the decoder.

Convention: frame k is the picture on screen at k / rate seconds; bands are in displayed geometry, BT.709. Only the
pixels of the band are converted, and only those of pictures that are shown at a sampled time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from clipmill.engines.decode import Media, Picture, PictureReader
from clipmill.engines.placing import PicturePlacer
from clipmill.engines.still import rgb_pixels
from clipmill.errors import CorruptMediaError, DecodeFailedError
from clipmill.media.captions.region import PixelRect
from clipmill.media.geometry import Box, Placement
from clipmill.media.info import VideoInfo

Pixels = NDArray[np.uint8]

MOST_CONCEALED = Fraction(5, 100)
"""The share of frames that may be stand-ins for pictures that could not be decoded."""


@dataclass(frozen=True, slots=True)
class CaptionFrame:
    """One frame of the band; two frames that show the same picture share their pixels."""

    index: int
    planar: Pixels
    """4:2:0 in limited range, as (height * 3 / 2, width): luma, then Cb, then Cr."""
    rgb: Pixels
    """(height, width, 3)."""


@dataclass
class CaptionFrames:
    """Reads ``count`` frames of the band, from ``first`` on, in order and once."""

    media: Media
    video: VideoInfo
    band: PixelRect
    rate: Fraction
    count: int
    threads: int = 0
    first: int = 0

    def __post_init__(self) -> None:
        self.concealed = 0
        """How many frames show the picture before, because their own could not be decoded."""
        self._placer = PicturePlacer(self.video, self.band.size)
        self._scaler = VideoReformatter()
        sides = (float(side) for side in (self.band.left, self.band.top, self.band.width, self.band.height))
        self._placement = Placement(Box(*sides), self.band.size, 0, 0)

    def frames(self) -> Iterator[CaptionFrame]:
        """Every frame; too many stand-ins are a fault, told as soon as there are too many."""
        reader = PictureReader(self.media, self.video, self.threads, tolerance=Fraction(0))
        shown: Picture | None = None
        pixels: tuple[Pixels, Pixels] | None = None
        try:
            wanted = range(self.first, self.first + self.count)
            for index, sight in zip(wanted, reader.on_screen(k / self.rate for k in wanted), strict=True):
                self._count(stand_in=sight.stand_in)
                if pixels is None or sight.picture is not shown:
                    shown, pixels = sight.picture, self._drawn(sight.picture.frame)
                yield CaptionFrame(index, *pixels)
        except CorruptMediaError as fault:
            raise DecodeFailedError(f"no picture could be decoded: {fault.message}") from fault

    def _count(self, *, stand_in: bool) -> None:
        self.concealed += stand_in
        if self.concealed > MOST_CONCEALED * self.count:
            raise DecodeFailedError(
                f"more than {float(MOST_CONCEALED):.0%} of {self.count} frames could not be decoded; repair the file or upload "
                "it again"
            )

    def _drawn(self, picture: av.VideoFrame) -> tuple[Pixels, Pixels]:
        band = self._placer.placed(picture, self._placement)
        return np.asarray(band.to_ndarray(), np.uint8), rgb_pixels(band, self._scaler)
