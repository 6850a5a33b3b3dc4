import shutil
import subprocess
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media_factory import (
    VARIANTS,
    Box,
    Colour,
    Recipe,
    Sound,
    UnreadableError,
    cached_video,
    find_beeps,
    find_flashes,
    flash_beep_video,
    frame_numbers,
    make_video,
    marker_x,
    pictures,
    read_frame_number,
    read_marker,
    read_patch,
    read_sound,
)
from tests.media_marks import LARGEST_NUMBER, draw_code, draw_marker
from tests.media_recipes import IRREGULAR_MS, PATCHES

EVERY_VARIANT = pytest.mark.parametrize("name", VARIANTS)
STAMPED_IN_MS = ("mkv", "webm")


def stored_packets(path):
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.pts is not None]


@dataclass(frozen=True)
class Shown:
    """What every picture of a variant tells a player."""

    recipe: Recipe
    times: list[Fraction]
    numbers: list[int]
    markers: list[float]


@pytest.fixture(scope="module", params=VARIANTS)
def shown(request, videos):
    all_of_it = [
        (picture.time, read_frame_number(picture.luma, picture.displayed), read_marker(picture.luma, picture.displayed))
        for picture in pictures(videos(request.param))
    ]
    recipe = VARIANTS[request.param]
    return Shown(recipe, *map(list, zip(*all_of_it, strict=True)))


def test_a_video_shows_its_own_numbers_in_order(shown):
    assert shown.numbers == list(shown.recipe.numbers)


def test_frames_are_shown_at_the_times_of_the_recipe(shown):
    tolerance = Fraction(1, 1000) if shown.recipe.container in STAMPED_IN_MS else 0
    asked = shown.recipe.times[shown.recipe.pre_roll :]
    assert all(abs(time - shown.times[0] - want) <= tolerance for time, want in zip(shown.times, asked, strict=True))


def test_the_marker_stands_where_the_frames_time_is(shown):
    asked = shown.recipe.times[shown.recipe.pre_roll :]
    assert shown.markers == pytest.approx([marker_x(time, shown.recipe.displayed[0]) for time in asked], abs=0.3)


@EVERY_VARIANT
def test_a_file_is_stored_as_asked(videos, name):
    recipe = VARIANTS[name]
    decoders = {"libx264": "h264", "libx265": "hevc", "libvpx-vp9": "vp9", "libsvtav1": "av1"}
    with av.open(str(videos(name))) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        colour = frame.colorspace, frame.color_range == 2, frame.color_primaries, frame.color_trc
        assert stream.codec_context.codec.canonical_name == decoders[recipe.codec]
        assert (stream.width, stream.height) == recipe.size
        assert stream.pix_fmt.replace("yuvj", "yuv") == recipe.pixel_format
        assert (stream.sample_aspect_ratio or 1) == recipe.sample_aspect
        assert -frame.rotation % 360 == recipe.rotation
        assert colour[:2] == (recipe.colour.matrix.code, recipe.colour.full_range)
        assert colour[2:] == (recipe.colour.primaries, recipe.colour.transfer)
        assert len(container.streams.audio) == (1 if recipe.sound else 0)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name.startswith("cfr")])
def test_a_constant_rate_is_exact(videos, name):
    with av.open(str(videos(name))) as container:
        assert container.streams.video[0].average_rate == VARIANTS[name].rate


@EVERY_VARIANT
def test_a_file_is_small_and_short(videos, name):
    assert videos(name).stat().st_size < 400_000
    assert VARIANTS[name].duration <= Fraction(401, 100)


def test_millisecond_stamps_are_not_multiples_of_the_rate(videos):
    shown = [picture.time for picture in pictures(videos("ms_stamped_29_97"))]
    assert {after - before for before, after in pairwise(shown)} == {Fraction(33, 1000), Fraction(34, 1000)}


def test_irregular_times_are_kept(videos):
    assert [picture.time * 1000 for picture in pictures(videos("vfr"))] == list(IRREGULAR_MS)


def test_frames_are_reordered_where_b_frames_are_asked(videos):
    stamps = [packet.pts for packet in stored_packets(videos("b_frames"))]
    assert stamps != sorted(stamps)
    stamps = [packet.pts for packet in stored_packets(videos("cfr_30"))]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(("name", "leading"), [("open_gop", True), ("hevc_open_gop", True), ("b_frames", False)])
def test_pictures_lead_a_later_key_frame_only_in_an_open_gop(videos, name, leading):
    packets = stored_packets(videos(name))
    keys = [index for index, packet in enumerate(packets) if packet.is_keyframe and index > 0]
    assert keys
    assert any(packets[key + 1].pts < packets[key].pts for key in keys) == leading


