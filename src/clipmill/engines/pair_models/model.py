"""What every pair model can do.

*Convention:* frames are uint8 RGB of shape (n, height, width, 3), the caption band at full size. Rows are float64 of shape
(n, 5) in the order of `clipmill.media.captions.pairs.Label`, each with sum 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clipmill.errors import InvalidParameterError, ModelOutputInvalidError
from clipmill.media.captions.layout.boxes import Box
from clipmill.media.captions.layout.region import AnchorType
from clipmill.media.captions.pairs import LABELS, SUM_SLACK
from clipmill.media.captions.region import CropRegion
from clipmill.media.geometry import Size

Frames = NDArray[np.uint8]
Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairContext:
    """Where the frames come from; a model may use it or not."""

    crop_region: CropRegion
    frame_size: Size
    anchor_type: AnchorType | None = None
    anchor_position: float | None = None
    boxes: tuple[Box, ...] = ()


class PairModel(Protocol):
    """One way to tell what happens between two frames."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def sha256(self) -> str:
        """The digest of the weights; empty where there are none."""
        ...

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        """One row for each pair; it depends on nothing but the two frames and the context."""
        ...


class PairSequence(Protocol):
    """The pairs of one video, asked for while its frames come in."""

    def read(self, frames: Frames) -> tuple[Rows, Rows]:
        """Take the next frames; forward and backward rows of all pairs that are certain by now."""
        ...

    def finish(self) -> tuple[Rows, Rows]:
        """The rows of the pairs that are left, now that no frame follows."""
        ...


@runtime_checkable
class ReadsSequences(Protocol):
    """A pair model that looks at the frames around a pair too, and reads each frame once."""

    def sequence(self) -> PairSequence: ...


class Neighbours:
    """The sequence of a model that is asked for each pair alone."""

    def __init__(self, model: PairModel, context: PairContext) -> None:
        self._model, self._context = model, context
        self._last: Frames | None = None

    def read(self, frames: Frames) -> tuple[Rows, Rows]:
        known = frames if self._last is None else np.concatenate([self._last, frames])
        self._last = known[-1:].copy()
        if len(known) < 2:
            return no_rows(), no_rows()
        first, second = known[:-1], known[1:]
        return self._model.predict(first, second, self._context), self._model.predict(second, first, self._context)

    def finish(self) -> tuple[Rows, Rows]:
        return no_rows(), no_rows()


def sequence_of(model: PairModel, context: PairContext) -> PairSequence:
    """A fresh sequence of a model for the frames of one video."""
    return model.sequence() if isinstance(model, ReadsSequences) else Neighbours(model, context)


def both_ways(model: PairModel, frames: Frames, context: PairContext) -> tuple[Rows, Rows]:
    """Forward and backward rows of the pairs (k, k + 1) of a whole video."""
    sequence = sequence_of(model, context)
    return joined_rows([sequence.read(frames), sequence.finish()] if len(frames) else [])


def joined_rows(parts: Sequence[tuple[Rows, Rows]]) -> tuple[Rows, Rows]:
    """Forward and backward rows of parts that follow one another."""
    ahead, back = (np.concatenate([no_rows(), *(part[way] for part in parts)]) for way in range(2))
    return ahead, back


def no_rows() -> Rows:
    return np.zeros((0, len(LABELS)))


def check_frames(first: Frames, second: Frames) -> None:
    """Refuse what is no sequence of pairs of RGB pictures."""
    for frames in (first, second):
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or frames.shape != first.shape:
            raise InvalidParameterError(
                "pairs: expected two uint8 arrays of one shape (pairs, height, width, 3), "
                f"got {first.dtype} {first.shape} and {second.dtype} {second.shape}."
            )


def checked_rows(rows: NDArray[np.floating], pairs: int, model: str) -> Rows:
    """The rows inside 0..1; what is no distribution over the five classes is refused."""
    if rows.shape != (pairs, len(LABELS)):
        raise ModelOutputInvalidError(f"{model}: expected rows of shape ({pairs}, {len(LABELS)}), got {rows.shape}.")
    values = rows.astype(np.float64)
    # A NaN or an infinity makes the sum one, and the comparison false.
    wrong = np.flatnonzero(~(np.abs(values.sum(axis=1) - 1) <= SUM_SLACK))
    if len(wrong):
        raise ModelOutputInvalidError(
            f"{model}: pair {wrong[0]}: expected finite probabilities with sum 1, got {values[wrong[0]].tolist()}. "
            "Check the weights of the pair model."
        )
    return values.clip(0, 1)
