"""Draw the frames of a framed clip: rotate, crop and scale in one resampling, fill the motion, convert the colour."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from clipmill.engines.concealment import Concealment
from clipmill.engines.decode import Media, Picture, PictureReader, Sighting
from clipmill.engines.device.opening import picture_placer, reads_on_card
from clipmill.engines.flow.in_between import InBetween
from clipmill.engines.look import Look
from clipmill.engines.painted import Paint, PaintedPictures, upright
from clipmill.engines.planes import Orientation
from clipmill.engines.resample import samples
from clipmill.engines.upscale.opening import enlarged_placer
from clipmill.engines.upscale.weights import Weights
from clipmill.media.choices import Motion
from clipmill.media.framing import ClipPlan, Shot
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
    weights: Weights | None = None
    """Of the network that enlarges the pictures, if one does."""

    def __post_init__(self) -> None:
        self.report = Concealment(self.plan.fps)
        self._painted = PaintedPictures(self.video, self.paint) if self.paint else None
        framed = upright(self.video) if self.paint else self.video
        if self.weights is None:
            self._placer = picture_placer(framed, self.plan.output, self.plan.rotation, self.plan.pad_color)
        else:
            self._placer = enlarged_placer(self.plan, framed, self.weights)
        self._scenes: dict[tuple[Fraction, Fraction], bool] = {}
        placed_only = self.paint is None and self.weights is None and not self.plan.rotation
        self._in_between = InBetween(Orientation.of(self.video) if placed_only else None)

    def frames(self, first: int = 0, last: int | None = None) -> Iterator[av.VideoFrame]:
        """Output frames ``first`` up to ``last``; the pts of each is its number."""
        with closing(self._looks(first, last)) as looks, closing(self._placer.drawn(looks)) as drawn:
            for number, frame in enumerate(drawn, first):
                frame.pts = number
                if first == 0 and number + 1 == self.plan.frames:
                    # Before the last frame: nobody needs to ask for one more.
                    self.report.settle()
                yield frame

    def _looks(self, first: int, last: int | None) -> Generator[Look]:
        """What each frame shows."""
        # What looks into pictures before they are placed does so on the processor.
        on_card = self.paint is None and self.plan.motion is Motion.DUPLICATE
        reader = PictureReader(self.media, self.video, self.threads, on_card=on_card and reads_on_card())
        sights = reader.on_screen(shot.time for shot in self.plan.shots(first, last))
        for sight, shot in zip(sights, self.plan.shots(first, last), strict=True):
            self.report.note(sight)
            yield self._look(sight, shot)

    def _look(self, sight: Sighting, shot: Shot) -> Look:
        part = self._between(sight, shot)
        if part == 1.0 and sight.following is not None:
            return Look(shot.placement, self._seen(sight.following))
        if part == 0.0 or sight.following is None:
            return Look(shot.placement, self._seen(sight.picture))
        if self.plan.motion is Motion.FLOW:
            between = self._in_between.picture(sight.picture, sight.following, shot.time, shot.placement)
            return Look(shot.placement, self._seen(between))
        return Look(shot.placement, self._seen(sight.picture), self._seen(sight.following), part)

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

    def _seen(self, picture: Picture) -> av.VideoFrame:
        """What is placed: the picture, painted if it shall be."""
        return self._painted.drawn(picture) if self._painted else picture.frame
