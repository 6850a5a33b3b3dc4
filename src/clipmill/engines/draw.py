"""Draw the frames of a framed clip: rotate, crop and scale in one resampling, fill the motion, convert the colour."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import tee

import av
import numpy as np

from clipmill.engines.blend import mixed
from clipmill.engines.concealment import Concealment
from clipmill.engines.decode import Media, Picture, PictureReader, Sighting
from clipmill.engines.painted import Paint, PaintedPictures, upright
from clipmill.engines.placing import PicturePlacer
from clipmill.engines.resample import samples
from clipmill.media.framing import ClipPlan, Shot
from clipmill.media.geometry import Placement
from clipmill.media.info import VideoInfo
from clipmill.media.selection import motion_fraction

CUT_DIFFERENCE = 0.25 * 255
"""Mean luma difference from which two neighbours are two scenes: nothing is drawn between them."""


@dataclass
class ClipDrawer:
    """Draws the output frames of one clip plan, in order, as 8-bit 4:2:0 BT.709."""

    plan: ClipPlan
    media: Media
    video: VideoInfo
    threads: int = 0
    paint: Paint | None = None
    """Draws on the source's pictures, before they are framed."""

    def __post_init__(self) -> None:
        self.report = Concealment(self.plan.fps)
        self._painted = PaintedPictures(self.video, self.paint) if self.paint else None
        framed = upright(self.video) if self.paint else self.video
        self._placer = PicturePlacer(framed, self.plan.output, self.plan.rotation, self.plan.pad_color)
        self._scenes: dict[tuple[Fraction, Fraction], bool] = {}

    def frames(self, first: int = 0, last: int | None = None) -> Iterator[av.VideoFrame]:
        """Output frames ``first`` up to ``last``; the pts of each is its number."""
        shots, asked = tee(self.plan.shots(first, last))
        reader = PictureReader(self.media, self.video, self.threads)
        for sight, shot in zip(reader.on_screen(shot.time for shot in asked), shots, strict=True):
            self.report.note(sight)
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
        frame = self._painted.drawn(picture) if self._painted else picture.frame
        return self._placer.placed(frame, placement)
