"""What stands where at a moment between two pictures.

Convention: as in `courses`; ``part`` is how far the moment lies from the left picture (0) to the right one (1).

At a moment a sample holds what came by some course. Two courses are tried: the one that the left picture tells for the place
it would have come from, and the one that the right picture tells for the place it goes to. A picture that tells another
course for its end of the way shows something else there, hidden in one of the two, and is left out of the mix.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from clipmill.engines.flow.courses import Course, Courses, Field, agreement, looked_up, moved
from clipmill.engines.flow.window import Window

STEPS = 2
"""Rounds after which a course that leads to a sample no longer changes by what can be seen."""
UNLIKE = 12.0
"""Levels between both ends of a way from which they are hardly the same thing."""
ONE_ENDED = np.float32(0.25)
"""What a course is worth that only one picture tells, beside one that both tell."""
TRUSTED = np.float32(0.5)
"""Agreement from which a course is believed altogether."""
LEAST = np.float32(1e-6)
"""Agreement beside which none at all leaves the shares as the moment has them."""
BAND = 64
"""Rows that are looked at together: little enough to stay near the processor."""
SPECKLE = 5
"""Side of the median that takes single samples away which chose otherwise than all around them."""
MARGIN = 4
"""Samples around a window that the median and enlarging the fields read."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How every sample is drawn at a moment, in fields as large as the small pictures."""

    part: float
    course: Course
    share: Field
    """Of the right picture."""
    trust: Field
    """How far to believe the others; what is not believed is mixed of both pictures as they stand."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One course for every sample, how well each picture agrees with it, and what it is worth."""

    course: Course
    left: Field
    right: Field
    worth: Field


def moment_between(courses: Courses, part: float, window: Window) -> Moment:
    """What stands where at ``part`` of the way; outside the window nothing is said."""
    shape = courses.left.shape
    course, share, trust = (np.zeros(size, np.float32) for size in ((*shape, 2), shape, shape))
    rows, columns = window.on(shape, MARGIN)
    for top in range(rows.start, rows.stop, BAND):
        band = slice(top, min(top + BAND, rows.stop)), columns
        course[band], share[band], trust[band] = _read(courses, part, np.ascontiguousarray(courses.places[band]))
    for field in (course, share, trust):
        field[rows, columns] = cv2.medianBlur(np.ascontiguousarray(field[rows, columns]), SPECKLE)
    return Moment(part, course, share, trust)


def _read(courses: Courses, part: float, at: Course) -> tuple[Course, Field, Field]:
    """Course, share and trust of the samples at some places."""
    one, other = (_reading(courses, part, at, course) for course in _candidates(courses, part, at))
    better = (other.worth > one.worth).astype(np.uint8)
    course, left, right = (
        cv2.copyTo(theirs, better, ours)
        for ours, theirs in ((one.course, other.course), (one.left, other.left), (one.right, other.right))
    )
    from_left, from_right = np.float32(1 - part) * left, np.float32(part) * right
    share = (from_right + LEAST * np.float32(part)) / (from_left + from_right + LEAST)
    trust = np.minimum(np.maximum(left, right) / TRUSTED, 1)
    return cast("Course", course), cast("Field", share), cast("Field", trust)


def _candidates(courses: Courses, part: float, at: Course) -> tuple[Course, Course]:
    """The courses that lead through the places, as the left and as the right picture tell them."""
    departed, expected = looked_up(courses.leaving, at), looked_up(courses.arriving, at)
    for _ in range(STEPS):
        departed = looked_up(courses.leaving, moved(at, departed, -part))
        expected = looked_up(courses.arriving, moved(at, expected, 1 - part))
    return departed, expected


def _reading(courses: Courses, part: float, at: Course, course: Course) -> _Reading:
    start, end = moved(at, course, -part), moved(at, course, 1 - part)
    left = agreement(looked_up(courses.leaving, start), course) * courses.inside(start)
    right = agreement(looked_up(courses.arriving, end), course) * courses.inside(end)
    unlike = cv2.absdiff(looked_up(courses.softened[0], start), looked_up(courses.softened[1], end))
    both = left * right
    alike = cast("Field", cv2.exp(unlike.astype(np.float32) / np.float32(-UNLIKE)))
    worth = both * alike + ONE_ENDED * (np.maximum(left, right) - both)
    return _Reading(course, left, right, cast("Field", worth))
