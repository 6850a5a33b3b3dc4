"""Where pictures are drawn: on the card that the setting chooses, else by the processor. PyTorch is loaded only for a card."""

from collections.abc import Generator, Iterable
from fractions import Fraction
from typing import Protocol

import av

from clipmill.engines.device.choice import drawing_card
from clipmill.engines.look import Look
from clipmill.engines.overlay.painter import DrawnLayer, Painter
from clipmill.engines.placing import PicturePlacer
from clipmill.engines.planes import Orientation
from clipmill.media.geometry import Size
from clipmill.media.highlights import Highlights
from clipmill.media.info import VideoInfo


class PlacesPictures(Protocol):
    """Draws the pictures of one source as 8-bit 4:2:0 BT.709."""

    def drawn(self, looks: Iterable[Look]) -> Generator[av.VideoFrame]:
        """The frame of each look, in order; to be closed before what the looks come from."""
        ...


class PaintsFrames(Protocol):
    """Draws on the frames of one video."""

    def paint(self, frame: av.VideoFrame, t: Fraction, orientation: Orientation) -> av.VideoFrame:
        """The frame shown at ``t`` with everything drawn on it."""
        ...


def picture_placer(video: VideoInfo, output: Size, rotation: float, pad_color: str) -> PlacesPictures:
    """What places the pictures of a source."""
    card = drawing_card()
    if card is None:
        return PicturePlacer(video, output, rotation, pad_color)
    from clipmill.engines.device.drawing import FramePlacer
    from clipmill.engines.device.placing import DevicePlacer

    return FramePlacer(DevicePlacer(video, output, rotation, pad_color), card)


def reads_on_card() -> bool:
    """Whether what `picture_placer` gives takes frames that lie on a card."""
    return drawing_card() is not None


def frame_painter(highlights: Highlights | None, layers: Iterable[DrawnLayer] = ()) -> PaintsFrames:
    """What draws highlights and layers."""
    card = drawing_card()
    if card is None:
        return Painter(highlights, layers)
    from clipmill.engines.device.drawing import FramePainter

    return FramePainter(highlights, layers, card)
