import doctest
import os
import tracemalloc
from collections import deque
from dataclasses import replace
from fractions import Fraction
from io import FileIO
from pathlib import Path

import av
import numpy as np
import pytest
from tests.engines.sound_files import (
    RATE,
    at_speeds,
    beeps,
    decoded,
    heard,
    loudness,
    onsets,
    opened,
    pitch,
    restamped,
    stretch,
    tone,
    write_sound,
)
from tests.media_factory import Recipe, Sound, make_video

from clipmill.engines import sound as sound_module
from clipmill.engines.probe import probe
from clipmill.engines.samples import Samples
from clipmill.engines.sound import clip_sound, output_channels
from clipmill.errors import UnsupportedCodecError
from clipmill.media.info import AudioInfo
from clipmill.media.sound import audio_length

MEDIA = Path(os.environ.get("CLIPMILL_TEST_MEDIA", Path(__file__).parents[3] / "shared/media"))
SMALL = Recipe(size=(160, 90), rate=Fraction(10), frames=30)


def footage(name: str) -> Path:
    path = MEDIA / name
    if not path.exists():
        pytest.skip(f"real media {name} is not here")
    return path


def small_video(path: Path, **changes: object) -> Path:
    return make_video(path, Recipe(**{"size": (160, 90), "rate": Fraction(10), "frames": 30, **changes}))


def test_sound_at_normal_speed_is_the_decoded_sound_to_the_bit(tmp_path: Path):
    path = write_sound(tmp_path / "a.mp4", np.vstack([tone(2), tone(2, 700)]))
    assert np.array_equal(heard(path, stretch(0, 2)), decoded(path)[:, : 2 * RATE])


def test_another_rate_is_resampled_to_48_khz(tmp_path: Path):
    path = write_sound(tmp_path / "a.mp4", tone(2, 1000, rate=44100), rate=44100)
    sound = heard(path, stretch(0, 2))
    assert sound.shape == (1, 2 * RATE)
    assert np.abs(sound[:, 2000:-2000] - tone(2, 1000)[:, 2000:-2000]).max() < 0.01


def test_a_tone_at_half_speed_lasts_twice_as_long_at_the_same_pitch(tmp_path: Path):
    path = write_sound(tmp_path / "a.mp4", tone(2))
    sound = heard(path, at_speeds((0, 2, "0.5")))
    assert sound.shape == (1, 4 * RATE)
    for quarter in np.split(sound, 4, axis=1):
        assert pitch(quarter) == pytest.approx(440, abs=2)
        assert loudness(quarter) == pytest.approx(0.4 / 2**0.5, rel=0.05)


@pytest.mark.parametrize("speed", [Fraction(1, 4), Fraction(4)])
def test_sound_reaches_the_end_of_the_picture_at_any_speed(tmp_path: Path, speed: Fraction):
    path = write_sound(tmp_path / "a.mp4", tone(4))
    fps = Fraction(30000, 1001)
    samples = audio_length(round(4 / speed * fps), fps)
    sound = heard(path, at_speeds((0, 4, speed)), samples / RATE)
    assert sound.shape == (1, samples)
    assert loudness(sound[:, -1024 - 960 : -1024]) == pytest.approx(0.4 / 2**0.5, rel=0.1)


def test_beeps_stay_on_time_through_pieces_of_several_speeds(tmp_path: Path):
    times = [0.3, 0.8, 1.3, 1.8, 2.3, 2.8, 3.3, 3.8, 4.3, 4.8, 5.3]
    path = write_sound(tmp_path / "a.mp4", beeps(6, times))
    timeline = at_speeds(
        (0.1, 1.1, 1), (1.1, 2.1, 0.5), (2.1, 3.1, 2), (3.1, 3.6, 0.25), (3.6, 4.6, 1), (4.6, 5.6, 1.25)
    )
    sound = heard(path, timeline)
    expected = [float(timeline.output_at(Fraction(str(time))) or 0) for time in times]
    assert onsets(sound) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("speed", ["0.5", "2"])
def test_beeps_in_noise_stay_on_time(tmp_path: Path, speed: str):
    times = [0.337 + 0.741 * i for i in range(6)]
    noise = np.random.default_rng(5).normal(0, 0.005, (1, 5 * RATE)).astype(np.float32)
    path = write_sound(tmp_path / "a.mov", beeps(5, times) + noise, "pcm_s16le")
    assert onsets(heard(path, at_speeds((0, 5, speed)))) == pytest.approx([t / float(speed) for t in times], abs=0.005)


