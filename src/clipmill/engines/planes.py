"""Where the samples of an output plane lie in the source plane.

Convention: *displayed* pixels are those people see, *coded* pixels those in the file; metadata says how to get from one
to the other: pixel aspect, mirror, quarter turns. Chroma of 4:2:0 sits on the left of its two columns and in the middle
of its two rows, in sources as in outputs.
"""

from dataclasses import dataclass

import av
import numpy as np

from clipmill.engines.resample import Plane, Stretch
from clipmill.media.geometry import Box, Size
from clipmill.media.info import VideoInfo

LEFT_SITED = 0.25
"""How far the centre of a left-sited chroma sample lies left of the middle of its columns, in chroma samples."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """From displayed to coded pixels."""

    coded: Size
    displayed: Size
    turns: int
    """Quarter turns clockwise from coded to displayed."""
    mirrored: bool
    """Whether coded columns run from right to left before the turn."""

    @classmethod
    def of(cls, video: VideoInfo) -> "Orientation":
        return cls(video.size, video.displayed, video.rotation // 90 % 4, video.mirrored)

    @property
    def upright(self) -> bool:
        return self.turns == 0 and not self.mirrored

    def as_displayed(self, coded: Plane) -> Plane:
        """A view of a coded picture the way people see it."""
        return np.rot90(coded[:, ::-1] if self.mirrored else coded, -self.turns)

    def as_coded(self, displayed: Plane) -> Plane:
        """The inverse view: writing a coded picture into it fills the displayed one."""
        turned = np.rot90(displayed, self.turns)
        return turned[:, ::-1] if self.mirrored else turned

    def to_coded(self, x: float, y: float) -> tuple[float, float]:
        """The coded position of a displayed one, both in pixels of their picture."""
        across, down = x / self.displayed.width, y / self.displayed.height
        for _ in range(self.turns):
            across, down = down, 1 - across
        if self.mirrored:
            across = 1 - across
        return across * self.coded.width, down * self.coded.height


@dataclass(frozen=True, slots=True)
class Subsampling:
    """How many pixels one sample of a plane stands for, along each axis."""

    across: int
    down: int

    @classmethod
    def of(cls, frame: av.VideoFrame, index: int) -> "Subsampling":
        plane = frame.planes[index]
        return cls(round(frame.width / plane.width), round(frame.height / plane.height))

    def to_plane(self, x: float, y: float) -> tuple[float, float]:
        """The position in the plane of a position in the picture."""
        return x / self.across + (LEFT_SITED if self.across == 2 else 0.0), y / self.down


def corners(
    box: Box, picture: Size, chroma: bool, orientation: Orientation, grid: Subsampling
) -> tuple[Stretch, Stretch]:
    """The stretch of a source plane, in coded order, that the output plane of ``picture`` reads.

    ``chroma`` says whether the output plane is a 4:2:0 chroma plane.
    """
    lead = 0.5 * box.width / picture.width if chroma else 0.0
    near = orientation.to_coded(box.x - lead, box.y)
    far = orientation.to_coded(box.x + box.width - lead, box.y + box.height)
    (x0, y0), (x1, y1) = grid.to_plane(*near), grid.to_plane(*far)
    return Stretch(min(x0, x1), abs(x1 - x0)), Stretch(min(y0, y1), abs(y1 - y0))
