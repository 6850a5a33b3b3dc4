"""All pairs of a video's frames, told by a pair model in batches."""

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models import PairContext, PairModel, sequence_of
from clipmill.engines.pair_models.model import Rows
from clipmill.media.captions.pairs import Vector, checked

Pixels = NDArray[np.uint8]

MOST_BYTES = 256 * 1024 * 1024
"""Of the frames of a batch: of a large band, fewer of them are asked at once."""


class PairReading:
    """Takes frames in order and asks the model once ``batch`` pairs are together."""

    def __init__(self, model: PairModel, context: PairContext, batch: int) -> None:
        self.forward: list[Vector] = []
        self.backward: list[Vector] = []
        self._name = model.name
        self._sequence = sequence_of(model, context)
        self._batch = batch
        self._waiting: list[Pixels] = []

    def add(self, rgb: Pixels) -> None:
        """Take the next frame."""
        self._waiting.append(rgb)
        # The first pair takes two frames, each later one a frame more.
        if len(self._waiting) >= min(self._batch, max(1, MOST_BYTES // rgb.nbytes)) + (not self.forward):
            self._ask()

    def finish(self) -> None:
        """Read the pairs that are left."""
        if self._waiting:
            self._ask()
        self._keep(*self._sequence.finish())

    def _ask(self) -> None:
        self._keep(*self._sequence.read(np.stack(self._waiting)))
        self._waiting.clear()

    def _keep(self, ahead: Rows, back: Rows) -> None:
        self.forward += self._vectors(ahead, "forward")
        self.backward += self._vectors(back, "backward")

    def _vectors(self, rows: Rows, way: str) -> list[Vector]:
        first = len(self.forward if way == "forward" else self.backward)
        return [checked(row, f"{self._name}: {way} pair {first + at}") for at, row in enumerate(rows)]
