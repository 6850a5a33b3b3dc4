"""What a pair model says about two neighbouring frames, and how its two readings become one.

*Convention:* a vector holds five probabilities in the order of `Label`. *Forward* is the model on (k, k + 1),
*backward* the same model on (k + 1, k).
"""

from collections.abc import Iterable
from enum import StrEnum

from clipmill.errors import ModelOutputInvalidError

SUM_SLACK = 1e-3
"""How far the sum of a vector may be from 1."""
_ROUNDING = 1e-9


class Label(StrEnum):
    """What happens between a frame and the next, in the order of a model's classes."""

    SAME = "same"
    DIFFERENT = "different"
    EMPTY_EMPTY = "empty_empty"
    EMPTY_VALID = "empty_valid"
    """A caption starts at the second frame."""
    VALID_EMPTY = "valid_empty"
    """A caption ended with the first frame."""


LABELS = tuple(Label)

Vector = tuple[float, float, float, float, float]


def checked(vector: Iterable[float], where: str = "pair") -> Vector:
    """The vector as it is stored, inside 0..1; what is no distribution is refused.

    >>> checked([1.0000001, 0, 0, 0, 0])
    (1.0, 0.0, 0.0, 0.0, 0.0)
    """
    values = [float(value) for value in vector]
    total = sum(values)
    # A NaN or an infinity among the values makes the sum one, and the comparison false.
    if len(values) != len(LABELS) or not abs(total - 1) <= SUM_SLACK + _ROUNDING:
        raise ModelOutputInvalidError(
            f"{where}: expected {len(LABELS)} finite probabilities with sum 1, got {values!r:.200}. "
            "Check the weights of the pair model.",
        )
    same, different, both_empty, starts, ends = (min(max(value, 0.0), 1.0) for value in values)
    return same, different, both_empty, starts, ends


def swapped(vector: Vector) -> Vector:
    """What a backward vector says in forward words: a caption that starts one way ends the other way."""
    same, different, both_empty, starts, ends = vector
    return same, different, both_empty, ends, starts


def fused(forward: Vector, backward: Vector) -> Vector:
    """The mean of both readings."""
    same, different, both_empty, starts, ends = (
        (one + other) / 2 for one, other in zip(forward, swapped(backward), strict=True)
    )
    return same, different, both_empty, starts, ends


def predicted(vector: Vector) -> tuple[Label, float]:
    """The most probable label, the first of equals, and its probability."""
    confidence = max(vector)
    return LABELS[vector.index(confidence)], confidence


def label_counts(vectors: Iterable[Vector]) -> dict[str, int]:
    """How often each of the five labels is the most probable one."""
    counts = dict.fromkeys(map(str, LABELS), 0)
    for vector in vectors:
        counts[predicted(vector)[0]] += 1
    return counts
