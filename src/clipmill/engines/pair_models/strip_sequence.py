"""The strips of one video in order: a pair is asked for once the frames that tell about it are there."""

from clipmill.engines.pair_models.model import Frames, Rows, check_frames, joined_rows, no_rows
from clipmill.engines.pair_models.persistence import REACH
from clipmill.engines.pair_models.planes import StripReading, lasting_in, planes_with, reading_of
from clipmill.engines.pair_models.second_looks import Answer, looked_at_again
from clipmill.engines.pair_models.strips import strips_of

FRAMES_AT_ONCE = 32
"""Bounds the memory of a run, whatever batch is asked for."""


class StripSequence:
    """Remembers of the last strips what the next pairs need; how frames are parted changes no row."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._kept: list[StripReading] = []
        self._asked = 0

    def read(self, frames: Frames) -> tuple[Rows, Rows]:
        """Take the next frames; rows of all pairs with REACH frames behind them."""
        check_frames(frames, frames)
        parts = [frames[start : start + FRAMES_AT_ONCE] for start in range(0, len(frames), FRAMES_AT_ONCE)]
        return joined_rows([self._read(part) for part in parts])

    def _read(self, frames: Frames) -> tuple[Rows, Rows]:
        self._kept += [reading_of(strip) for strip in strips_of(frames)]
        return self._rows(len(self._kept) - REACH)

    def finish(self) -> tuple[Rows, Rows]:
        """The rows of the pairs that are left."""
        return self._rows(len(self._kept))

    def _rows(self, stop: int) -> tuple[Rows, Rows]:
        """Ask for the pairs of kept strips up to a stop, and forget what no later pair needs."""
        if stop - self._asked < 2:
            return no_rows(), no_rows()
        wanted = range(self._asked, stop)
        lasts = lasting_in(self._kept, wanted)
        rows = self._answer(planes_with(self._kept[wanted.start : wanted.stop], lasts))
        rows = looked_at_again(rows, self._kept, wanted.start, lasts, self._answer)
        self._asked = stop - 1
        gone = max(0, self._asked - REACH)
        self._kept, self._asked = self._kept[gone:], self._asked - gone
        return rows
