"""What reading a picture gives.

*Convention:* all places are fractions of the picture as it was handed over, origin top-left, y down, inside 0..1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle that is not empty."""

    left: float
    top: float
    right: float
    bottom: float

    def to_json(self) -> list[float]:
        return [self.left, self.top, self.right, self.bottom]


@dataclass(frozen=True, slots=True)
class OcrPart:
    """A word or a character of a line; no confidence where the engine gives none."""

    text: str
    confidence: float | None
    box: Box

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "confidence": self.confidence, "box": self.box.to_json()}


@dataclass(frozen=True, slots=True)
class OcrLine:
    """A line of text; its confidence is the engine's own word."""

    text: str
    confidence: float
    box: Box
    polygon: tuple[Point, ...] | None = None
    """Four corners, clockwise from the one at the beginning of the text, where the engine tells them."""
    words: tuple[OcrPart, ...] = ()
    chars: tuple[OcrPart, ...] = ()

    @property
    def left(self) -> float:
        return self.box.left

    @property
    def top(self) -> float:
        return self.box.top

    @property
    def right(self) -> float:
        return self.box.right

    @property
    def bottom(self) -> float:
        return self.box.bottom

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "confidence": self.confidence,
            "box": self.box.to_json(),
            "polygon": self.polygon and [list(point) for point in self.polygon],
            "words": [word.to_json() for word in self.words],
            "chars": [char.to_json() for char in self.chars],
        }


@dataclass(frozen=True, slots=True)
class OcrPage:
    """A picture that was read; without lines there is no text on it."""

    lines: tuple[OcrLine, ...] = ()
    unread: int = 0
    """Lines that were found and could not be read, in a script that the engine does not know."""


@dataclass(frozen=True, slots=True)
class OcrFailure:
    """A picture that could not be read, which says nothing about its text."""

    code: str
    message: str


def box_around(points: Sequence[Point], width: float, height: float) -> Box | None:
    """The box of points given in units of a picture's sides, cut at its edges; None where nothing of it is left.

    >>> box_around([(-5, 10), (50, 30)], 100, 100)
    Box(left=0.0, top=0.1, right=0.5, bottom=0.3)
    """
    across = [min(max(x / width, 0.0), 1.0) for x, _ in points]
    down = [min(max(y / height, 0.0), 1.0) for _, y in points]
    box = Box(min(across), min(down), max(across), max(down))
    return box if box.left < box.right and box.top < box.bottom else None


def corners(points: Sequence[Point], width: float, height: float) -> tuple[Point, ...]:
    """Points as fractions, each drawn back to the edge it lies outside of."""
    return tuple((min(max(x / width, 0.0), 1.0), min(max(y / height, 0.0), 1.0)) for x, y in points)
