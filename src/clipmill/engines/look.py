"""What one output frame shows."""

from dataclasses import dataclass

import av

from clipmill.media.geometry import Placement


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture of a source and where it is placed, or two of them placed alike and mixed."""

    placement: Placement
    picture: av.VideoFrame
    other: av.VideoFrame | None = None
    weight: float = 0.0
    """Of the other picture; the first one has the rest."""

    @property
    def pictures(self) -> tuple[av.VideoFrame, ...]:
        return (self.picture,) if self.other is None else (self.picture, self.other)
