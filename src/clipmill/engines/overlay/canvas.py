"""A frame as something to paint on: its planes, and where their samples lie on the displayed picture.

*Convention:* planes stay in coded order, the order of the file; positions are pixels of the displayed frame, x right, y
down. Mirrors, quarter turns and pixel aspect keep axes parallel, so one `Axis` says where the columns lie and one where
the rows lie. A 4:2:0 chroma sample is left-sited: it stands for the six luma samples around its centre, weighed 1 2 1
along the row and 1 1 down the column; what it becomes is the mean of what its colour becomes under these six.
"""

from dataclasses import dataclass
from math import ceil, floor

import av
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.planes import Orientation
from clipmill.engines.resample import samples
from clipmill.media.geometry import Size
from clipmill.media.spots import Ellipse

BytePlane = NDArray[np.uint8]
Positions = NDArray[np.floating]
Planes3 = tuple[BytePlane, BytePlane, BytePlane]

MARGIN = 2
"""Luma samples around what is touched, so that the six samples of an outer chroma sample are all untouched."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Positions along one axis of the displayed frame: sample ``i`` of ``count`` is at ``origin + i * step``."""

    origin: float
    step: float
    count: int

    def positions(self, first: int, end: int) -> Positions:
        return self.origin + self.step * np.arange(first, end)

    def between(self, low: float, high: float) -> tuple[int, int]:
        """The samples from ``low`` to ``high`` with a margin, from an even one on; empty where there are none."""
        ends = sorted(((low - self.origin) / self.step, (high - self.origin) / self.step))
        first = max(0, (floor(ends[0]) - MARGIN) // 2 * 2)
        end = max(0, min(self.count, (ceil(ends[1]) + MARGIN + 2) // 2 * 2))
        return min(first, end), end


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle of luma samples of the coded frame; it starts on even ones."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def is_empty(self) -> bool:
        return self.left >= self.right or self.top >= self.bottom

    def of(self, plane: BytePlane, index: int) -> BytePlane:
        """The samples of the rectangle in a luma (0) or chroma plane, as a view."""
        if index == 0:
            return plane[self.top : self.bottom, self.left : self.right]
        return plane[self.top // 2 : (self.bottom + 1) // 2, self.left // 2 : (self.right + 1) // 2]

    def touches(self, other: "Patch") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def joined(self, other: "Patch") -> "Patch":
        """The smallest rectangle around both."""
        return Patch(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the luma samples of a coded frame lie on the displayed one."""

    columns: Axis
    rows: Axis
    turned: bool
    """Whether columns follow each other along the displayed y axis."""

    @classmethod
    def of(cls, orientation: Orientation) -> "Grid":
        turned = orientation.turns % 2 == 1
        first, beside, below = (_to_displayed(orientation, *point) for point in ((0.5, 0.5), (1.5, 0.5), (0.5, 1.5)))
        along, aside = (1, 0) if turned else (0, 1)
        return cls(
            Axis(first[along], beside[along] - first[along], orientation.coded.width),
            Axis(first[aside], below[aside] - first[aside], orientation.coded.height),
            turned,
        )

    @property
    def coded(self) -> Size:
        return Size(self.columns.count, self.rows.count)

    def in_order(self, x: float, y: float) -> tuple[float, float]:
        """A displayed (x, y) as (along the columns' axis, along the rows' axis)."""
        return (y, x) if self.turned else (x, y)

    def patch(self, low: tuple[float, float], high: tuple[float, float]) -> Patch:
        """The samples of a displayed rectangle, with a margin."""
        (column_low, row_low), (column_high, row_high) = self.in_order(*low), self.in_order(*high)
        left, right = self.columns.between(column_low, column_high)
        top, bottom = self.rows.between(row_low, row_high)
        return Patch(left, top, right, bottom)

    def around(self, ellipse: Ellipse, reach: float) -> Patch:
        """The samples whose distance from an ellipse, or from its inside, may be below ``reach``."""
        # A distance d is never less than (rho - 1) * the smaller radius, so rho stays below this.
        rho = 1 + reach / min(ellipse.radius_x, ellipse.radius_y)
        across, down = ellipse.radius_x * rho, ellipse.radius_y * rho
        return self.patch((ellipse.x - across, ellipse.y - down), (ellipse.x + across, ellipse.y + down))

    def offsets(self, patch: Patch, ellipse: Ellipse) -> tuple[Positions, Positions]:
        """How far the columns and the rows of a patch are from the ellipse's centre."""
        column_centre, row_centre = self.in_order(ellipse.x, ellipse.y)
        return (
            self.columns.positions(patch.left, patch.right) - column_centre,
            self.rows.positions(patch.top, patch.bottom) - row_centre,
        )


@dataclass(frozen=True, slots=True)
class Canvas:
    """The planes of one 8-bit 4:2:0 BT.709 limited-range frame, sharing its memory, and their grid."""

    planes: Planes3
    grid: Grid

    @classmethod
    def of(cls, frame: av.VideoFrame, orientation: Orientation) -> "Canvas":
        return cls(planes_of_canvas(frame), Grid.of(orientation))


def planes_of_canvas(frame: av.VideoFrame) -> Planes3:
    """The three planes of a yuv420p frame as arrays that share its memory."""
    luma, blue, red = (samples(frame, index) for index in range(3))
    return luma, blue, red  # pyright: ignore[reportReturnType]


def _to_displayed(orientation: Orientation, x: float, y: float) -> tuple[float, float]:
    across, down = x / orientation.coded.width, y / orientation.coded.height
    if orientation.mirrored:
        across = 1 - across
    for _ in range(orientation.turns):
        across, down = 1 - down, across
    return across * orientation.displayed.width, down * orientation.displayed.height
