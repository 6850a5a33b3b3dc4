import io
from dataclasses import replace
from fractions import Fraction
from itertools import product

import av
import numpy as np
import pytest
from tests.media_factory import VARIANTS, Recipe, make_video

from clipmill.engines import probe as probing
from clipmill.engines.display_matrix import UPRIGHT, turn_of
from clipmill.engines.probe import check_limits, probe, require_video
from clipmill.errors import InvalidMediaError, LimitExceededError
from clipmill.media.geometry import Size

SMALL = Recipe(size=(320, 180), frames=30, sound=None)
UNRELIABLE = ("mpeg_ts", "vfr_b_frames")
"""Variants whose container cannot say all that the recipe does: where it starts, how long the last frame is shown."""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("small") / "small.mp4", SMALL)


def picture(path):
    return require_video(probe(path))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_drawn_video_is_told_as_it_was_drawn(videos, name):
    recipe, video = VARIANTS[name], picture(videos(name))
    assert (video.size.width, video.size.height) == recipe.size
    assert (video.displayed.width, video.displayed.height) == recipe.displayed
    assert (video.rotation, video.mirrored) == (recipe.rotation, False)
    assert video.frames == len(recipe.numbers)
    assert video.variable_rate == (recipe.pts is not None)
    assert video.pixel_format.replace("yuvj", "yuv") == recipe.pixel_format
    if name not in UNRELIABLE:
        assert (video.start, video.duration) == (recipe.start, recipe.duration)
        assert video.rate == (len(recipe.numbers) / recipe.duration if recipe.pts else recipe.rate)


def test_frames_behind_an_edit_list_do_not_count(videos):
    video = picture(videos("pre_roll"))
    assert (video.start, video.duration, video.frames) == (0, Fraction(50, 30), 50)


def test_sound_does_not_change_how_long_the_picture_lasts(videos):
    info = probe(videos("long_audio"))
    assert info.audio
    assert (info.duration, info.audio.duration) == (2, 3)


def test_late_sound_starts_where_it_is_heard(videos):
    audio = probe(videos("early_audio")).audio
    assert audio
    assert (audio.codec, audio.channels, audio.sample_rate, audio.start) == ("aac", 2, 48000, Fraction(1, 4))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bt709", ("bt709", False, None, 8)),
        ("bt601", ("smpte170m", False, None, 8)),
        ("full_range", ("bt709", True, None, 8)),
        ("pq", ("bt2020nc", False, "pq", 10)),
        ("hlg", ("bt2020nc", False, "hlg", 10)),
    ],
)
def test_colour_tags_are_told(videos, name, told):
    video = picture(videos(name))
    assert (video.colour.matrix, video.colour.full_range, video.hdr, video.bit_depth) == told


@pytest.mark.parametrize(("mirrored", "rotation"), list(product((False, True), (0, 90, 180, 270))))
def test_a_display_matrix_is_told_as_a_mirror_and_a_turn(small, tmp_path, mirrored, rotation):
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(with_matrix(small.read_bytes(), display_matrix(rotation, mirrored=mirrored)))
    video = picture(turned)
    assert (video.rotation, video.mirrored) == (rotation, mirrored)
    assert video.displayed == (Size(180, 320) if rotation % 180 else Size(320, 180))


def display_matrix(rotation, *, mirrored):
    """Where right and down steps go on the screen: columns reversed if mirrored, then turned clockwise."""
    right, down = (-1 if mirrored else 1, 0), (0, 1)
    for _ in range(rotation // 90):
        right, down = [(-y, x) for x, y in (right, down)]
    return (*right, 0, *down, 0, 0, 0, 16384)


def with_matrix(data, matrix):
    at = data.index(b"tkhd") + 44
    return data[:at] + b"".join((entry << 16).to_bytes(4, "big", signed=True) for entry in matrix) + data[at + 36 :]


@pytest.mark.parametrize("matrix", [(0,) * 9, (1, 1, 0, 1, 1, 0, 0, 0, 16384)])
def test_a_matrix_that_flattens_the_picture_is_ignored(small, tmp_path, matrix):
    flat = tmp_path / "flat.mp4"
    flat.write_bytes(with_matrix(small.read_bytes(), matrix))
    assert (picture(flat).rotation, picture(flat).displayed) == (0, Size(320, 180))


def test_a_reader_is_told_like_a_file(videos):
    path = videos("pre_roll")
    assert probe(io.BytesIO(path.read_bytes())) == probe(path)


def test_a_single_frame_lasts_as_long_as_it_says(tmp_path):
    video = picture(make_video(tmp_path / "one.mp4", replace(SMALL, frames=1, rate=Fraction(25))))
    assert (video.rate, video.duration, video.frames) == (25, Fraction(1, 25), 1)


def test_a_frame_without_a_matrix_is_upright():
    assert turn_of(av.VideoFrame(16, 16)) == UPRIGHT == (0, False)


def test_a_file_with_sound_only_is_told_but_has_no_picture_to_work_on(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48000), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 48000, 0
        output.mux([*stream.encode(frame), *stream.encode(None)])
    info = probe(path)
    check_limits(info)
    assert info.video is None
    assert info.audio
    assert 1 <= info.duration < Fraction(11, 10)
    with pytest.raises(InvalidMediaError, match="no video stream"):
        require_video(info)


def test_a_file_without_picture_and_sound_is_refused_by_name(small, tmp_path):
    header = tmp_path / "header only.mp4"
    header.write_bytes(small.read_bytes()[:60])
    with pytest.raises(InvalidMediaError, match=r"^header only\.mp4: .*neither picture nor sound"):
        probe(header)


def test_frames_a_day_apart_are_beyond_the_limit(tmp_path):
    day = Fraction(24 * 3600)
    info = probe(make_video(tmp_path / "days.mp4", replace(SMALL, pts=(Fraction(0), day, 2 * day))))
    assert info.duration == 3 * day
    with pytest.raises(LimitExceededError, match="259200 s"):
        check_limits(info)


def test_a_picture_beyond_the_limit_is_refused_before_it_is_decoded(small, monkeypatch):
    monkeypatch.setattr(probing, "MOST_PIXELS", 320 * 180 - 1)
    monkeypatch.setattr(probing, "read_beginning", None)
    with pytest.raises(LimitExceededError, match="320x180"):
        probe(small)


@pytest.mark.parametrize(
    "claim",
    [
        {"size": Size(16385, 16)},
        {"size": Size(8192, 4321)},
        {"displayed": Size(20000, 100)},
        {"rate": Fraction(90000)},
    ],
)
def test_claims_that_no_footage_makes_are_beyond_the_limit(small, claim):
    info = probe(small)
    assert info.video
    with pytest.raises(LimitExceededError):
        check_limits(replace(info, video=replace(info.video, **claim)))


def test_footage_of_every_kind_in_use_is_within_the_limits(small):
    info = probe(small)
    assert info.video
    for size in (Size(8192, 4320), Size(4320, 8192), Size(6243, 1080), Size(16384, 2160)):
        check_limits(replace(info, video=replace(info.video, size=size, displayed=size)))
    check_limits(replace(info, duration=Fraction(6 * 3600)))
