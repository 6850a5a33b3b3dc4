"""The network of this package; its card lies beside the weights."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models.model import Frames, PairContext, Rows, both_ways, check_frames, checked_rows, no_rows
from clipmill.engines.pair_models.network_file import checked_file, session
from clipmill.engines.pair_models.planes import Planes
from clipmill.engines.pair_models.strip_sequence import StripSequence

NAME = "textchange"
VERSION = "2"
SHA256 = "29b39f0894ac3f8dd7d83d36ec5be99b3fcecd3038cdec971bc3fb47effa2cc2"
_ADVICE = "Install the package again: pip install --force-reinstall clipmill."

DECIMALS = 6
"""Digits that don't depend on how many pairs are computed at once."""

Numbers = NDArray[np.int64]


class TextChange:
    """Reads every strip once, and planes that are equal once for all of them; still pictures cost next to nothing."""

    name = NAME
    version = VERSION
    sha256 = SHA256

    def __init__(self, threads: int, weights: Path | None = None) -> None:
        path = weights or Path(str(files("clipmill.engines.pair_models") / "weights" / "textchange.onnx"))
        self._session: Any = session(checked_file(path, SHA256, _ADVICE), threads)

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        """One row for each pair, as if both frames had stood for a while."""
        check_frames(first, second)
        pairs = zip(first, second, strict=True)
        return np.concatenate([no_rows(), *(both_ways(self, np.stack(pair), context)[0] for pair in pairs)])

    def sequence(self) -> StripSequence:
        """Read the frames of one video."""
        return StripSequence(self._answer)

    def _answer(self, planes: Planes) -> tuple[Rows, Rows]:
        """Forward and backward rows of strips that follow one another; what is there twice is computed once."""
        kept, numbers = _distinct(planes)
        wanted = np.stack([numbers[:-1], numbers[1:]], axis=1)
        asked, places = np.unique(wanted, axis=0, return_inverse=True)
        given = {"planes": planes[kept], "left": asked[:, 0].copy(), "right": asked[:, 1].copy()}
        forward, backward = self._session.run(["forward", "backward"], given)
        rows = (checked_rows(one, len(asked), NAME).round(DECIMALS)[places.ravel()] for one in (forward, backward))
        return next(rows), next(rows)


def _distinct(planes: Planes) -> tuple[list[int], Numbers]:
    """Which planes differ from all before them, and for each strip its number among those."""
    numbers: dict[bytes, int] = {}
    kept: list[int] = []
    own: list[int] = []
    for place, one in enumerate(planes):
        number = numbers.setdefault(one.tobytes(), len(kept))
        if number == len(kept):
            kept.append(place)
        own.append(number)
    return kept, np.array(own, np.int64)
