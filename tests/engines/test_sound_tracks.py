from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from tests.engines.sound_files import RATE, beeps, decoded, onsets, tone
from tests.media_marks import beep

from clipmill.engines.sound_tracks import SoundTrack, aac_track, flac_track, pcm_track

Setup = Callable[[AudioStream], SoundTrack]


def written(path: Path, codec: str, set_up: Setup, sound: np.ndarray, block: int = 1601) -> Path:
    with av.open(str(path), "w", options={"movflags": "+faststart", "movie_timescale": "240000"}) as output:
        stream = output.add_stream(codec, rate=RATE, layout="mono" if sound.shape[0] == 1 else "stereo")
        track = set_up(stream)
        output.start_encoding()
        for first in range(0, sound.shape[1], block):
            output.mux(track.write(sound[:, first : first + block]))
        output.mux(track.finish())
    return path


@pytest.mark.parametrize("samples", [1, 1024, 7169, 96777])
def test_aac_begins_at_zero_and_shows_less_than_a_frame_too_much(tmp_path: Path, samples: int):
    path = written(tmp_path / "a.mp4", "aac", aac_track, tone(samples / RATE))
    with av.open(str(path)) as media:
        first, *rest = media.decode(audio=0)
        assert first.pts == 0
        assert 0 <= sum(frame.samples for frame in (first, *rest)) - samples < 1024
        assert media.streams.audio[0].duration == samples


def test_aac_keeps_a_beep_on_its_sample(tmp_path: Path):
    path = written(tmp_path / "a.mp4", "aac", aac_track, np.repeat(beeps(3, [0.5, 2.2]), 2, axis=0))
    sound = decoded(path)[0]
    for time in (0.5, 2.2):
        first = round(time * RATE)
        heard = sound[first - 200 : first + 200 + len(beep(RATE))]
        assert int(np.correlate(heard, beep(RATE), "valid").argmax()) == 200


@pytest.mark.parametrize("channels", [1, 2])
def test_deliverables_are_aac_lc_at_192_kbit_and_48_khz(tmp_path: Path, channels: int):
    hiss = np.random.default_rng(1).normal(0, 0.1, (channels, 5 * RATE)).astype(np.float32)
    path = written(tmp_path / "a.mp4", "aac", aac_track, hiss)
    with av.open(str(path)) as media:
        stream = media.streams.audio[0]
        assert (stream.codec_context.name, stream.profile, stream.rate) == ("aac", "LC", RATE)
        assert stream.codec_context.channels == channels
        assert stream.codec_context.bit_rate == pytest.approx(192_000, rel=0.15)


@pytest.mark.parametrize(
    ("name", "codec", "set_up", "step"), [("a.mp4", "flac", flac_track, 2**-22), ("a.mov", "pcm_f32le", pcm_track, 0)]
)
def test_intermediate_sound_is_lossless(tmp_path: Path, name: str, codec: str, set_up: Setup, step: float):
    sound = np.vstack([beeps(2.1, [0.5, 1.7]), tone(2.1)])
    assert np.abs(decoded(written(tmp_path / name, codec, set_up, sound)) - sound).max() <= step


def test_the_size_of_the_blocks_does_not_matter(tmp_path: Path):
    sound = beeps(1, [0.3]) + tone(1)
    one, other = (
        written(tmp_path / f"{n}.mp4", "aac", aac_track, sound, block) for n, block in enumerate((777, 24000))
    )
    assert np.array_equal(decoded(one), decoded(other))


def test_a_beep_is_found_where_it_was_written(tmp_path: Path):
    path = written(tmp_path / "a.mp4", "flac", flac_track, beeps(2, [0.4, 1.5]))
    assert onsets(decoded(path)) == pytest.approx([0.4, 1.5], abs=0.001)
