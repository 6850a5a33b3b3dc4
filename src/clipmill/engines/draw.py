"""Draw the frames of a framed clip: rotate, crop and scale in one resampling, fill the motion, convert the colour."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import tee

import av
import numpy as np

from clipmill.engines.blend import mixed
from clipmill.engines.colour import ColourConverter, pad_levels
from clipmill.engines.decode import Media, Picture, PictureReader, Sighting
from clipmill.engines.layout import Planes, planes_of
from clipmill.engines.planes import Orientation, Subsampling, corners
from clipmill.engines.resample import Plane, PlaneResampler, samples
from clipmill.engines.rotate import draw_rotated
from clipmill.errors import CorruptMediaError
from clipmill.media.framing import ClipPlan, Shot
from clipmill.media.geometry import Placement, Size
from clipmill.media.info import VideoInfo
from clipmill.media.selection import motion_fraction

CUT_DIFFERENCE = 0.25 * 255
"""Mean luma difference from which two neighbours are two scenes: nothing is drawn between them."""
LONGEST_CONCEALMENT_S = 1
LARGEST_CONCEALED_SHARE = 0.05


@dataclass
class DrawReport:
    """What drawing a clip met on its way."""

    concealed: int = 0
    drawn: int = 0
    in_a_row: int = 0

    def note(self, sight: Sighting, plan: ClipPlan) -> None:
        self.drawn += 1
        self.in_a_row = self.in_a_row + 1 if sight.stand_in else 0
        self.concealed += sight.stand_in
        if self.in_a_row > LONGEST_CONCEALMENT_S * plan.fps:
            raise CorruptMediaError(
                f"more than {LONGEST_CONCEALMENT_S} s of pictures in a row could not be decoded, up to source time "
                f"{float(sight.picture.time):g} s; repair the file or trim the damaged part away",
            )

    def settle(self) -> None:
        """Refuse a clip of which too much is missing."""
        if self.concealed > LARGEST_CONCEALED_SHARE * self.drawn:
            raise CorruptMediaError(
                f"{self.concealed} of {self.drawn} pictures could not be decoded, more than "
                f"{LARGEST_CONCEALED_SHARE:.0%}; repair the file or trim the damaged part away",
            )


@dataclass
class ClipDrawer:
    """Draws the output frames of one clip plan, in order, as 8-bit 4:2:0 BT.709."""

    plan: ClipPlan
    media: Media
    video: VideoInfo
    threads: int = 0
    report: DrawReport = field(default_factory=DrawReport)

    def __post_init__(self) -> None:
        self._orientation = Orientation.of(self.video)
        self._converter = ColourConverter.of(self.video)
        self._resamplers: dict[tuple[int, int], PlaneResampler] = {}
        self._scenes: dict[tuple[Fraction, Fraction], bool] = {}

    def frames(self, first: int = 0, last: int | None = None) -> Iterator[av.VideoFrame]:
        """Output frames ``first`` up to ``last``; the pts of each is its number."""
        shots, asked = tee(self.plan.shots(first, last))
        reader = PictureReader(self.media, self.video, self.threads)
        for sight, shot in zip(reader.on_screen(shot.time for shot in asked), shots, strict=True):
            self.report.note(sight, self.plan)
            frame = self._drawn(sight, shot)
            frame.pts = shot.number
            if first == 0 and shot.number + 1 == self.plan.frames:
                # Before the last frame: nobody needs to ask for one more.
                self.report.settle()
            yield frame

    def _drawn(self, sight: Sighting, shot: Shot) -> av.VideoFrame:
        part = self._between(sight, shot)
        if part == 1.0 and sight.following is not None:
            return self._placed(sight.following, shot.placement)
        shown = self._placed(sight.picture, shot.placement)
        if part == 0.0 or sight.following is None:
            return shown
        return mixed(shown, self._placed(sight.following, shot.placement), part)

    def _between(self, sight: Sighting, shot: Shot) -> float:
        """How far the shot lies between two pictures that belong together."""
        if not shot.blended or sight.following is None or shot.time <= sight.picture.time:
            return 0.0
        part = motion_fraction(shot.time, sight.picture.time, sight.following.time)
        return part if part in (0.0, 1.0) or self._one_scene(sight.picture, sight.following) else 0.0

    def _one_scene(self, left: Picture, right: Picture) -> bool:
        pair = (left.time, right.time)
        if pair not in self._scenes:
            a, b = (samples(picture.frame, 0)[::4, ::4].astype(np.int32) for picture in (left, right))
            scale = 1 << (left.frame.format.components[0].bits - 8)
            self._scenes = {pair: bool(np.abs(a - b).mean() <= CUT_DIFFERENCE * scale)}
        return self._scenes[pair]

    def _placed(self, picture: Picture, placement: Placement) -> av.VideoFrame:
        planes = planes_of(picture.frame)
        drawn = self._converter.converted(self._resampled(planes, placement), planes)
        if placement.picture == self.plan.output:
            return drawn
        return _padded(drawn, placement, self.plan.output, self.plan.pad_color)

    def _resampled(self, planes: Planes, placement: Placement) -> av.VideoFrame:
        size = placement.picture
        out = av.VideoFrame(size.width, size.height, self._converter.working_format(planes))
        if self.plan.rotation:
            draw_rotated(planes, out, placement.box, self._orientation, self.plan.rotation)
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


def _padded(picture: av.VideoFrame, placement: Placement, output: Size, colour: str) -> av.VideoFrame:
    """The picture in its place on a ground of one colour."""
    frame = av.VideoFrame(output.width, output.height, "yuv420p")
    for index, level in enumerate(pad_levels(colour)):
        sub = 2 if index else 1
        target, drawn = samples(frame, index), samples(picture, index)
        top, left = placement.top // sub, placement.left // sub
        target[:] = level
        target[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return frame
