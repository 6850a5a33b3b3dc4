from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from tests.engines.footage import MEDIA, needs_footage

from clipmill.engines import encoders
from clipmill.engines.encoders import Beside, Codec, VideoEncoder, VideoFormat, available_codec, parameter_sets
from clipmill.engines.parameter_sets import Configuration
from clipmill.engines.resample import samples
from clipmill.errors import EncoderFailedError, EncoderUnavailableError
from clipmill.media.choices import EncoderChoice, Quality
from clipmill.media.geometry import Size

SMALL = VideoFormat(Size(96, 160), Fraction(30), threads=1)
QUALITIES = [*Quality, None]
NOISE = np.random.default_rng(1).integers(0, 256, (400, 400), dtype=np.uint8)


def picture(number: int, wanted: VideoFormat = SMALL) -> av.VideoFrame:
    """Noise that moves: it needs every tool of an encoder."""
    frame = av.VideoFrame(wanted.size.width, wanted.size.height, "yuv420p")
    rows, columns = wanted.size.height, wanted.size.width
    samples(frame, 0)[:] = NOISE[number % 90 : number % 90 + rows, 2 * number % 90 : 2 * number % 90 + columns]
    samples(frame, 1)[:] = samples(frame, 2)[:] = 128
    frame.pts = number
    return frame


def encoded(wanted: VideoFormat, numbers) -> list:
    encoder = VideoEncoder(wanted)
    packets = [packet for number in numbers for packet in encoder.encode(picture(number, wanted))]
    return packets + encoder.finish()


def decoded(wanted: VideoFormat, packets) -> list[np.ndarray]:
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = parameter_sets(wanted)
    frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    return [samples(frame, 0).copy() for frame in frames]


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("fps", [Fraction(30), Fraction(30000, 1001)], ids=str)
def test_encoders_of_one_format_share_their_parameter_sets(quality, fps):
    wanted = replace(SMALL, quality=quality, fps=fps)
    first, second = VideoEncoder(wanted), VideoEncoder(wanted)
    for number in range(5):
        first.encode(picture(number))
    first.finish()
    assert first.headers == second.headers == parameter_sets(wanted)
    assert len(first.headers) > 20


def test_formats_that_cannot_stand_side_by_side_have_other_parameter_sets():
    assert parameter_sets(SMALL) != parameter_sets(replace(SMALL, size=Size(160, 96)))
    assert parameter_sets(SMALL) != parameter_sets(replace(SMALL, quality=Quality.DRAFT))


@pytest.mark.parametrize("quality", QUALITIES)
def test_packets_of_two_encoders_decode_one_after_the_other(quality):
    wanted = replace(SMALL, quality=quality)
    joined = decoded(wanted, encoded(wanted, range(12)) + encoded(wanted, range(12, 30)))
    assert len(joined) == 30
    for number, luma in enumerate(joined):
        errors = [np.abs(luma.astype(int) - samples(picture(other), 0)).mean() for other in (number, number + 1)]
        assert errors[0] < errors[1] / 3


def test_the_lossless_profile_loses_nothing():
    wanted = SMALL.without_loss(Codec.X264)
    for number, luma in enumerate(decoded(wanted, encoded(wanted, range(8)))):
        assert np.array_equal(luma, samples(picture(number), 0))


@pytest.mark.parametrize("quality", Quality)
@pytest.mark.parametrize("fps", [Fraction(12), Fraction(10000, 1001)], ids=str)
def test_groups_are_closed_and_at_most_two_seconds_long(quality, fps):
    packets = encoded(replace(SMALL, quality=quality, fps=fps), range(70))
    keys = [index for index, packet in enumerate(packets) if packet.is_keyframe]
    assert keys[0] == 0
    assert max(after - before for before, after in pairwise([*keys, len(packets)])) <= round(2 * fps)
    for before, after in pairwise([*keys, len(packets)]):
        assert min(packet.pts for packet in packets[before:after]) == packets[before].pts


@pytest.mark.parametrize("quality", QUALITIES)
def test_decoding_never_runs_further_ahead_than_the_format_says(quality):
    wanted = replace(SMALL, quality=quality)
    packets = encoded(wanted, range(70))
    assert [packet.pts for packet in sorted(packets, key=lambda packet: packet.pts)] == list(range(70))
    assert max(position - packet.pts for position, packet in enumerate(packets)) <= wanted.reordering


