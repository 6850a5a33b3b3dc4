from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np
import pytest
from tests.engines.sound_files import RATE, tone

from clipmill.engines.sound_run import Heard, SoundRun


def frame(sound: np.ndarray, layout: str = "mono", rate: int = RATE) -> av.AudioFrame:
    made = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound, np.float32), "fltp", layout)
    made.sample_rate = rate
    return made


def at(time: Fraction | None, sound: np.ndarray, *, after_loss: bool = False, rate: int = RATE) -> Heard:
    return Heard(frame(sound, rate=rate), time, after_loss)


def ran(frames: Iterable[Heard]) -> tuple[int, np.ndarray]:
    """The position and the samples of frames that are one run."""
    first, *rest = frames
    run = SoundRun(first, Fraction(0))
    placed = list(run.add(first))
    for heard in rest:
        assert run.continued_by(heard)
        placed += run.add(heard)
    placed += run.finish()
    positions = np.cumsum([placed[0][0], *(block.shape[1] for _, block in placed)])
    assert [position for position, _ in placed] == list(positions[:-1])
    return placed[0][0], np.concatenate([block for _, block in placed], axis=1)


def test_jitter_of_the_stamps_moves_nothing():
    wave = tone(0.5)
    wobble = [Fraction(0), Fraction(1, 100), Fraction(-1, 100), Fraction(1, 2000)]
    parts = [at(Fraction(i * 4800, RATE) + wobble[i % 4], wave[:, i * 4800 : (i + 1) * 4800]) for i in range(5)]
    position, sound = ran(parts)
    assert position == 0
    assert np.array_equal(sound, wave)


def test_frames_without_a_stamp_follow_the_one_before():
    wave = tone(0.3)
    position, sound = ran([at(Fraction(2), wave[:, :4800]), at(None, wave[:, 4800:9600]), at(None, wave[:, 9600:])])
    assert position == 2 * RATE
    assert np.array_equal(sound, wave)


def test_a_run_begins_where_the_track_does_if_no_frame_says():
    run = SoundRun(first := at(None, tone(0.1)), Fraction(3, 2))
    assert next(run.add(first))[0] == RATE * 3 // 2


def test_a_gap_ends_a_run():
    run = SoundRun(first := at(Fraction(0), tone(0.1)), Fraction(0))
    list(run.add(first))
    assert run.continued_by(at(Fraction(12, 100), tone(0.1)))
    assert not run.continued_by(at(Fraction(13, 100), tone(0.1)))


def test_after_a_loss_a_short_gap_counts_too():
    run = SoundRun(first := at(Fraction(0), tone(0.1)), Fraction(0))
    list(run.add(first))
    assert not run.continued_by(at(Fraction(105, 1000), tone(0.1), after_loss=True))


def test_another_format_ends_a_run():
    run = SoundRun(first := at(Fraction(0), tone(0.1)), Fraction(0))
    list(run.add(first))
    assert not run.continued_by(at(Fraction(1, 10), tone(0.1, rate=44100), rate=44100))


def test_an_overlap_is_cut():
    wave = tone(0.5)
    _, sound = ran(
        [at(Fraction(0), wave[:, :9600]), at(Fraction(1, 10), wave[:, 4800:9600]), at(Fraction(1, 10), wave[:, 4800:])]
    )
    assert np.array_equal(sound, wave)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 96000])
def test_a_sample_is_the_same_wherever_decoding_begins(rate: int):
    wave = tone(1, 700, rate=rate)
    whole_at, whole = ran([at(Fraction(5), wave, rate=rate)])
    later = rate // 3 + 7
    part_at, part = ran([at(5 + Fraction(later, rate), wave[:, later:], rate=rate)])
    settled = 960
    same = whole[:, part_at - whole_at + settled :][:, : part.shape[1] - settled]
    assert np.abs(part[:, settled : settled + same.shape[1]] - same).max() < 1e-5
    assert part_at == pytest.approx((5 + later / rate) * RATE, abs=1)


def test_resampling_moves_nothing_and_loses_no_end():
    position, sound = ran([at(Fraction(1), tone(1, 700, rate=44100), rate=44100)])
    assert position == RATE
    assert sound.shape[1] == pytest.approx(RATE, abs=1)
    assert np.abs(sound[:, 500:-500] - tone(1, 700)[:, 500 : sound.shape[1] - 500]).max() < 0.001


@pytest.mark.parametrize("layout", ["ambisonic 1", "9 channels"])
def test_of_channels_without_a_known_place_the_first_two_are_left_and_right(layout: str):
    count = av.AudioLayout(layout).nb_channels
    waves = np.vstack([tone(0.1, 300 + 100 * channel) for channel in range(count)])
    made = av.AudioFrame.from_ndarray(np.ascontiguousarray(waves.T.reshape(1, -1)), "flt", layout)
    made.sample_rate = RATE
    _, sound = ran([Heard(made, Fraction(0), after_loss=False)])
    assert np.array_equal(sound, waves[:2])
