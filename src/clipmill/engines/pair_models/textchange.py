"""The network of this package; its card lies beside the weights."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models.model import Frames, PairContext, Rows, check_frames, checked_rows, no_rows
from clipmill.engines.pair_models.network_file import checked_file, session
from clipmill.engines.pair_models.planes import planes_of
from clipmill.engines.pair_models.strips import strips_of

NAME = "textchange"
VERSION = "1"
SHA256 = "9fdcb077b3ae3aa73df343563a8ad1066c9702013d01bb5cfb7f4467072af0dc"
_ADVICE = "Install the package again: pip install --force-reinstall clipmill."

PAIRS_AT_ONCE = 32
"""Bounds the memory of a run, whatever batch is asked for."""
DECIMALS = 6
"""Digits that don't depend on how many pairs are computed at once."""

Numbers = NDArray[np.int64]


class TextChange:
    """Reads every strip once, and strips that are equal once for all of them; still pictures cost next to nothing."""

    name = NAME
    version = VERSION
    sha256 = SHA256

    def __init__(self, threads: int, weights: Path | None = None) -> None:
        path = weights or Path(str(files("clipmill.engines.pair_models") / "weights" / "textchange.onnx"))
        self._session: Any = session(checked_file(path, SHA256, _ADVICE), threads)

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        """One row for each pair."""
        del context
        check_frames(first, second)
        parts = [
            self._read(
                np.concatenate([strips_of(first[part]), strips_of(second[part])]), _beside(part.stop - part.start)
            )[0]
            for part in _parts(len(first))
        ]
        return np.concatenate([no_rows(), *parts])

    def predict_both(self, frames: Frames, context: PairContext) -> tuple[Rows, Rows]:
        """Forward and backward rows of frames that follow one another."""
        del context
        check_frames(frames[:-1], frames[1:])
        read = [
            self._read(strips_of(frames[part.start : part.stop + 1]), _following(part.stop - part.start))
            for part in _parts(len(frames) - 1)
        ]
        return np.concatenate([no_rows(), *(one for one, _ in read)]), np.concatenate(
            [no_rows(), *(one for _, one in read)]
        )

    def _read(self, strips: Frames, pairs: tuple[Numbers, Numbers]) -> tuple[Rows, Rows]:
        """Forward and backward rows of pairs of numbered strips; what is there twice is computed once."""
        kept, numbers = _distinct(strips)
        wanted = np.stack([numbers[pairs[0]], numbers[pairs[1]]], axis=1)
        asked, places = np.unique(wanted, axis=0, return_inverse=True)
        given = {"planes": planes_of(strips[kept]), "left": asked[:, 0].copy(), "right": asked[:, 1].copy()}
        forward, backward = self._session.run(["forward", "backward"], given)
        rows = (checked_rows(one, len(asked), NAME).round(DECIMALS)[places.ravel()] for one in (forward, backward))
        return next(rows), next(rows)


def _parts(pairs: int) -> Iterator[slice]:
    return (slice(start, min(pairs, start + PAIRS_AT_ONCE)) for start in range(0, pairs, PAIRS_AT_ONCE))


def _following(pairs: int) -> tuple[Numbers, Numbers]:
    return np.arange(pairs), np.arange(1, pairs + 1)


def _beside(pairs: int) -> tuple[Numbers, Numbers]:
    return np.arange(pairs), np.arange(pairs, 2 * pairs)


def _distinct(strips: Frames) -> tuple[list[int], Numbers]:
    """Which strips differ from all before them, and for each strip its number among those."""
    numbers: dict[bytes, int] = {}
    kept: list[int] = []
    own: list[int] = []
    for place, strip in enumerate(strips):
        number = numbers.setdefault(strip.tobytes(), len(kept))
        if number == len(kept):
            kept.append(place)
        own.append(number)
    return kept, np.array(own, np.int64)
