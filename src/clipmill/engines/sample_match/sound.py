"""The sound of the sample match: a murmuring crowd that roars at a goal, a whistle, feet on a ball.

Convention: float samples (channels, n) at 48 kHz, full scale 1; times are seconds from the start.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from clipmill.media.sound import SAMPLE_RATE, sample_at

Samples = NDArray[np.float32]

WHISTLE_HZ = 2900.0
WHISTLE_SECONDS = Fraction(7, 10)
KICK_SECONDS = 0.12
WAVE_SAMPLES = 14400
MURMUR_HZ = 520.0
MURMUR, ROAR = 0.035, 0.30


def crowd(samples: int, stirs: Sequence[tuple[Fraction, float]], seed: int) -> Samples:
    """A murmur that swells at each stir, by its strength 0..1, and dies down over seconds."""
    chance = np.random.default_rng((seed, 3))
    times = np.arange(samples) / SAMPLE_RATE
    swell = np.full(samples, MURMUR)
    for time, strength in stirs:
        since = times - float(time)
        rise = np.clip((since + 0.35) / 0.7, 0, 1) ** 2
        swell += ROAR * strength * rise * np.exp(-np.clip(since - 1.2, 0, None) / 2.2)
    voices = np.stack([_voices(samples, chance) for _ in range(3)])
    # What both ears hear alike keeps the crowd in one place, the rest makes it wide.
    return ((voices[:2] + voices[2]) * 0.7 * swell).astype(np.float32)


def _voices(samples: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """Noise in the range of many voices, in slow waves."""
    spectrum = np.fft.rfft(chance.normal(0, 1, samples))
    hertz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    octaves = np.log2(np.maximum(hertz, 1) / MURMUR_HZ)
    voices = np.exp(-(octaves**2) / 1.6) + 0.25 * np.exp(-((octaves - 1.5) ** 2) / 0.45)
    noise = np.fft.irfft(spectrum * voices, samples)
    crests = np.arange(samples // WAVE_SAMPLES + 2) * WAVE_SAMPLES
    waves = np.interp(np.arange(samples), crests, chance.uniform(0.75, 1.25, len(crests)))
    return noise / max(float(noise.std()), 1e-9) * waves


def whistle(seconds: Fraction = WHISTLE_SECONDS) -> NDArray[np.float64]:
    """A referee's whistle: two close tones, trilled by the pea."""
    times = np.arange(sample_at(seconds)) / SAMPLE_RATE
    trill = np.sin(2 * np.pi * 38 * times)
    phase = 2 * np.pi * (WHISTLE_HZ * times + 90 / 38 * (1 - np.cos(2 * np.pi * 38 * times)) / (2 * np.pi))
    tone = np.sin(phase) + 0.5 * np.sin(phase * 1.06) + 0.12 * np.sin(phase * 2)
    edges = np.clip(np.minimum(times / 0.015, (times[-1] - times) / 0.05), 0, 1)
    return 0.22 * tone * (0.7 + 0.3 * trill) * edges


def kick(seed: int) -> NDArray[np.float64]:
    """A foot on a ball: a falling thud under a short slap."""
    times = np.arange(round(KICK_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    thud = np.sin(2 * np.pi * (62 * times - 3.2 * np.exp(-times * 45))) * np.exp(-times * 34)
    slap = np.random.default_rng((seed, 4)).normal(0, 1, len(times)) * np.exp(-times * 420)
    return 0.5 * thud + 0.14 * slap


def lay(sound: Samples, part: NDArray[np.float64], time: Fraction, side: float = 0.0) -> None:
    """Add a part to both channels at a time; ``side`` is -1 for left, 1 for right."""
    first = sample_at(time)
    part = part[: max(0, sound.shape[1] - first)]
    for channel, turn in enumerate((-side, side)):
        sound[channel, first : first + len(part)] += (part * (0.75 + 0.25 * turn)).astype(np.float32)


def mastered(sound: Samples) -> Samples:
    """The sound with its loudest peaks rounded off rather than cut."""
    return np.tanh(sound)
