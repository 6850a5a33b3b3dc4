"""The stretches of a smart plan as encoders see them: none longer than one encoder lasts.

Convention: times are ticks of the source's clock, as in the plan.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import count, pairwise
from math import ceil

from clipmill.engines.picture_times import PictureTimes
from clipmill.media.copying import Copied, Encoded, Span, Stretch
from clipmill.media.parts import STRETCH_S, stretch_length
from clipmill.media.time import round_half_up


def encoder_stretches(
    times: PictureTimes, stretches: Sequence[Stretch], seconds: Fraction = STRETCH_S
) -> tuple[Stretch, ...]:
    """The same stretches, long encoded ones cut up; copied ones stay whole."""
    return tuple(piece for stretch in stretches for piece in _pieces(times, stretch, seconds))


def frames_about(times: PictureTimes, span: Span) -> int:
    """How many frames a span has at the average rate, at least one."""
    return max(1, round_half_up((span.end - span.start) * times.tick * times.video.rate))


def _pieces(times: PictureTimes, stretch: Stretch, seconds: Fraction) -> Iterator[Stretch]:
    if isinstance(stretch, Copied):
        yield stretch
    else:
        edges = [stretch.start, *_cuts(times, stretch, seconds), stretch.end]
        yield from (Encoded(start, end) for start, end in pairwise(edges))


def _cuts(times: PictureTimes, stretch: Encoded, seconds: Fraction) -> Iterator[int]:
    """Where one encoder gives way to the next: half a frame before a picture is due, at its own time where rates vary."""
    frame = 1 / times.video.rate / times.tick
    length, latest = stretch_length(times.video.rate, seconds), stretch.start
    for number in count(1):
        due = stretch.start + number * length * frame
        cut = ceil(due - frame / 2)
        if cut <= latest:
            continue
        if times.video.variable_rate:
            cut = next(times.shown(cut, stretch.end), stretch.end)
        if max(cut, due + frame / 2) >= stretch.end:
            return
        yield (latest := cut)