def test_a_late_start_is_preceded_by_silence(tmp_path: Path):
    path = small_video(tmp_path / "late.mp4", sound=Sound(start=Fraction(1, 2), beeps=(Fraction(1, 2), Fraction(2))))
    sound = heard(path, stretch(0, 3))
    assert not sound[:, : RATE // 2 - 1024].any()
    assert onsets(sound) == pytest.approx([0.5, 2], abs=0.001)


def test_sound_before_the_first_picture_is_cut(tmp_path: Path):
    recipe = {"start": Fraction(1, 2), "container": "mkv"}
    path = small_video(tmp_path / "early.mkv", sound=Sound(start=Fraction(-1, 4), beeps=(Fraction(1),)), **recipe)
    assert onsets(heard(path, stretch(0, 3))) == pytest.approx([1], abs=0.0015)


def test_a_clip_of_a_source_starts_where_it_was_asked_to(tmp_path: Path):
    path = write_sound(tmp_path / "a.mp4", beeps(6, [1, 3.25, 4]))
    assert onsets(heard(path, stretch(0.5, 2.5), start=2)) == pytest.approx([0.75, 1.5], abs=0.001)


def test_sound_that_ends_before_the_picture_is_filled_with_silence(tmp_path: Path):
    path = small_video(tmp_path / "short.mp4", sound=Sound(end=Fraction(2)))
    sound = heard(path, stretch(0, 3))
    assert sound.shape == (2, 3 * RATE)
    assert loudness(sound[:, : 2 * RATE]) > 0.3
    assert not sound[:, 2 * RATE + 1024 :].any()


def test_sound_that_outlasts_the_picture_is_cut(tmp_path: Path):
    path = small_video(tmp_path / "long.mp4", frames=20, sound=Sound(end=Fraction(3)))
    sound = heard(path, stretch(0, 2), 2)
    assert sound.shape == (2, 2 * RATE)
    assert loudness(sound[:, -480:]) > 0.3


def test_a_picture_rounded_up_to_a_frame_ends_in_silence(tmp_path: Path):
    path = write_sound(tmp_path / "a.mp4", tone(2))
    sound = heard(path, stretch(0, 1), 1.02)
    assert sound.shape == (1, 48960)
    assert not sound[:, RATE:].any()


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_range_of_a_long_file_is_the_same_as_in_the_whole(tmp_path: Path, rate: int):
    path = write_sound(tmp_path / "a.mp4", tone(10, 523, rate=rate) + beeps(10, range(1, 10), rate), rate=rate)
    whole = heard(path, stretch(0, 10))
    part = heard(path, stretch("6.123", "8"))
    first = round(6.123 * RATE)
    assert np.abs(part - whole[:, first : first + part.shape[1]]).max() < 1e-3


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mkv", "libopus"), ("a.webm", "libopus"), ("a.mkv", "aac"), ("a.mkv", "libmp3lame")]
)
def test_a_range_is_on_time_in_containers_that_round_their_stamps(tmp_path: Path, name: str, codec: str):
    path = write_sound(tmp_path / name, np.repeat(beeps(12, [2, 8.5, 9]), 2, axis=0), codec)
    assert onsets(heard(path, stretch(8, 10))) == pytest.approx([0.5, 1], abs=0.0015)


@pytest.mark.parametrize("name", ["a.ts", "a.flv"])
def test_a_range_is_where_it_is_in_the_whole_in_containers_without_index(tmp_path: Path, name: str):
    path = write_sound(tmp_path / name, np.repeat(beeps(12, [2, 8.5, 9]), 2, axis=0), "aac", rate=44100)
    whole = onsets(heard(path, stretch(0, 14)))
    assert len(whole) == 3
    assert onsets(heard(path, stretch(8, 12))) == pytest.approx([t - 8 for t in whole if t > 8], abs=0.0015)


def test_only_the_bytes_near_a_short_range_are_read(tmp_path: Path):
    path = write_sound(tmp_path / "a.mov", tone(60), "pcm_s16le")
    audio = probe(path).audio
    with Counting(path) as reader:
        sound = clip_sound(reader, audio, Fraction(0), stretch(30, 32), Fraction(0), 2 * RATE, 1)
        assert sum(block.shape[1] for block in sound) == 2 * RATE
        assert reader.got < path.stat().st_size / 8