@pytest.mark.parametrize(
    ("quality", "preset", "crf", "nvenc"),
    [
        (Quality.DRAFT, "ultrafast", "26", "p1"),
        (Quality.STANDARD, "fast", "23", "p4"),
        (Quality.HIGH, "slow", "18", "p6"),
    ],
)
def test_profiles_are_those_of_the_specification(quality, preset, crf, nvenc):
    ours = replace(SMALL, quality=quality).options
    assert (ours["preset"], ours["crf"]) == (preset, crf)
    card = replace(SMALL, quality=quality, codec=Codec.NVENC).options
    assert (card["preset"], card["cq"]) == (nvenc, crf)


def test_an_encoder_that_cannot_be_opened_names_itself():
    with pytest.raises(EncoderFailedError, match="libx264"):
        VideoEncoder(replace(SMALL, size=Size(0, 0)))


def test_x264_is_always_there():
    assert available_codec(EncoderChoice.X264) is Codec.X264


def without_nvenc(monkeypatch):
    encoders._nvenc_works.cache_clear()
    monkeypatch.setattr(encoders, "VideoEncoder", refusing)
    monkeypatch.setattr(encoders, "_nvenc_works", encoders._nvenc_works.__wrapped__)


def refusing(wanted):
    raise EncoderFailedError(f"{wanted.codec} failed: no card")


def test_without_a_card_auto_means_x264(monkeypatch):
    without_nvenc(monkeypatch)
    assert available_codec(EncoderChoice.AUTO) is Codec.X264


def test_without_a_card_nvenc_is_refused(monkeypatch):
    without_nvenc(monkeypatch)
    with pytest.raises(EncoderUnavailableError, match="nvenc"):
        available_codec(EncoderChoice.NVENC)


def test_nvenc_is_told_by_a_real_trial():
    try:
        trial = VideoEncoder(VideoFormat(Size(256, 256), Fraction(30), Quality.DRAFT, Codec.NVENC, 1))
        worked = bool(trial.encode(picture(0, replace(SMALL, size=Size(256, 256)))) + trial.finish())
    except EncoderFailedError:
        worked = False
    assert available_codec(EncoderChoice.AUTO) is (Codec.NVENC if worked else Codec.X264)


# Beside the packets of another encoder


@pytest.mark.parametrize(
    ("profile", "reordering"),
    [("baseline", 0), *((name, ahead) for name in ("main", "high") for ahead in (0, 1, 2, 4))],
)
@pytest.mark.parametrize("brief", [True, False])
def test_beside_others_packets_run_no_further_ahead_and_keep_their_profile(profile, reordering, brief):
    wanted = replace(SMALL, beside=Beside(3, profile, reordering), brief=brief)
    packets = encoded(wanted, range(40))
    assert max(position - packet.pts for position, packet in enumerate(packets)) <= reordering
    configuration = Configuration.parse(parameter_sets(wanted))
    assert configuration.profile <= {"baseline": 66, "main": 77, "high": 100}[profile]
    assert configuration.numbers == {3}


def test_pixels_beside_others_are_as_wide_as_theirs():
    wanted = replace(SMALL, beside=Beside(3, "high", 2, Fraction(4, 3)))
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = parameter_sets(wanted)
    frames = [frame for packet in (*encoded(wanted, range(3)), None) for frame in decoder.decode(packet)]
    assert len(frames) == 3
    assert decoder.sample_aspect_ratio == Fraction(4, 3)


def real_frames(count: int) -> list[av.VideoFrame]:
    with av.open(str(MEDIA / "footage/sport/soccer_juggle_720p.mp4")) as container:
        container.seek(4_000_000)
        whole = [frame for frame, _ in zip(container.decode(video=0), range(count), strict=False)]
    frames = [frame.reformat(640, 360, "yuv420p") for frame in whole]
    for number, frame in enumerate(frames):
        frame.pts = number
    return frames


def likeness_db(wanted: VideoFormat, frames: list[av.VideoFrame]) -> float:
    encoder = VideoEncoder(wanted)
    originals = [samples(frame, 0).astype(float) for frame in frames]
    packets = [packet for frame in frames for packet in encoder.encode(frame)] + encoder.finish()
    shown = decoded(wanted, packets)
    error = np.mean([(a - b) ** 2 for a, b in zip(originals, shown, strict=True)])
    return float(10 * np.log10(255**2 / error))


@needs_footage
@pytest.mark.parametrize("quality", list(Quality))
@pytest.mark.parametrize("count", [4, 24])
def test_a_brief_stretch_looks_no_worse_than_a_long_one(quality, count):
    usual = VideoFormat(Size(640, 360), Fraction(30), quality, threads=1, beside=Beside(1, "high", 2))
    frames = real_frames(count)
    assert likeness_db(replace(usual, brief=True), frames) >= likeness_db(usual, frames) - 0.05
