"""A moment on the wire: seconds, or the number of a frame of the source."""

from fractions import Fraction
from typing import Self

from pydantic import model_validator

from clipmill.errors import InvalidKeyframeError
from clipmill.function.wire import Count, Seconds, WireModel


class Moment(WireModel):
    """``time`` in seconds or ``frame`` counted from 0; both where they agree."""

    time: Seconds | None = None
    frame: Count | None = None

    @model_validator(mode="after")
    def _has_a_moment(self) -> Self:
        if self.time is None and self.frame is None:
            raise ValueError("expected time (seconds) or frame (a number from 0), got neither")
        return self

    def seconds(self, rate: Fraction, index: int, of: str = "") -> Fraction:
        """The exact time; ``frame`` counts at the source's own rate. ``index`` and ``of`` say where for an error."""
        if self.frame is None:
            return self.time if self.time is not None else Fraction(0)
        by_frame = self.frame / rate
        if self.time is None:
            return by_frame
        if abs(self.time - by_frame) > 1 / rate:
            raise InvalidKeyframeError(
                f"{of}keyframe {index}: frame {self.frame} is at {float(by_frame):g} s, but time says "
                f"{float(self.time):g} s; send one of them, or two that agree within a frame",
                details={"index": index},
            )
        return self.time
