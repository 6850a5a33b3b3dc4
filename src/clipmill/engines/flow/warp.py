"""Draw a plane as it stands at a moment between two pictures.

Convention: planes as in `resample`; pictures lie on the small pictures of `courses` edge to edge.
"""

from dataclasses import replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.flow.courses import ONLY_MAP, Course, Field, moved, places
from clipmill.engines.flow.moment import Moment
from clipmill.engines.flow.window import Window
from clipmill.engines.resample import Plane

BAND = 32
"""Rows that are drawn at a time: what they need stays near the processor, and memory does not grow with the picture."""

Area = tuple[slice, slice]


def draw_between(planes: tuple[Plane, Plane], moment: Moment, window: Window, bits: int, out: Plane) -> None:
    """Fill the window of ``out`` with what stands between two planes of its shape, and the rest from the left one."""
    out[:] = planes[0]
    rows, columns = window.on(out.shape)
    larger = np.array([out.shape[1] / moment.share.shape[1], out.shape[0] / moment.share.shape[0]], np.float32)
    scaled = replace(moment, course=moment.course * larger)
    for top in range(rows.start, rows.stop, BAND):
        band = slice(top, min(top + BAND, rows.stop)), columns
        out[band] = _drawn(planes, scaled, band, bits)


def _drawn(planes: tuple[Plane, Plane], moment: Moment, area: Area, bits: int) -> NDArray[np.float32]:
    """What stands in an area; the course of the moment is in samples of the planes."""
    course, share, trust = (
        _enlarged(field, planes[0].shape, area) for field in (moment.course, moment.share, moment.trust)
    )
    at = places(*area)
    come = _read(planes[0], moved(at, course, -moment.part))
    gone = _read(planes[1], moved(at, course, 1 - moment.part))
    drawn = come + (gone - come) * share
    if float(trust.min()) < 1:
        before, after = (plane[area].astype(np.float32) for plane in planes)
        mixed = before + (after - before) * np.float32(moment.part)
        drawn = mixed + (drawn - mixed) * trust
    return np.rint(np.clip(drawn, 0, (1 << bits) - 1))


def _enlarged(field: Field, shape: tuple[int, ...], area: Area) -> Field:
    """The part of a field that covers an area of a plane of that shape."""
    rows, columns = area
    down, across = field.shape[0] / shape[0], field.shape[1] / shape[1]
    to_small = np.array(
        [
            [across, 0, (columns.start + 0.5) * across - 0.5],
            [0, down, (rows.start + 0.5) * down - 0.5],
        ]
    )
    size = columns.stop - columns.start, rows.stop - rows.start
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(field, to_small, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cast("Field", large)


def _read(plane: Plane, at: Course) -> NDArray[np.float32]:
    """The samples at places between those of the plane, whose edge repeats."""
    return cv2.remap(plane, at, ONLY_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
