"""Source pictures drawn upright and painted on, as what follows sees them: as large as displayed, of square pixels."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import av

from clipmill.engines.decode import Picture
from clipmill.engines.placing import PicturePlacer
from clipmill.engines.planes import Orientation
from clipmill.engines.resample import samples
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


def painted_as_they_lie(paint: Paint, orientation: Orientation) -> Callable[[Picture], av.VideoFrame]:
    """Paints pictures in place; one that comes again becomes a frame of its own, for frames are given their own times."""
    latest: av.VideoFrame | None = None

    def drawn(picture: Picture) -> av.VideoFrame:
        nonlocal latest
        frame = paint(picture.frame, picture.time, orientation)
        if frame is latest:
            return _copied(frame)
        latest = frame
        return frame

    return drawn


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
    """The nearest size that 4:2:0 can hold; of two the larger."""
    return Size(size.width + size.width % 2, size.height + size.height % 2)


def _copied(frame: av.VideoFrame) -> av.VideoFrame:
    copy = av.VideoFrame(frame.width, frame.height, frame.format.name)
    for plane in range(3):
        samples(copy, plane)[:] = samples(frame, plane)
    return copy
