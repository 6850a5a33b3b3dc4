"""Numbers of the sound plan.

Convention: sample positions count from the first output sample, at ``SAMPLE_RATE`` samples per second.
"""

from fractions import Fraction

from clipmill.errors import InvalidSegmentsError
from clipmill.media.time import round_half_up

SAMPLE_RATE = 48000
SLOWEST_TEMPO = Fraction(1, 2)
FASTEST_TEMPO = Fraction(2)


def tempo_factors(speed: Fraction) -> tuple[Fraction, ...]:
    """The tempo steps, each from 1/2 to 2, whose product is ``speed``; none at normal speed.

    >>> [str(factor) for factor in tempo_factors(Fraction(3, 10))]
    ['1/2', '3/5']
    """
    if speed <= 0:
        raise InvalidSegmentsError(f"speed: expected more than 0, got {float(speed)}. Send 1 for normal speed.")
    factors: list[Fraction] = []
    while speed < SLOWEST_TEMPO:
        factors.append(SLOWEST_TEMPO)
        speed /= SLOWEST_TEMPO
    while speed > FASTEST_TEMPO:
        factors.append(FASTEST_TEMPO)
        speed /= FASTEST_TEMPO
    return tuple(factors) if speed == 1 else (*factors, speed)


def sample_at(t: Fraction) -> int:
    """The sample that plays at ``t``: where a piece begins or ends."""
    return round_half_up(t * SAMPLE_RATE)


def audio_length(frames: int, fps: Fraction) -> int:
    """Samples that last as long as the picture.

    >>> audio_length(1, Fraction(30000, 1001))
    1602
    """
    return sample_at(frames / fps)
