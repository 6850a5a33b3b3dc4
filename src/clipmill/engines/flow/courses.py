"""How far everything moves from one picture to the next, found in both directions.

Convention: a course is an array (height, width, 2) of steps, across and down, always from the left picture to the right
one, in samples of the small pictures that the motion is looked for in. ``leaving`` says it for the samples of the left
picture, ``arriving`` for those of the right one: where both tell the same, it is true; where they do not, one of the
pictures does not show what the other does.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.resample import Plane

Course = NDArray[np.float32]
Field = NDArray[np.float32]
Shades = NDArray[np.uint8]

WORKING_AREA = 300_000
"""Samples of the small pictures. Larger ones cost in proportion and were not measured to be better."""
FINEST = 1
"""The search ends at half of the small picture, where every course is refined once more."""
SMALLEST = 64
"""Sides that the search needs; smaller pictures are continued by their edges."""
TOLERANCE = 0.5
"""Samples by which both directions may differ and still tell the same,"""
TOLERANCE_OF_LENGTH = 0.05
"""and in parts of the way."""
NEARBY = 5
"""Side of the square that tells whether a sample stands still."""
SAME = 2
"""Levels within which a sample beside what stands still stands still as well."""
STILL_LEAD, STILL_MARGIN = 2.0, 1.0
"""How many times, and by how many levels more, the course found has to miss what standing still does not."""
LEAST_KNOWN, MOST_MISSED = 0.15, 8.0
"""The share of a picture whose motion both directions tell alike, and the levels by which it misses on average: neighbours
of one scene were measured to have 0.55 to 1 and 0 to 4, pictures across a cut 0 to 0.04 and 26 to 60."""
ONLY_MAP: Any = None
"""OpenCV's second map: none beside a map of pairs."""


@dataclass(frozen=True)
class Courses:
    """The motion between two pictures, and the small pictures themselves."""

    left: Shades
    right: Shades
    leaving: Course
    arriving: Course

    @cached_property
    def places(self) -> Course:
        """Where every sample lies itself, across and down."""
        return _all_places(self.left)

    @cached_property
    def softened(self) -> tuple[Shades, Shades]:
        """Both small pictures without what a single sample may have of noise."""
        left, right = (cast("Shades", cv2.blur(each, (3, 3))) for each in (self.left, self.right))
        return left, right

    @property
    def one_scene(self) -> bool:
        """Whether the right picture shows what the left one does: by their motion, or because nothing is left to tell."""
        at = moved(self.places, self.leaving, 1)
        known = float((agreement(looked_up(self.arriving, at), self.leaving) * self.inside(at)).mean())
        return known >= LEAST_KNOWN or cv2.mean(cv2.absdiff(self.left, looked_up(self.right, at)))[0] <= MOST_MISSED

    def inside(self, at: Course) -> Field:
        """One where a place lies on the picture, else zero."""
        height, width = self.left.shape
        within = cv2.inRange(at, (-0.5, -0.5), (width - 0.5, height - 0.5))
        return cast("Field", within.astype(np.float32) / np.float32(255))


def courses_between(left: Plane, right: Plane, bits: int = 8) -> Courses:
    """The motion from one luma plane to another of the same size."""
    before, after = _small(left, bits), _small(right, bits)
    leaving = _stilled(before, after, _searched(before, after))
    arriving = _stilled(after, before, _searched(after, before))
    return Courses(before, after, leaving, -arriving)


def agreement(told: Course, course: Course) -> Field:
    """How well two courses tell the same: 1 fully, towards 0 not at all."""
    apart, length = _squared(told - course), _squared(course)
    return cast("Field", cv2.exp(-apart / (TOLERANCE**2 + TOLERANCE_OF_LENGTH**2 * length)))


def looked_up(field: NDArray[Any], at: Course) -> NDArray[Any]:
    """The values of a field at places between its samples; its edge repeats."""
    return cv2.remap(field, at, ONLY_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def moved(at: Course, course: Course, part: float) -> Course:
    """The places after a part of the way from ``at``."""
    return cast("Course", cv2.scaleAdd(course, part, at))


def places(rows: slice, columns: slice) -> Course:
    """Where every sample of an area lies, across and down."""
    at = np.empty((rows.stop - rows.start, columns.stop - columns.start, 2), np.float32)
    at[..., 0] = np.arange(columns.start, columns.stop)
    at[..., 1] = np.arange(rows.start, rows.stop)[:, None]
    return at


def _all_places(plane: Plane) -> Course:
    height, width = plane.shape
    return places(slice(0, height), slice(0, width))


def _small(plane: Plane, bits: int) -> Shades:
    """The plane in 8 bits, no larger than needed."""
    height, width = plane.shape
    scale = min(1.0, (WORKING_AREA / (width * height)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA) if scale < 1 else plane
    return cast("Shades", cv2.convertScaleAbs(small, alpha=1 / (1 << (bits - 8))))


def _searched(here: Shades, there: Shades) -> Course:
    """Where the samples of one picture are found in the other, by dense inverse search (Kroeger et al., 2016)."""
    height, width = here.shape
    below, beside = max(0, SMALLEST - height), max(0, SMALLEST - width)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(FINEST)
    first, second = (cv2.copyMakeBorder(each, 0, below, 0, beside, cv2.BORDER_REPLICATE) for each in (here, there))
    course = search.calc(first, second, cast("Any", None))
    return cast("Course", np.ascontiguousarray(course[:height, :width]))


def _stilled(here: Shades, there: Shades, course: Course) -> Course:
    """The course without the motion of its surroundings where a sample stands still: lettering over a moving picture."""
    height, width = here.shape
    reached = moved(_all_places(here), course, 1)
    missed, unmoved = (
        cv2.blur(cv2.absdiff(here, other), (NEARBY, NEARBY)).astype(np.float32)
        for other in (looked_up(there, reached), there)
    )
    on_it = cv2.inRange(reached, (0, 0), (width - 1, height - 1))
    still = ((unmoved * STILL_LEAD + STILL_MARGIN < missed) & (on_it > 0)).astype(np.uint8)
    # The square around a sample at the edge of what stands still is half of what moves.
    same = (cv2.absdiff(here, there) <= SAME).astype(np.uint8)
    still |= cast("Shades", cv2.dilate(still, np.ones((NEARBY, NEARBY), np.uint8))) & same
    course[still > 0] = 0
    return course


def _squared(course: Course) -> Field:
    across, down = course[..., 0], course[..., 1]
    return cast("Field", across * across + down * down)