def test_sound_that_ended_long_ago_is_not_searched_for(tmp_path: Path):
    recipe = Recipe(rate=Fraction(2), frames=80, gop=2, container="mkv", sound=Sound(end=Fraction(2)))
    path = make_video(tmp_path / "a.mkv", recipe)
    audio = replace(probe(path).audio, duration=None)
    with Counting(path) as reader:
        sound = clip_sound(reader, audio, Fraction(0), stretch(38, 39), Fraction(0), RATE, 2)
        assert not any(block.any() for block in sound)
        assert 0 < reader.got < path.stat().st_size / 4


def test_the_bytes_of_the_picture_are_not_read():
    path = footage("footage/phone_rotation/ax_edit_list_iphone_hdr.mp4")
    audio = probe(path).audio
    with Counting(path) as reader:
        deque(clip_sound(reader, audio, Fraction(0), stretch(0, 2), Fraction(0), 2 * RATE, 2), maxlen=0)
        assert 0 < reader.got < path.stat().st_size / 4


class Counting(FileIO):
    got = 0

    def read(self, size: int = -1) -> bytes:
        data = super().read(size) or b""
        self.got += len(data)
        return data


def test_rounded_stamps_do_not_click(tmp_path: Path):
    path = write_sound(tmp_path / "a.mkv", tone(5, 440, rate=44100), rate=44100)
    assert np.abs(heard(path, stretch(0, 5)) - decoded(path)[:, : 5 * RATE])[:, : 4 * RATE].max() < 1e-5


