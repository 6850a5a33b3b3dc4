"""The middle of numbers, and how far they lie from it."""

import math
from collections.abc import Iterable, Sequence


def median(values: Iterable[float]) -> float:
    """The middle value; of an even number, the mean of the middle two.

    >>> median([4.0, 1.0, 2.0]), median([4.0, 1.0, 2.0, 3.0])
    (2.0, 2.5)
    """
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def median_deviation(values: Sequence[float]) -> float:
    """The median distance from the median, unscaled."""
    middle = median(values)
    return median(abs(value - middle) for value in values)


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which a share lies, linear between neighbours.

    >>> percentile([10.0, 20.0, 30.0], 0.25)
    15.0
    """
    ordered = sorted(values)
    below, part = divmod((len(ordered) - 1) * share, 1)
    lower, upper = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return lower + (upper - lower) * part


def deviation(values: Sequence[float]) -> float:
    """The standard deviation of a whole population."""
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
