"""Which moments of a video are looked at, and how long it lasts.

*Convention:* times are exact seconds from the first displayed picture. Full frames are named by tenths of a second;
cropped frame k is the picture on screen at k / rate. No frame lies at or behind the end.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from clipmill.errors import InvalidParameterError, InvalidRequestError
from clipmill.media.time import exact

TENTHS = Fraction(10)
"""The rate of frame indices: full frames, captions and flows all count tenths of a second."""
FASTEST_FULL_RATE = Fraction(10)
SLOWEST_CROPPED_RATE = Fraction(1)
FASTEST_CROPPED_RATE = Fraction(60)
LARGEST_DISAGREEMENT = Fraction(1)
"""How far two statements about a video's duration may differ, in seconds, before its packets are asked."""

_RATIO_TEXT = re.compile(r"(\d{1,18})/(\d{1,18})", re.ASCII)


def exact_rate(value: object) -> Fraction:
    """A rate from a number, a decimal text or ``"a/b"``; nothing is snapped to a broadcast rate.

    >>> exact_rate(0.1), exact_rate("30000/1001")
    (Fraction(1, 10), Fraction(30000, 1001))
    """
    ratio = _RATIO_TEXT.fullmatch(value) if isinstance(value, str) else None
    if ratio and int(ratio[2]):
        return Fraction(int(ratio[1]), int(ratio[2]))
    try:
        return exact(value, "frame_rate")
    except InvalidRequestError as fault:
        raise _refused(value, "as a finite number") from fault


def full_rate(value: object) -> Fraction:
    """The rate at which full frames are taken: above 0, at most 10 per second."""
    rate = exact_rate(value)
    if not 0 < rate <= FASTEST_FULL_RATE:
        raise _refused(value, f"above 0, at most {FASTEST_FULL_RATE}")
    return rate


def cropped_rate(value: object) -> Fraction:
    """The rate at which the caption band is taken: 1 to 60 per second."""
    rate = exact_rate(value)
    if not SLOWEST_CROPPED_RATE <= rate <= FASTEST_CROPPED_RATE:
        raise _refused(value, f"from {SLOWEST_CROPPED_RATE} to {FASTEST_CROPPED_RATE}")
    return rate


def sample_count(duration: Fraction, rate: Fraction) -> int:
    """How many moments of a video are looked at; never fewer than one."""
    return max(1, math.ceil(duration * rate))


def full_frame_indices(duration: Fraction, rate: Fraction) -> list[int]:
    """The indices of the full frames.

    >>> full_frame_indices(Fraction(35), Fraction(1, 10))
    [0, 100, 200, 300]
    """
    return [math.floor(i * TENTHS / rate) for i in range(sample_count(duration, rate))]


def frame_time(index: int, rate: Fraction = TENTHS) -> Fraction:
    """When a frame is taken: at the beginning of its interval."""
    return index / rate


@dataclass(frozen=True, slots=True)
class DurationClues:
    """What a file's headers say about the duration of its video; None where they are silent."""

    stream: Fraction | None
    container: Fraction | None
    stream_start: Fraction
    """Where the video begins on the container's clock."""
    frame: Fraction
    """How long one frame of the source lasts."""


@dataclass(frozen=True, slots=True)
class SettledDuration:
    """How long the video lasts, and whether its header was wrong about it."""

    duration: Fraction
    mismatch: bool


def settle_duration(clues: DurationClues, scan: Callable[[], Fraction]) -> SettledDuration:
    """The duration by the headers where they agree, else by ``scan``, the end of the last packet after the first."""
    by_container = None if clues.container is None else clues.container - clues.stream_start
    stated = by_container if clues.stream is None else clues.stream
    agree = clues.stream is None or by_container is None or _near(clues.stream, by_container)
    if stated is not None and agree:
        return SettledDuration(max(stated, clues.frame), mismatch=False)
    measured = scan()
    mismatch = clues.stream is not None and not _near(measured, clues.stream)
    return SettledDuration(max(measured, clues.frame), mismatch)


def _near(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) <= LARGEST_DISAGREEMENT


def _refused(value: object, bounds: str) -> InvalidParameterError:
    return InvalidParameterError(
        f"frame_rate: expected a rate {bounds} frames per second, got {value!r:.80}. Send a number such as 0.5 or a "
        'fraction such as "30000/1001".',
        details={"field": "frame_rate"},
    )
