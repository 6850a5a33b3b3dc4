"""Boxes gathered into rows of text: the same height on the screen, the same size of letters.

The *support* of a box is the number of frames that have a box in its row; a frame in which a person called one of
them a caption counts five. The box with the largest support takes its row away, and so on until none is left.
"""

import heapq
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clipmill.media.captions.layout.boxes import ROUNDING, Box
from clipmill.media.captions.layout.spread import median, median_deviation
from clipmill.media.captions.layout.wording import wording

FARTHEST_CENTRE = 0.5
"""In heights of the row's box."""
SMALLEST_RATIO = 0.6
"""Of two heights in one row, or in one band."""
USER_WEIGHT = 5

FEWEST_TICKER_BOXES = 3
AT_SIDE = 0.01
FEWEST_TICKER_TEXTS = 5
STILL_EDGE = 0.005


@dataclass(frozen=True, slots=True)
class Row:
    """The boxes of a row in the order of boxes."""

    boxes: tuple[Box, ...]

    @property
    def centre(self) -> float:
        return median(box.centre_y for box in self.boxes)

    @property
    def height(self) -> float:
        return median(box.height for box in self.boxes)

    @property
    def support(self) -> int:
        return frames_weighted(self.boxes)

    @property
    def texts(self) -> int:
        """How many different texts it has."""
        return len({wording(box.text) for box in self.boxes})

    @property
    def is_ticker(self) -> bool:
        """Whether its text runs through the picture instead of standing in it."""
        if any(box.user_in for box in self.boxes):
            return False
        return self._runs_off_the_sides() or self._fills_a_fixed_window()

    def _runs_off_the_sides(self) -> bool:
        touching = sum(box.left <= AT_SIDE + ROUNDING or box.right >= 1 - AT_SIDE - ROUNDING for box in self.boxes)
        return len(self.boxes) >= FEWEST_TICKER_BOXES and 2 * touching > len(self.boxes)

    def _fills_a_fixed_window(self) -> bool:
        if min(len(self.boxes), self.texts) < FEWEST_TICKER_TEXTS:
            return False
        edges = ([box.left for box in self.boxes], [box.right for box in self.boxes])
        return all(median_deviation(edge) <= STILL_EDGE + ROUNDING for edge in edges)


def frames_weighted(boxes: Iterable[Box]) -> int:
    """How many frames the boxes lie in; those with a box that a person called a caption count five."""
    weights: dict[int, int] = {}
    for box in boxes:
        weights[box.frame_index] = max(weights.get(box.frame_index, 1), USER_WEIGHT if box.user_in else 1)
    return sum(weights.values())


def similar_heights(one: float, other: float) -> bool:
    """Whether letters of two heights may belong together."""
    return SMALLEST_RATIO - ROUNDING <= one / other <= 1 / SMALLEST_RATIO + ROUNDING


def rows_of(boxes: Sequence[Box]) -> list[Row]:
    """The rows, the one with the largest support first."""
    return _Gathering(boxes).rows()


@dataclass(slots=True)
class _Spot:
    """All boxes with one centre and one height, which always end up in one row."""

    centre: float
    height: float
    boxes: list[Box]
    frames: int
    """The frames that they lie in, as a set of bits; so that the frames of many spots are united quickly."""
    user_frames: int

    def turn(self, support: int) -> tuple[int, float, tuple[int, int]]:
        """The order in which boxes take their rows: by support, then from the bottom up, then in the order of boxes."""
        return -support, -self.centre, self.boxes[0].place


class _Gathering:
    """The spots that have no row yet."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        by_spot: dict[tuple[float, float], list[Box]] = defaultdict(list)
        for box in sorted(boxes, key=lambda box: box.place):
            by_spot[box.centre_y, box.height].append(box)
        bits = {frame: 1 << place for place, frame in enumerate(sorted({box.frame_index for box in boxes}))}
        self._spots = [_spot(centre, height, members, bits) for (centre, height), members in sorted(by_spot.items())]
        self._centres = [spot.centre for spot in self._spots]
        self._taken: set[int] = set()

    def rows(self) -> list[Row]:
        # A support only ever sinks, so one that was counted earlier is a bound: only the first in turn is counted again.
        turns = [(spot.turn(self._support(spot)), index) for index, spot in enumerate(self._spots)]
        heapq.heapify(turns)
        rows: list[Row] = []
        while turns:
            turn, index = turns[0]
            spot = self._spots[index]
            if index in self._taken:
                heapq.heappop(turns)
            elif (now := spot.turn(self._support(spot))) != turn:
                heapq.heapreplace(turns, (now, index))
            else:
                rows.append(self._take(spot))
        return rows

    def _take(self, spot: _Spot) -> Row:
        members = self._members(spot)
        self._taken.update(members)
        boxes = (box for index in members for box in self._spots[index].boxes)
        return Row(tuple(sorted(boxes, key=lambda box: box.place)))

    def _support(self, spot: _Spot) -> int:
        frames = user_frames = 0
        for index in self._members(spot):
            frames |= self._spots[index].frames
            user_frames |= self._spots[index].user_frames
        return frames.bit_count() + (USER_WEIGHT - 1) * user_frames.bit_count()

    def _members(self, spot: _Spot) -> list[int]:
        reach = FARTHEST_CENTRE * spot.height + ROUNDING
        first = bisect_left(self._centres, spot.centre - reach)
        end = bisect_right(self._centres, spot.centre + reach)
        return [
            index
            for index in range(first, end)
            if index not in self._taken and similar_heights(self._spots[index].height, spot.height)
        ]


def _spot(centre: float, height: float, boxes: list[Box], bits: dict[int, int]) -> _Spot:
    frames = user_frames = 0
    for box in boxes:
        frames |= bits[box.frame_index]
        user_frames |= bits[box.frame_index] if box.user_in else 0
    return _Spot(centre, height, boxes, frames, user_frames)