def test_a_long_gop_has_one_key_frame(videos):
    assert sum(packet.is_keyframe for packet in stored_packets(videos("long_gop"))) == 1


def test_pre_roll_is_stored_and_not_shown(videos):
    recipe = VARIANTS["pre_roll"]
    assert len(stored_packets(videos("pre_roll"))) == recipe.pre_roll + recipe.frames
    assert frame_numbers(videos("pre_roll"))[0] == recipe.pre_roll


def test_a_late_start_is_on_the_containers_clock(videos):
    assert next(pictures(videos("late_start"))).time == VARIANTS["late_start"].start


@pytest.mark.parametrize(("name", "first"), [("cfr_30", True), ("moov_last", False)])
def test_the_index_lies_where_asked(videos, name, first):
    data = videos(name).read_bytes()
    assert (data.index(b"moov") < data.index(b"mdat")) == first


@pytest.mark.parametrize(("name", "length"), [("short_audio", 2), ("long_audio", 3), ("cfr_30", 2), ("mono_44100", 2)])
def test_sound_ends_when_asked(videos, name, length):
    sound = read_sound(videos(name))
    assert sound.start == 0
    # A coded frame of 1024 samples is kept whole.
    assert length <= sound.end < length + Fraction(1024, sound.rate) + Fraction(1, 1000)


@pytest.mark.parametrize(("name", "first"), [("late_audio", 0.5), ("early_audio", 0.25)])
def test_sound_begins_when_asked(videos, name, first):
    sound = read_sound(videos(name))
    wave = np.abs(sound.channels[0])
    loud = np.flatnonzero(wave > VARIANTS[name].sound.amplitude / 2)[0]
    assert float(sound.start) + loud / sound.rate == pytest.approx(first, abs=0.005)


def test_a_tone_has_the_frequency_asked_for(tmp_path):
    path = make_video(tmp_path / "tone.mp4", Recipe(frames=30, sound=Sound(frequency=880)))
    sound = read_sound(path)
    spectrum = np.abs(np.fft.rfft(sound.channels[0, :48000]))
    assert int(spectrum.argmax()) == 880


@pytest.mark.parametrize("name", ["bt709", "bt601", "full_range", "pq", "hlg"])
def test_colour_patches_have_the_levels_of_their_matrix_and_range(videos, name):
    picture = next(pictures(videos(name)))
    for index, rgb in enumerate(PATCHES):
        assert read_patch(picture, index, len(PATCHES)) == pytest.approx(VARIANTS[name].colour.levels(rgb), abs=2)


def test_colour_levels_are_those_of_the_standards():
    assert Colour().levels((255, 255, 255)) == (235, 128, 128)
    assert Colour().levels((255, 0, 0)) == (63, 102, 240)
    assert Colour(full_range=True).levels((0, 0, 0), depth=10) == (0, 512, 512)


@given(number=st.integers(0, LARGEST_NUMBER), width=st.integers(96, 700), height=st.integers(96, 700))
def test_every_number_reads_back_at_every_size(number, width, height):
    luma = np.full((height, width), 110.0)
    draw_code(luma, (width, height), number)
    assert read_frame_number(luma) == number


