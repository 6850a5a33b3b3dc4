"""Source pictures drawn upright and painted on, as what follows sees them: as large as displayed, of square pixels."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import av

from clipmill.engines.decode import Picture
from clipmill.engines.placing import PicturePlacer
from clipmill.engines.planes import Orientation
from clipmill.media.geometry import Size
from clipmill.media.info import Colour, VideoInfo

Paint = Callable[[av.VideoFrame, Fraction, Orientation], av.VideoFrame]
"""Draws on the picture shown at a time, in seconds from the first one; how its pixels lie comes with it."""


def untouched(frame: av.VideoFrame, _t: Fraction, _orientation: Orientation) -> av.VideoFrame:
    """Paint nothing."""
    return frame


@dataclass
class PaintedPictures:
    """Draws the pictures of one source upright, in the colours of every output, and paints on them."""

    video: VideoInfo
    paint: Paint

    def __post_init__(self) -> None:
        shown = upright(self.video)
        self._placer, self._lies = PicturePlacer(self.video, shown.size), Orientation.of(shown)

    def drawn(self, picture: Picture) -> av.VideoFrame:
        """The painted picture, all of it."""
        return self.paint(self._placer.whole(picture.frame), picture.time, self._lies)


def upright(video: VideoInfo) -> VideoInfo:
    """What a source is once its pictures were drawn upright, of square pixels, as 8-bit 4:2:0 BT.709."""
    size = even_size(video.displayed)
    colour = Colour("bt709", "bt709", "bt709", full_range=False)
    return replace(
        video,
        size=size,
        displayed=size,
        sample_aspect=Fraction(1),
        rotation=0,
        mirrored=False,
        pixel_format="yuv420p",
        bit_depth=8,
        colour=colour,
        hdr=None,
        interlaced=False,
        has_alpha=False,
    )


def even_size(size: Size) -> Size:
    """The nearest size that 4:2:0 can hold."""
    return Size(2 * round(size.width / 2), 2 * round(size.height / 2))
