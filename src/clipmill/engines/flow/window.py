"""The part of a picture that something will be drawn from: nothing else of it has to be made.

Convention: fractions (0..1) of the picture as it is coded; right and bottom are exclusive.
"""

from dataclasses import dataclass
from math import ceil, floor

from clipmill.engines.planes import Orientation
from clipmill.media.geometry import Placement

MARGIN = 16
"""Samples around a box, of the coarser of source and output, that its resampling may read."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture; all of it unless said otherwise."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @classmethod
    def around(cls, placement: Placement, orientation: Orientation) -> "Window":
        """What a placement reads of a picture that lies as told."""
        box, picture, coded = placement.box, placement.picture, orientation.coded
        margin = MARGIN * max(1.0, box.width / picture.width, box.height / picture.height)
        near = orientation.to_coded(box.x - margin, box.y - margin)
        far = orientation.to_coded(box.x + box.width + margin, box.y + box.height + margin)
        left, right = sorted(min(max(x / coded.width, 0.0), 1.0) for x in (near[0], far[0]))
        top, bottom = sorted(min(max(y / coded.height, 0.0), 1.0) for y in (near[1], far[1]))
        return cls(left, top, right, bottom)

    def on(self, shape: tuple[int, ...], margin: int = 0) -> tuple[slice, slice]:
        """Its rows and columns on a plane of that shape, every sample that it touches and some more."""
        rows, columns = shape[:2]
        return (
            slice(max(0, floor(self.top * rows) - margin), min(rows, ceil(self.bottom * rows) + margin)),
            slice(max(0, floor(self.left * columns) - margin), min(columns, ceil(self.right * columns) + margin)),
        )


WHOLE = Window()
