"""What a framed clip must show, worked out by hand from the drawn source: plain sums, no code of the product.

Convention: times are exact seconds from the first displayed frame of the source.
"""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.contexts import FolderContext
from tests.media_factory import Recipe
from tests.media_recipes import NTSC

from clipmill.functions.framing import process_framing

SMALL = {"output_width": 90, "output_height": 160, "quality": "draft", "encoder": "x264"}
RATES: dict[str, Fraction | None] = {
    "source": None,
    "25": Fraction(25),
    "30": Fraction(30),
    "30000/1001": NTSC,
    "50": Fraction(50),
    "60": Fraction(60),
}

Part = tuple[Any, Any, Any]
"""Start, end, speed."""


@dataclass(frozen=True)
class Truth:
    """A drawn source as its container stores it."""

    recipe: Recipe

    @cached_property
    def pts(self) -> list[Fraction]:
        """When each displayed frame is shown: Matroska and WebM know milliseconds only."""
        shown = [self.recipe.start + time for time in self.recipe.times[self.recipe.pre_roll :]]
        if self.recipe.container in ("mkv", "webm"):
            shown = [Fraction(half_up(time * 1000), 1000) for time in shown]
        return [time - shown[0] for time in shown]

    @property
    def rate(self) -> Fraction:
        """The exact average rate."""
        return len(self.recipe.numbers) / self.recipe.duration if self.recipe.pts else self.recipe.rate

    def number_at(self, time: Fraction) -> int:
        """The number on the frame on screen at a time."""
        tolerance = min(Fraction(1, 1000), 1 / (4 * self.rate))
        return self.recipe.numbers[max(0, bisect_right(self.pts, time + tolerance) - 1)]

    def numbers(self, fps: Fraction, *parts: Part, start: Any = 0) -> list[int]:
        """The numbers that an output shows; the parts tile what is shown, in seconds from ``start``."""
        pieces = [tuple(Fraction(str(value)) for value in part) for part in parts or [(0, self.recipe.duration, 1)]]
        length = sum((end - begin) / speed for begin, end, speed in pieces)
        times = [source_time(pieces, k / fps) for k in range(max(1, half_up(length * fps)))]
        return [self.number_at(Fraction(str(start)) + time) for time in times]

    @property
    def centre(self) -> tuple[float, float, float, float]:
        """The largest centred 9:16 box."""
        width, height = self.recipe.displayed
        wide = min(width, height * 9 / 16)
        tall = wide * 16 / 9
        return (width - wide) / 2, (height - tall) / 2, wide, tall


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def source_time(pieces: list[tuple[Fraction, ...]], at: Fraction) -> Fraction:
    """Where in the clip an output time lies."""
    for begin, end, speed in pieces:
        if at < (end - begin) / speed:
            return begin + at * speed
        at -= (end - begin) / speed
    return pieces[-1][1]


def framed(world: FolderContext, source: Path, **asked: Any) -> Path:
    """The file that a framing request makes."""
    request = SMALL | {"input_key": world.put(source), "output_key": "framed.mp4"} | asked
    process_framing(request, world)
    return world.folder / request["output_key"]
