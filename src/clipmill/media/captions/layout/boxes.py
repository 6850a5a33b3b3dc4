"""A text box of a full frame, and what it counts as.

*Convention:* fractions of the displayed frame, origin top-left, x right, y down.
"""

from dataclasses import dataclass
from enum import StrEnum

ROUNDING = 1e-9
"""What every comparison with a threshold allows."""


class BoxLabel(StrEnum):
    """Whether a box belongs to the captions."""

    IN = "in"
    OUT = "out"


class Reason(StrEnum):
    """Why a box was predicted in or out."""

    USER = "user"
    BAND = "band"
    INELIGIBLE = "ineligible"
    """Too faint, too small, too large, or no text."""
    STATIC = "static"
    """A logo, a clock, a score: the same text in the same place again and again."""
    TICKER = "ticker"
    ELSEWHERE = "elsewhere"
    """Text in another row than the captions."""


OUT_REASONS = (Reason.USER, Reason.INELIGIBLE, Reason.STATIC, Reason.TICKER, Reason.ELSEWHERE)


@dataclass(slots=True)
class Box:
    """A box with its text, a person's label, and the label that the layout analysis writes."""

    frame_index: int
    box_index: int
    left: float
    top: float
    right: float
    bottom: float
    text: str = ""
    confidence: float = 1.0
    label: BoxLabel | None = None
    label_updated_at: str | None = None
    predicted_label: BoxLabel | None = None
    predicted_confidence: float | None = None
    predicted_reason: Reason | None = None
    stale: bool = False
    """Kept for its label only: no box of the newest reading is at its place."""

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre_x(self) -> float:
        return (self.left + self.right) / 2

    @property
    def centre_y(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def place(self) -> tuple[int, int]:
        """Where the box stands in the order of boxes."""
        return self.frame_index, self.box_index

    @property
    def user_in(self) -> bool:
        """Whether a person called it a caption."""
        return self.label == BoxLabel.IN

    def classify(self, label: BoxLabel, reason: Reason, confidence: float) -> None:
        self.predicted_label, self.predicted_reason, self.predicted_confidence = label, reason, confidence


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes.

    >>> overlap(Box(0, 0, 0.0, 0.0, 0.5, 0.5), Box(0, 1, 0.25, 0.0, 0.5, 0.5))
    0.5
    """
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (one.width * one.height + other.width * other.height - shared)