def test_a_gap_in_the_stamps_becomes_silence(tmp_path: Path):
    source = write_sound(tmp_path / "a.mp4", tone(4))
    path = restamped(source, tmp_path / "gap.mp4", lambda time: None if 1 <= time < Fraction(3, 2) else time)
    sound, clean = heard(path, stretch(0, 3)), heard(source, stretch(0, 3))
    assert not sound[:, RATE + 2048 : RATE * 3 // 2 - 2048].any()
    for part in (slice(2048, RATE - 2048), slice(RATE * 3 // 2 + 2048, 3 * RATE)):
        assert np.abs(sound - clean)[:, part].max() < 0.001


def test_packets_that_cannot_be_decoded_become_silence_and_are_counted(tmp_path: Path):
    path = write_sound(tmp_path / "a.mp4", tone(4) + beeps(4, [3]))
    clean = heard(path, stretch(0, 4))
    damage(path, 1.5, 2)
    clip = opened(path, stretch(0, 4))
    sound = np.concatenate(list(clip), axis=1)
    assert 20 <= clip.lost_packets <= 26
    assert not sound[:, round(1.55 * RATE) : round(1.95 * RATE)].any()
    assert np.abs(sound - clean)[:, round(2.1 * RATE) : -2048].max() < 0.01


def damage(path: Path, start: float, end: float) -> None:
    """Overwrite the packets of a time."""
    with av.open(str(path)) as media:
        spans = [
            (packet.pos, packet.size)
            for packet in media.demux(media.streams.audio[0])
            if packet.pts is not None and start <= packet.pts * packet.time_base < end
        ]
    data = bytearray(path.read_bytes())
    for position, size in spans:
        data[position : position + size] = b"\xff" * size
    path.write_bytes(data)


def test_a_codec_without_decoder_is_refused_by_name():
    path = footage("bad/fuzzed/crash-cf60fec4.mp4")
    with av.open(str(path)) as media:
        index = next(stream.index for stream in media.streams if stream.type == "audio")
    unknown = AudioInfo(index, "qclp", 8000, 1, Fraction(0), None)
    with pytest.raises(UnsupportedCodecError, match="qclp"):
        next(clip_sound(path, unknown, Fraction(0), stretch(0, 1), Fraction(0), RATE, 1))


def test_encrypted_sound_is_silence_not_noise():
    path = footage("bad/encrypted_unsupported/prog_8s_enc_dashinit.mp4")
    audio = AudioInfo(1, "aac", 48000, 2, Fraction(0), None)
    clip = clip_sound(path, audio, Fraction(0), stretch(0, 4), Fraction(0), 4 * RATE, 2)
    assert loudness(np.concatenate(list(clip), axis=1)) < 0.05
    assert clip.lost_packets


def test_mono_stays_mono(tmp_path: Path):
    path = write_sound(tmp_path / "a.mp4", tone(1))
    assert heard(path, stretch(0, 1), channels=1).shape == (1, RATE)


def test_mono_in_a_stereo_output_is_as_loud_on_both_sides(tmp_path: Path):
    path = write_sound(tmp_path / "a.mp4", tone(1))
    left, right = heard(path, stretch(0, 1), channels=2)
    assert np.array_equal(left, right)
    assert np.array_equal(left[None], heard(path, stretch(0, 1), channels=1))


def test_surround_is_mixed_to_stereo(tmp_path: Path):
    front_left, front_right, centre, low, back_left, back_right = (
        tone(1, f, 0.1) for f in (300, 500, 700, 900, 1100, 1300)
    )
    surround = np.vstack([front_left, front_right, centre, low, back_left, back_right])
    path = write_sound(tmp_path / "a.mkv", surround, "flac", layout="5.1")
    left, right = heard(path, stretch(0, 1))
    half = 2**-0.5
    assert np.abs(left - (front_left + half * (centre + back_left)))[:, :-100].max() < 0.001
    assert np.abs(right - (front_right + half * (centre + back_right)))[:, :-100].max() < 0.001


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(sound_module).failed == 0


def test_joined_clips_are_stereo_if_any_of_them_is():
    assert output_channels([1, 1]) == 1
    assert output_channels([1, 2]) == 2
    assert output_channels([6]) == 2


def test_the_chosen_one_of_two_tracks_is_heard():
    path = footage("footage/timing/nasa_13013_multitrack.mp4")
    first, second = probe(path).audio_tracks[:2]
    sounds = [heard(path, stretch(0, 4), audio=track) for track in (first, second)]
    assert pitch(sounds[0]) != pytest.approx(pitch(sounds[1]), abs=1) or not np.allclose(*sounds, atol=0.01)


REAL = [
    "footage/timing/ax_edit_list_positive_shift.mp4",
    "footage/timing/awesome_movie_vfr.mov",
    "footage/timing/multi-track_two_audio.mp4",
    "footage/timing/no_duration.webm",
    "footage/timing/ax_chapters.mkv",
    "footage/timing/ax_shorter_audio.mp4",
    "footage/phone_rotation/ax_edit_list_iphone_hdr.mp4",
    "footage/phone_rotation/gopro_max_heromode.mp4",
    "footage/codec_container/ax_sample.flv",
    "footage/codec_container/ax_sample.avi",
    "footage/codec_container/ax_mpeg2.ts",
    "footage/codec_container/ax_twos_pcm.mp4",
    "footage/codec_container/sony_a7m3_interlaced.mts",
    "footage/codec_container/transparent.webm",
    "footage/codec_container/sample.3gp",
]


@pytest.mark.parametrize("name", REAL)
def test_real_sound_is_where_its_stamps_say(name: str):
    path = footage(name)
    info = probe(path)
    seconds = min(6, float(info.duration))
    sound = heard(path, stretch(0, seconds))
    assert sound.shape[1] == round(seconds * RATE)
    expected = envelope(by_stamps(path, info.audio.index, info.video.start, sound.shape[1]))
    assert loudness(envelope(sound) - expected) <= 0.1 * loudness(expected) + 1e-4


def by_stamps(path: Path, index: int, origin: Fraction, samples: int) -> np.ndarray:
    """Every decoded frame put where its own stamp says, by nearest sample."""
    canvas = np.zeros((2, samples), np.float32)
    with av.open(str(path)) as media:
        to_planar = av.AudioResampler("fltp")
        end = Fraction(0)
        for coded in media.decode(media.streams[index]):
            for frame in to_planar.resample(coded):
                start = end if frame.pts is None else frame.pts * frame.time_base
                end = start + Fraction(frame.samples, frame.sample_rate)
                count = round(frame.samples * RATE / frame.sample_rate)
                first = round((start - origin) * RATE)
                planes = frame.to_ndarray()[:2, np.arange(count) * frame.samples // count]
                planes = planes[:, max(0, -first) : max(0, samples - first)]
                canvas[:, max(0, first) : max(0, first) + planes.shape[1]] = planes
    return canvas


def envelope(sound: np.ndarray) -> np.ndarray:
    """Loudness of each 10 ms."""
    steps = sound.shape[1] // 480
    return np.sqrt((sound[:1, : steps * 480].reshape(1, steps, 480) ** 2).mean(axis=2))


def test_memory_does_not_grow_with_the_length_of_a_clip():
    path = footage("footage/timing/ax_long_1080p_363s.mp4")
    audio = probe(path).audio
    timeline = at_speeds((0, 30, 1), (30, 40, 2))
    tracemalloc.start()
    try:
        deque[Samples](clip_sound(path, audio, Fraction(0), timeline, Fraction(0), 35 * RATE, 2), maxlen=0)
        assert tracemalloc.get_traced_memory()[1] < 6 * 2**20
    finally:
        tracemalloc.stop()
