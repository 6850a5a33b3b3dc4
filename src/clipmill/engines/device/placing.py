"""Draw one source picture into an output on a device, as `clipmill.engines.placing` does on the processor."""

from dataclasses import dataclass, replace

from torch import Tensor

from clipmill.engines.colour import pad_levels
from clipmill.engines.device.colour import in_output_colours
from clipmill.engines.device.planes import DevicePlanes, displayed
from clipmill.engines.device.resample import resample
from clipmill.engines.device.rotate import turned
from clipmill.engines.planes import Orientation, Subsampling, corners
from clipmill.engines.rotate import CHROMA_BLACK, Turn
from clipmill.media.geometry import Box, Placement, Size
from clipmill.media.info import VideoInfo

HALVED = Subsampling(2, 2)
WHOLE = Subsampling(1, 1)


@dataclass
class DevicePlacer:
    """Draws the pictures of one source as 4:2:0 BT.709 limited range."""

    video: VideoInfo
    output: Size
    rotation: float = 0.0
    pad_color: str = "#000000"

    def __post_init__(self) -> None:
        self._orientation = Orientation.of(self.video)

    def placed(self, picture: DevicePlanes, placement: Placement) -> DevicePlanes:
        """The part of the picture that the placement names, where it says."""
        luma, blue, red = (self._plane(picture, index, placement) for index in range(3))
        drawn = replace(picture, luma=luma, blue=blue, red=red, grid=HALVED)
        drawn = in_output_colours(drawn, self.video.colour, self.video.hdr)
        return drawn if placement.picture == self.output else self._padded(drawn, placement)

    def _plane(self, picture: DevicePlanes, index: int, placement: Placement) -> Tensor:
        plane, part = picture.all[index], 2 if index else 1
        width, height = placement.picture.width // part, placement.picture.height // part
        grid = picture.grid if index else WHOLE
        if self.rotation:
            turn = Turn(placement.box, self._orientation, grid, self.rotation, 0.25 if index else 0.0)
            return turned(plane, turn, (width, height), CHROMA_BLACK if index else picture.luma_black)
        across, down = corners(placement.box, placement.picture, index > 0, self._orientation, grid)
        box = Box(across.start, down.start, across.extent, down.extent)
        return displayed(
            resample(plane, box, (height, width) if self._orientation.turns % 2 else (width, height)), self._orientation
        )

    def _padded(self, picture: DevicePlanes, placement: Placement) -> DevicePlanes:
        """The picture in its place on a ground of one colour."""
        ground: list[Tensor] = []
        for index, (level, plane) in enumerate(zip(pad_levels(self.pad_color), picture.all, strict=True)):
            part = 2 if index else 1
            whole = plane.new_full((self.output.height // part, self.output.width // part), level)
            top, left = placement.top // part, placement.left // part
            whole[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
            ground.append(whole)
        return replace(picture, luma=ground[0], blue=ground[1], red=ground[2])
