"""All pairs of a video's frames, told by a pair model in batches; a batch begins with the last frame of the one before."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models import PairContext, PairModel, both_ways
from clipmill.media.captions.pairs import Vector, checked

Pixels = NDArray[np.uint8]

MOST_BYTES = 256 * 1024 * 1024
"""Of the frames of a batch: of a large band, fewer of them are asked at once."""


class PairReading:
    """Takes frames in order and asks the model once ``batch`` pairs are together."""

    def __init__(self, model: PairModel, context: PairContext, batch: int) -> None:
        self.forward: list[Vector] = []
        self.backward: list[Vector] = []
        self._model = model
        self._context = context
        self._batch = batch
        self._waiting: list[Pixels] = []

    def add(self, rgb: Pixels) -> None:
        """Take the next frame."""
        self._waiting.append(rgb)
        if len(self._waiting) > min(self._batch, max(1, MOST_BYTES // rgb.nbytes)):
            self._ask()

    def finish(self) -> None:
        """Read the pairs that are left."""
        if len(self._waiting) > 1:
            self._ask()

    def _ask(self) -> None:
        ahead, back = both_ways(self._model, np.stack(self._waiting), self._context)
        self.forward += self._vectors(ahead, "forward")
        self.backward += self._vectors(back, "backward")
        self._waiting = self._waiting[-1:]

    def _vectors(self, rows: Sequence[Sequence[float]] | NDArray[np.float64], way: str) -> list[Vector]:
        first = len(self.forward if way == "forward" else self.backward)
        return [checked(row, f"{self._model.name}: {way} pair {first + at}") for at, row in enumerate(rows)]
