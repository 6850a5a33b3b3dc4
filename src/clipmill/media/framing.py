"""The plan of one framed clip: which source moment, and which box of it, every output frame shows.

Convention: times are exact seconds; source times count from the first displayed frame of the source, clip times from
``source_start``; boxes are pixels of the displayed source. Output frame k is shown at k / fps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from clipmill.media.choices import Motion
from clipmill.media.geometry import (
    Box,
    Fit,
    Placement,
    Size,
    clamp_box,
    effective_fit,
    largest_box,
    largest_rotated_box,
    place,
)
from clipmill.media.time import frame_count
from clipmill.media.timeline import Timeline
from clipmill.media.tracks import BoxTrack


@dataclass(frozen=True, slots=True)
class Shot:
    """What one output frame shows."""

    number: int
    time: Fraction
    """Source time, from the first displayed frame."""
    placement: Placement
    blended: bool
    """Whether a picture between two source frames is wanted."""


@dataclass(frozen=True)
class ClipPlan:
    """One clip of a source, framed."""

    source_start: Fraction
    timeline: Timeline
    frame: Size
    """The displayed source."""
    output: Size
    fps: Fraction
    crop: BoxTrack | None = None
    fit: Fit = Fit.COVER
    rotation: float = 0.0
    motion: Motion = Motion.DUPLICATE
    pad_color: str = "#000000"

    @property
    def frames(self) -> int:
        return frame_count(self.timeline.duration, self.fps)

    def box_at(self, clip_time: Fraction) -> Box:
        """The clamped crop at a clip time, before fitting."""
        if self.crop is not None:
            return clamp_box(self.crop.at(clip_time), self.frame)
        if self.fit is not Fit.COVER:
            return Box(0.0, 0.0, float(self.frame.width), float(self.frame.height))
        if self.rotation:
            return largest_rotated_box(self.frame, self.output.ratio, self.rotation)
        return largest_box(self.frame, self.output.ratio)

    def placement_at(self, clip_time: Fraction) -> Placement:
        """What is sampled at a clip time and where it lies on the output."""
        return place(self.box_at(clip_time), self.fit, self.output)

    def shot(self, number: int) -> Shot:
        """What output frame ``number`` shows."""
        shown_at = number / self.fps
        clip_time = self.timeline.source_at(shown_at)
        slowed = self.motion is not Motion.DUPLICATE and self.timeline.piece_at(shown_at).speed < 1
        return Shot(number, self.source_start + clip_time, self.placement_at(clip_time), slowed)

    def shots(self, first: int = 0, last: int | None = None) -> Iterator[Shot]:
        """The shots of frames ``first`` up to, not including, ``last``."""
        return map(self.shot, range(first, self.frames if last is None else last))


def settled_fit(keyframe_boxes: list[Box], fit: Fit, frame: Size, output: Size) -> Fit:
    """The fit of a whole clip: keyframes that nearly have the output's shape are stretched."""
    if not keyframe_boxes:
        return fit
    return effective_fit([clamp_box(box, frame) for box in keyframe_boxes], fit, output)
