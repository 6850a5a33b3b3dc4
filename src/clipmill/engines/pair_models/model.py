"""What every pair model can do.

*Convention:* frames are uint8 RGB of shape (n, height, width, 3), the caption band at full size. Rows are float64 of shape
(n, 5) in the order of `clipmill.media.captions.pairs.Label`, each with sum 1.
"""

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


@runtime_checkable
class ReadsBothWays(Protocol):
    """A pair model that reads each frame once for all its pairs in both directions."""

    def predict_both(self, frames: Frames, context: PairContext) -> tuple[Rows, Rows]: ...


def both_ways(model: PairModel, frames: Frames, context: PairContext) -> tuple[Rows, Rows]:
    """Forward and backward rows of the pairs (k, k + 1) of frames that follow one another."""
    if len(frames) < 2:
        return no_rows(), no_rows()
    if isinstance(model, ReadsBothWays):
        return model.predict_both(frames, context)
    return model.predict(frames[:-1], frames[1:], context), model.predict(frames[1:], frames[:-1], context)


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