@given(number=st.integers(0, LARGEST_NUMBER), cell=st.integers(1, 16))
def test_a_code_with_one_wrong_cell_is_refused(number, cell):
    luma = np.full((360, 640), 110.0)
    draw_code(luma, (640, 360), number)
    rows, columns = slice(135 + cell // 6 * 30, 165 + cell // 6 * 30), slice(230 + cell % 6 * 30, 260 + cell % 6 * 30)
    luma[rows, columns] = 250 - luma[rows, columns]
    with pytest.raises(UnreadableError):
        read_frame_number(luma)


def test_a_picture_without_code_is_refused():
    with pytest.raises(UnreadableError):
        read_frame_number(np.full((360, 640), 128.0))


def test_a_crop_that_cuts_the_code_is_refused():
    with pytest.raises(UnreadableError):
        read_frame_number(np.full((360, 200), 128.0), (640, 360), Box(0, 0, 200, 360))


@pytest.mark.parametrize(
    ("box", "out"),
    [
        (Box(218.25, 0, 202.5, 360), (1080, 1920)),
        (Box(218.25, 0, 202.5, 360), (90, 160)),
        (Box(100, 60, 400, 225), (320, 180)),
        (Box(0, 0, 640, 360), (480, 480)),
    ],
)
def test_numbers_read_back_from_a_crop_that_was_scaled(videos, box, out):
    for picture in islice(pictures(videos("cfr_60")), 0, None, 12):
        # The nearest sample of each output pixel's centre: a coarser scaler than any that is used.
        x = (box.x + (np.arange(out[0]) + 0.5) * box.width / out[0]).astype(int)
        y = (box.y + (np.arange(out[1]) + 0.5) * box.height / out[1]).astype(int)
        cut = picture.luma[np.ix_(y, x)]
        assert read_frame_number(cut, (640, 360), box) == round(picture.time * 60)


def test_numbers_read_back_from_a_turned_picture():
    luma = np.zeros((640, 640))
    draw_code(luma, (640, 640), 1234)
    assert read_frame_number(np.rot90(luma), degrees=90) == 1234


def test_the_marker_reads_back_in_source_pixels_from_a_scaled_crop():
    luma = np.full((360, 640), 110.0)
    draw_marker(luma, (640, 360), Fraction(2))
    box = Box(200, 180, 240, 180)
    cut = np.repeat(np.repeat(luma[180:360, 200:440], 2, axis=0), 2, axis=1)
    assert read_marker(cut, (640, 360), box) == pytest.approx(marker_x(Fraction(2), 640), abs=0.1)


def test_a_marker_at_the_edge_of_a_crop_is_refused():
    luma = np.full((360, 640), 110.0)
    draw_marker(luma, (640, 360), Fraction(2))
    with pytest.raises(UnreadableError):
        read_marker(luma[:, 320:], (640, 360), Box(320, 0, 320, 360))


def test_numbers_start_where_asked(tmp_path):
    path = make_video(tmp_path / "second.mp4", Recipe(frames=5, first_number=1000))
    assert frame_numbers(path) == [1000, 1001, 1002, 1003, 1004]


@pytest.mark.parametrize("base", ["cfr_30", "cfr_29_97", "vfr", "late_start", "mpeg_ts", "mono_44100", "b_frames"])
def test_flashes_and_beeps_agree(tmp_path, base):
    recipe = VARIANTS[base]
    path = flash_beep_video(tmp_path / f"beeps.{recipe.container}", recipe)
    flashes, beeps = find_flashes(path), find_beeps(path)
    assert len(flashes) >= 1
    # One sample of sound, and one tick of a container's stamps.
    assert beeps == pytest.approx([float(time) for time in flashes], abs=1 / 44100 + 1 / 90000)


def test_beeps_are_found_in_late_sound(tmp_path):
    sound = Sound(start=Fraction(7, 10), beeps=(Fraction(1), Fraction(2)))
    path = make_video(tmp_path / "late.mp4", Recipe(sound=sound))
    assert find_beeps(path) == pytest.approx([1, 2], abs=1 / 48000)


def test_beeps_played_at_another_tempo_are_found_within_two_milliseconds(tmp_path):
    # Sound drawn for 48 kHz and stamped as 24 kHz: half the speed.
    path = make_video(
        tmp_path / "slow.mkv", Recipe(container="mkv", sound=Sound(beeps=(Fraction(1),), codec="pcm_s16le"))
    )
    with av.open(str(path)) as container:
        wave = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    slow = tmp_path / "slow.wav"
    with av.open(str(slow), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=24000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(wave, "s16", "stereo")
        frame.sample_rate = 24000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert find_beeps(slow) == pytest.approx([2], abs=0.002)


def test_a_flashing_frame_still_carries_its_number(tmp_path):
    assert frame_numbers(flash_beep_video(tmp_path / "beeps.mp4")) == list(range(90))


def test_a_cached_video_is_drawn_once(tmp_path):
    path = cached_video("rotated_90", tmp_path)
    drawn_at = path.stat().st_mtime_ns
    assert cached_video("rotated_90", tmp_path) == path
    assert path.stat().st_mtime_ns == drawn_at
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is missing")
@pytest.mark.parametrize("name", ["rotated_90", "rotated_180", "rotated_270"])
def test_another_player_turns_a_rotated_video_the_same_way(videos, name):
    width, height = VARIANTS[name].displayed
    command = ["ffmpeg", "-v", "error", "-i", str(videos(name)), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    shown = subprocess.run(command, check=True, capture_output=True).stdout
    frames = np.frombuffer(shown, np.uint8).reshape(-1, height, width)
    assert [read_frame_number(luma) for luma in frames] == list(VARIANTS[name].numbers)


def test_numbers_survive_strong_compression(tmp_path):
    recipe = replace(VARIANTS["cfr_30"], size=(160, 90), frames=30)
    source = make_video(tmp_path / "small.mp4", recipe)
    path = tmp_path / "worst.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"crf": "40", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        with av.open(str(source)) as container:
            for frame in container.decode(video=0):
                output.mux(stream.encode(frame.reformat(format="yuv420p")))
        output.mux(stream.encode(None))
    assert frame_numbers(path) == list(range(30))
