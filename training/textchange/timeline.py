"""When which caption is seen in a clip.

Convention: a caption counts as there in a frame where its opacity is at least half of its own full opacity; of several
that are, the most opaque one counts. State 0 is no caption, 1, 2, ... are the captions in their order.
"""

from dataclasses import dataclass
from random import Random

LENGTHS = (1, 2, 3, 4, 5, 7, 10, 16)
WEIGHTS = (5, 6, 8, 10, 10, 12, 14, 14)


@dataclass(frozen=True)
class Span:
    """One caption: when it comes and goes, in frames, and how long both take."""

    start: float
    end: float
    fade_in: float
    fade_out: float

    def opacity(self, frame: int) -> float:
        return min(_ramp(frame - self.start, self.fade_in), _ramp(self.end - frame, self.fade_out))


def _ramp(since: float, long: float) -> float:
    """0 before, 1 after, half at the moment itself; without a fade a frame at or after the moment shows it."""
    if long <= 0:
        return float(since > 0)
    return min(1.0, max(0.0, since / long + 0.5))


def any_spans(random: Random, frames: int) -> list[Span]:
    """Captions and gaps of a clip that was cut out of a longer video."""
    fading = random.random() < 0.3
    crossing = fading and random.random() < 0.3
    moment = -random.uniform(0, 12)
    spans: list[Span] = []
    shown = random.random() < 0.6
    quiet = random.random() < 0.45
    while moment < frames:
        long = (random.choice((16, 24, 40)) if quiet else random.choices(LENGTHS, WEIGHTS)[0]) + random.random()
        if shown:
            spans.append(_span(random, moment, long, fading=fading, crossing=crossing))
        touching = shown and random.random() < 0.55
        moment += long
        shown = touching or not shown
    return spans


def _span(random: Random, start: float, long: float, *, fading: bool, crossing: bool) -> Span:
    limit = long if crossing else long * 0.5
    fade_in = min(limit, random.uniform(0.5, 5)) if fading else 0.0
    fade_out = min(limit, random.uniform(0.5, 5)) if fading else 0.0
    if crossing:
        return Span(start, start + long, fade_in, fade_out)
    return Span(start + fade_in / 2, start + long - fade_out / 2, fade_in, fade_out)


def states(spans: list[Span], frames: int) -> list[int]:
    """What each frame shows."""
    return [_state([span.opacity(frame) for span in spans]) for frame in range(frames)]


def _state(opacities: list[float]) -> int:
    best = max(range(len(opacities)), key=opacities.__getitem__, default=None)
    return 0 if best is None or opacities[best] < 0.5 else best + 1


def doubtful(spans: list[Span], frames: int) -> list[bool]:
    """The frames whose state hangs on a tenth of opacity."""
    return [any(0.38 < span.opacity(frame) < 0.62 for span in spans) for frame in range(frames)]
