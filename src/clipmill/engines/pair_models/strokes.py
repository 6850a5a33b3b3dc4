"""The classical way: thin strokes that stand out, and how far those of two frames lie on one another.

Presence v of a caption in a frame and similarity s of two frames give the five classes as independent events.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models.model import Frames, PairContext, Rows, check_frames, checked_rows
from clipmill.engines.pair_models.strips import strips_of

NAME = "strokes"
STROKE_PX = 9
"""Twice the width of the thickest stroke of a letter in a strip, and a bit."""
STANDS_OUT = 45.0
SPARSE, SPARSE_SLOPE = 0.02, 250.0
"""The share of stroke pixels at which a caption is as likely as none, and how fast that turns."""
ALIKE, ALIKE_SLOPE = 0.45, 12.0
"""The share of common stroke pixels at which same is as likely as different."""

Mask = NDArray[np.bool_]


class Strokes:
    """Needs no weights; the baseline that the network has to beat."""

    name = NAME
    version = "1"
    sha256 = ""

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        """One row for each pair."""
        del context
        check_frames(first, second)
        rows = [product_rule(*_evidence(one, other)) for one, other in zip(first, second, strict=True)]
        return checked_rows(np.array(rows).reshape(len(rows), 5), len(first), NAME)


def product_rule(first: float, second: float, similarity: float) -> tuple[float, float, float, float, float]:
    """The five classes from the presence in both frames and their similarity.

    >>> [round(p, 2) for p in product_rule(0.9, 0.8, 0.5)]
    [0.36, 0.36, 0.02, 0.08, 0.18]
    """
    both = first * second
    return (
        both * similarity,
        both * (1 - similarity),
        (1 - first) * (1 - second),
        (1 - first) * second,
        first * (1 - second),
    )


def _evidence(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[float, float, float]:
    left, right = (_stroke_mask(strip) for strip in strips_of(np.stack([one, other])))
    return _presence(left), _presence(right), _similarity(left, right)


def _stroke_mask(strip: NDArray[np.uint8]) -> Mask:
    import cv2

    luma: Any = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY)
    kernel = np.ones((STROKE_PX, STROKE_PX), np.uint8)
    raised: Any = cv2.morphologyEx(luma, cv2.MORPH_TOPHAT, kernel)
    return (raised > STANDS_OUT) & (luma > np.median(luma) + STANDS_OUT)


def _presence(mask: Mask) -> float:
    return _logistic(SPARSE_SLOPE * (float(mask.mean()) - SPARSE))


def _similarity(left: Mask, right: Mask) -> float:
    joined = np.count_nonzero(left | right)
    shared = np.count_nonzero(left & right) / joined if joined else 1.0
    return _logistic(ALIKE_SLOPE * (shared - ALIKE))


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
