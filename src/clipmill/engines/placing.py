"""Draw one source picture into an output: rotate, crop and scale in one resampling, convert the colour, pad."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

import av

from clipmill.engines.blend import blended
from clipmill.engines.colour import ColourConverter, pad_levels
from clipmill.engines.layout import Planes, planes_of
from clipmill.engines.look import Look
from clipmill.engines.planes import Orientation, Subsampling, corners
from clipmill.engines.resample import Plane, PlaneResampler, samples
from clipmill.engines.rotate import draw_rotated
from clipmill.media.geometry import Box, Placement, Size
from clipmill.media.info import VideoInfo


@dataclass
class PicturePlacer:
    """Draws the pictures of one source as 8-bit 4:2:0 BT.709."""

    video: VideoInfo
    output: Size
    rotation: float = 0.0
    pad_color: str = "#000000"

    def __post_init__(self) -> None:
        self._orientation = Orientation.of(self.video)
        self._converter = ColourConverter.of(self.video)
        self._resamplers: dict[tuple[int, int], PlaneResampler] = {}

    def whole(self, picture: av.VideoFrame) -> av.VideoFrame:
        """All of the displayed picture, filling the output."""
        shown = self.video.displayed
        everything = Box(0.0, 0.0, float(shown.width), float(shown.height))
        return self.placed(picture, Placement(everything, self.output, 0, 0))

    def drawn(self, looks: Iterable[Look]) -> Generator[av.VideoFrame]:
        """The frame of each look, in order."""
        for look in looks:
            yield blended([self.placed(picture, look.placement) for picture in look.pictures], look.weight)

    def placed(self, picture: av.VideoFrame, placement: Placement) -> av.VideoFrame:
        """The part of the picture that the placement names, where it says."""
        planes = planes_of(picture)
        drawn = self._converter.converted(self._resampled(planes, placement), planes)
        return padded(drawn, placement, self.output, self.pad_color)

    def _resampled(self, planes: Planes, placement: Placement) -> av.VideoFrame:
        size = placement.picture
        out = av.VideoFrame(size.width, size.height, self._converter.working_format(planes))
        if self.rotation:
            draw_rotated(planes, out, placement.box, self._orientation, self.rotation)
            return out
        for index in range(3):
            target = samples(out, index)
            if index and planes.grey:
                target[:] = 128 << (self._converter.working_bits(planes) - 8)
                continue
            self._fill(planes, index, placement, target)
        return out

    def _fill(self, planes: Planes, index: int, placement: Placement, target: Plane) -> None:
        source = planes.chroma(index) if index else planes.luma()
        grid = Subsampling.of(planes.frame, index)
        across, down = corners(placement.box, placement.picture, index > 0, self._orientation, grid)
        out_bits = self._converter.working_bits(planes)
        resampler = self._resamplers.setdefault((index, out_bits), PlaneResampler(planes.bits, out_bits))
        resampler.resample(source, across, down, self._orientation.as_coded(target))


def padded(picture: av.VideoFrame, placement: Placement, output: Size, colour: str) -> av.VideoFrame:
    """The picture in its place on a ground of one colour; the same object where it fills the output."""
    if placement.picture == output:
        return picture
    frame = av.VideoFrame(output.width, output.height, "yuv420p")
    for index, level in enumerate(pad_levels(colour)):
        sub = 2 if index else 1
        target, drawn = samples(frame, index), samples(picture, index)
        top, left = placement.top // sub, placement.left // sub
        target[:] = level
        target[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return frame
