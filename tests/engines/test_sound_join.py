from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.sound_files import RATE, beeps, loudness, onsets

from clipmill.engines.samples import Samples
from clipmill.engines.sound_join import SoundPart, join_sound
from clipmill.media.sound import audio_length
from clipmill.media.transitions import TransitionKind, plan_join

FPS = Fraction(30)
NTSC = Fraction(30000, 1001)


@dataclass
class Shelf:
    """Clips that tell when they are opened and closed."""

    open_now: int = 0
    most_open: int = 0
    opened: list[int] = field(default_factory=list[int])

    def clip(self, number: int, sound: np.ndarray) -> Callable[[], Iterator[Samples]]:
        def blocks() -> Iterator[Samples]:
            self.opened.append(number)
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
            try:
                for first in range(0, sound.shape[1], 1000):
                    yield sound[:, first : first + 1000]
            finally:
                self.open_now -= 1

        return blocks


def joined(
    sounds: list[np.ndarray | None],
    frames: list[int],
    kind: TransitionKind = TransitionKind.CUT,
    seconds: Fraction = Fraction(1, 2),
    *,
    fps: Fraction = FPS,
    channels: int = 1,
) -> np.ndarray:
    shelf = Shelf()
    parts = [
        SoundPart((lambda: None) if sound is None else shelf.clip(number, sound), count)
        for number, (sound, count) in enumerate(zip(sounds, frames, strict=True))
    ]
    join = plan_join(kind, seconds, fps, frames, ["clip"] * len(frames))
    whole = np.concatenate(list(join_sound(parts, join, fps, channels)), axis=1)
    assert whole.shape == (channels, audio_length(join.total_frames, fps))
    assert shelf.open_now == 0
    return whole


def noise(seed: int, samples: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, (channels, samples)).astype(np.float32)


def flat(level: float, frames: int, fps: Fraction = FPS) -> np.ndarray:
    return np.full((1, audio_length(frames, fps)), level, np.float32)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(TransitionKind),
    st.lists(st.integers(12, 60), min_size=1, max_size=6),
    st.sampled_from([FPS, NTSC, Fraction(24000, 1001), Fraction(25)]),
)
def test_the_sound_is_as_long_as_the_picture(kind: TransitionKind, frames: list[int], fps: Fraction):
    joined([flat(0.1, count, fps) for count in frames], frames, kind, Fraction(1, 5), fps=fps)


def test_after_200_short_clips_the_sound_is_still_in_place():
    frames = [17] * 200
    length = audio_length(17, NTSC)
    clip = beeps(length / RATE, [0.2])
    assert clip.shape[1] == length
    whole = joined([clip] * 200, frames, fps=NTSC)
    expected = [float(17 * i / NTSC) + 0.2 for i in range(200)]
    assert onsets(whole) == pytest.approx(expected, abs=0.0002)


def test_a_cut_changes_no_sample():
    first, second = noise(1, RATE), noise(2, RATE)
    assert np.array_equal(joined([first, second], [30, 30]), np.hstack([first, second]))


def test_a_dissolve_of_two_noises_has_no_dip():
    whole = joined([noise(1, 2 * RATE), noise(2, 2 * RATE)], [60, 60], TransitionKind.DISSOLVE, Fraction(1))
    assert [loudness(part) for part in np.split(whole, 30, axis=1)] == pytest.approx([0.1] * 30, rel=0.06)


def test_the_gains_of_a_dissolve_are_cosine_and_sine():
    left = joined([flat(1, 60), flat(0, 60)], [60, 60], TransitionKind.DISSOLVE, Fraction(1))
    right = joined([flat(0, 60), flat(1, 60)], [60, 60], TransitionKind.DISSOLVE, Fraction(1))
    u = (np.arange(RATE) + 0.5) / RATE
    assert left[0, RATE : 2 * RATE] == pytest.approx(np.cos(np.pi * u / 2), abs=1e-5)
    assert right[0, RATE : 2 * RATE] == pytest.approx(np.sin(np.pi * u / 2), abs=1e-5)


def test_a_fade_is_silent_at_the_join_and_straight():
    whole = joined([flat(1, 60), flat(1, 60)], [60, 60], TransitionKind.FADE, Fraction(1, 2))
    assert np.abs(whole[0, 2 * RATE - 5 : 2 * RATE + 5]).max() < 0.001
    assert whole[0, RATE * 7 // 4] == pytest.approx(0.5, abs=0.001)
    assert whole[0, RATE * 9 // 4] == pytest.approx(0.5, abs=0.001)
    assert (whole[0, : RATE * 3 // 2] == 1).all()
    assert (whole[0, RATE * 5 // 2 :] == 1).all()


@pytest.mark.parametrize("silent", [0, 1, 2])
@pytest.mark.parametrize("kind", TransitionKind)
def test_a_silent_clip_leaves_the_others_in_place(silent: int, kind: TransitionKind):
    sounds: list[np.ndarray | None] = [beeps(3, [1.2])] * 3
    sounds[silent] = None
    step = 2.5 if kind is TransitionKind.DISSOLVE else 3
    expected = [1.2 + step * i for i in range(3) if i != silent]
    assert onsets(joined(sounds, [90] * 3, kind)) == pytest.approx(expected, abs=0.001)


def test_mono_clips_sound_on_both_sides_of_a_stereo_join():
    whole = joined([noise(1, RATE), noise(2, RATE, 2)], [30, 30], channels=2)
    assert np.array_equal(whole[0, :RATE], whole[1, :RATE])
    assert not np.array_equal(whole[0, RATE:], whole[1, RATE:])


def test_sound_shorter_than_its_clip_ends_in_silence():
    whole = joined([flat(1, 15), flat(1, 30)], [30, 30])
    assert not whole[0, RATE // 2 : RATE].any()
    assert (whole[0, RATE:] == 1).all()


@pytest.mark.parametrize("kind", TransitionKind)
def test_clips_are_opened_late_and_two_at_a_time(kind: TransitionKind):
    shelf = Shelf()
    parts = [SoundPart(shelf.clip(number, flat(0.5, 30)), 30) for number in range(6)]
    join = plan_join(kind, Fraction(1, 3), FPS, [30] * 6, ["clip"] * 6)
    sound = join_sound(parts, join, FPS, 1)
    assert shelf.opened == []
    next(sound)
    assert shelf.opened == [0]
    list(sound)
    assert shelf.opened == [0, 1, 2, 3, 4, 5]
    assert shelf.most_open == (2 if kind is TransitionKind.DISSOLVE else 1)


def test_a_join_given_up_closes_its_clips():
    shelf = Shelf()
    parts = [SoundPart(shelf.clip(number, flat(0.5, 30)), 30) for number in range(3)]
    join = plan_join(TransitionKind.DISSOLVE, Fraction(1, 3), FPS, [30] * 3, ["clip"] * 3)
    sound = join_sound(parts, join, FPS, 1)
    while shelf.open_now < 2:
        next(sound)
    sound.close()
    assert shelf.open_now == 0
