"""The picture between two pictures of a source, as large, as deep and in the colours of both."""

from fractions import Fraction

import av

from clipmill.engines.decode import Picture
from clipmill.engines.flow.courses import courses_between
from clipmill.engines.flow.moment import moment_between
from clipmill.engines.flow.warp import draw_between
from clipmill.engines.flow.window import WHOLE, Window
from clipmill.engines.layout import planes_of
from clipmill.engines.planes import Orientation
from clipmill.engines.resample import samples
from clipmill.media.geometry import Placement


class InBetween:
    """Draws pictures between neighbours; what moves between two of them is found once.

    Told how the pictures lie, it draws no more of them than their placement reads.
    """

    def __init__(self, orientation: Orientation | None = None) -> None:
        self._orientation = orientation
        self._times: tuple[Fraction, Fraction] | None = None
        self._pair: _Pair | None = None

    def picture(self, left: Picture, right: Picture, t: Fraction, placement: Placement) -> Picture:
        """What stands at ``t`` between two pictures; of two scenes the left one."""
        times = (left.time, right.time)
        if self._pair is None or self._times != times:
            self._pair, self._times = _Pair(left.frame, right.frame), times
        if not self._pair.one_scene:
            return left
        window = Window.around(placement, self._orientation) if self._orientation else WHOLE
        return Picture(self._pair.drawn(float((t - left.time) / (right.time - left.time)), window), t)


class _Pair:
    def __init__(self, left: av.VideoFrame, right: av.VideoFrame) -> None:
        self._left, self._right = _planar(left), _planar(right)
        self._bits = self._left.format.components[0].bits
        self._courses = courses_between(samples(self._left, 0), samples(self._right, 0), self._bits)
        self.one_scene = self._courses.one_scene

    def drawn(self, part: float, window: Window) -> av.VideoFrame:
        left, right = self._left, self._right
        moment = moment_between(self._courses, part, window)
        frame = av.VideoFrame(left.width, left.height, left.format.name)
        frame.colorspace, frame.color_range = left.colorspace, left.color_range
        frame.color_primaries, frame.color_trc = left.color_primaries, left.color_trc
        for index in range(len(left.planes)):
            planes = samples(left, index), samples(right, index)
            draw_between(planes, moment, window, self._bits, samples(frame, index))
        return frame


def _planar(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame in planes that hold all it shows; the first of them tells best what moves."""
    if frame.format.is_rgb or frame.format.name in ("pal8", "ya8"):
        return frame.reformat(format="gbrap")
    return planes_of(frame).frame
