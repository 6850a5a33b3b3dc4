from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.encoders import Codec
from clipmill.errors import (
    EmptyRangeError,
    InvalidKeyframeError,
    InvalidMediaError,
    LimitExceededError,
)
from clipmill.function.results import UpscaleUse
from clipmill.functions.planning import (
    FramedShape,
    canonical,
    channels_of,
    described,
    encoding_of,
    open_source,
    plan_clip,
    plan_warnings,
)
from clipmill.functions.upscaling import Upscaling
from clipmill.media.choices import Quality
from clipmill.media.geometry import Box, Fit, Size
from clipmill.media.info import AudioInfo, Colour, MediaInfo, VideoInfo

VIDEO = VideoInfo(
    index=0,
    codec="h264",
    size=Size(1920, 1080),
    displayed=Size(1920, 1080),
    sample_aspect=Fraction(1),
    rotation=0,
    mirrored=False,
    pixel_format="yuv420p",
    bit_depth=8,
    tick=Fraction(1, 90000),
    rate=Fraction(25),
    variable_rate=False,
    start=Fraction(0),
    duration=Fraction(10),
    colour=Colour("bt709", "bt709", "bt709", full_range=False),
    hdr=None,
    interlaced=False,
    has_alpha=False,
    frames=250,
)


def planned(video: VideoInfo = VIDEO, **asked):
    return plan_clip(FramedShape.parse(asked), video)


def key(time, x, y=0, width=607.5, height=1080):
    return {"time": time, "x": x, "y": y, "width": width, "height": height}


def corner(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(50), Fraction(60), Fraction(30000, 1001)], ids=str)
def test_frame_indexed_keys_are_reached_at_their_real_time(rate):
    keys = [{key: value for key, value in key(0, x).items() if key != "time"} for x in (0, 600, 100)]
    for place, frame in enumerate((0, 40, 90)):
        keys[place]["frame"] = frame
    clip = planned(replace(VIDEO, rate=rate), crop_keyframes=keys, fps="source")
    assert [clip.shot(frame).placement.box.x for frame in (0, 20, 40, 65, 90)] == [0, 300, 600, 350, 100]


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(50), Fraction(60)], ids=str)
def test_a_frame_and_a_time_that_agree_within_a_frame_mean_the_time(rate):
    keys = [key(0, 0), key(1.003, 600) | {"frame": int(rate)}]
    clip = planned(replace(VIDEO, rate=rate), crop_keyframes=keys)
    assert clip.crop.x.keys[1][0] == Fraction("1.003")


def test_a_frame_and_a_time_that_disagree_are_refused_with_their_index():
    with pytest.raises(InvalidKeyframeError) as told:
        planned(crop_keyframes=[key(0, 0), key(1, 600) | {"frame": 27}])
    assert told.value.details == {"index": 1}


def test_a_trimmed_clip_follows_the_path_of_the_untrimmed_one():
    keys = [key(1, 0), key(4, 900), key(9, 100)]
    for interpolation in ("linear", "smooth", "catmull_rom", "hold"):
        whole = planned(crop_keyframes=keys, interpolation=interpolation)
        trimmed = planned(
            crop_keyframes=keys, interpolation=interpolation, segments_data={"trim_start": 2, "trim_end": 8}
        )
        assert trimmed.frames == 180
        for number in range(180):
            assert trimmed.shot(number).time == whole.shot(number + 60).time
            assert trimmed.shot(number).placement == whole.shot(number + 60).placement


@pytest.mark.parametrize(("time", "x"), [(1, 600), (1.0009, 600), (1.002, 0)])
def test_a_held_box_changes_at_its_key_give_or_take_a_millisecond(time, x):
    clip = planned(crop_keyframes=[key(0, 0), key(time, 600)], interpolation="hold")
    assert clip.shot(30).placement.box.x == x


def test_keys_count_from_the_start_of_the_window():
    keys = [key(0, 0), key(2, 600)]
    clip = planned(crop_keyframes=keys, source_start_time=3, source_end_time=6)
    assert clip.shot(30).time == 4
    assert clip.shot(30).placement.box.x == 300


def test_a_path_slows_down_with_its_clip():
    slow = {"segments": [{"start": 0, "end": 2, "speed": 0.25}], "trim_end": 2}
    clip = planned(crop_keyframes=[key(0, 0), key(2, 800)], segments_data=slow)
    assert clip.frames == 240
    steps = [clip.shot(k + 1).placement.box.x - clip.shot(k).placement.box.x for k in range(239)]
    assert steps == pytest.approx([800 / 240] * 239)


@pytest.mark.parametrize(
    ("keys", "fit", "settled"),
    [
        ([key(0, 0)], "cover", Fit.STRETCH),
        ([key(0, 0), key(1, 0, width=612)], "cover", Fit.STRETCH),
        ([key(0, 0), key(1, 0, width=620)], "cover", Fit.COVER),
        ([key(0, 0), key(1, 0, width=620)], "contain", Fit.CONTAIN),
        ([], "cover", Fit.COVER),
    ],
)
def test_the_fit_is_decided_once_for_the_clip(keys, fit, settled):
    assert planned(crop_keyframes=keys, fit=fit).fit is settled


def test_the_largest_centred_box_is_the_default():
    assert corner(planned().shot(0).placement.box) == (656.25, 0, 607.5, 1080)


@pytest.mark.parametrize(("start", "end"), [(10, None), (11, None), (3, 3), (3, 2), (0, -1)])
def test_a_window_without_length_is_refused(start, end):
    with pytest.raises(EmptyRangeError):
        planned(source_start_time=start, source_end_time=end)


@pytest.mark.parametrize(("end", "frames"), [(None, 240), (99, 240), (4, 60), (2.001, 1)])
def test_a_window_that_ends_behind_the_source_is_clamped(end, frames):
    assert planned(source_start_time=2, source_end_time=end).frames == frames


@pytest.mark.parametrize(
    ("fps", "told"),
    [
        ("source", Fraction(25)),
        (29.97, Fraction(30000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        (12.5, Fraction(25, 2)),
        (60, Fraction(60)),
    ],
)
def test_a_rate_is_exact(fps, told):
    assert planned(fps=fps).fps == told


@pytest.mark.parametrize(("channels", "kept"), [(1, 1), (2, 2), (6, 2)])
def test_mono_and_stereo_are_kept_and_more_become_stereo(channels, kept):
    audio = AudioInfo(1, "aac", 48000, channels, Fraction(0), Fraction(10))
    info = MediaInfo("mov", VIDEO, audio, (audio,), (), Fraction(10), 1000)
    assert channels_of(FramedShape(), info) == kept
    assert channels_of(FramedShape(include_audio=False), info) is None
    assert channels_of(FramedShape(), replace(info, audio=None)) is None


def test_the_encoding_is_that_of_the_plan():
    request = FramedShape.parse({"quality": "high", "encoder": "x264", "fps": "source"})
    encoding = encoding_of(request, plan_clip(request, VIDEO), 3)
    assert (encoding.size, encoding.fps, encoding.quality) == (Size(1080, 1920), Fraction(25), Quality.HIGH)
    assert (encoding.codec, encoding.threads) == (Codec.X264, 3)


# Warnings


def warned(video: VideoInfo = VIDEO, **asked) -> list[str]:
    request = FramedShape.parse(asked)
    return [warning.code for warning in plan_warnings(request, plan_clip(request, video), video)]


def test_a_usual_clip_has_no_warning():
    assert warned(crop_keyframes=[key(0, 0), key(3, 1312.5)]) == []


@pytest.mark.parametrize("hdr", ["pq", "hlg"])
def test_tone_mapping_is_told(hdr):
    assert warned(replace(VIDEO, hdr=hdr)) == ["hdr_tonemapped"]


def test_boxes_that_had_to_be_moved_are_told():
    request = FramedShape.parse({"crop_keyframes": [key(0, 0), key(1, -5), key(2, 1400)]})
    (warning,) = plan_warnings(request, plan_clip(request, VIDEO), VIDEO)
    assert warning.code == "crop_clamped"
    assert "2 crop keyframes" in warning.message
    assert "number 1" in warning.message


# Canonical form

NUMBERS = st.integers(0, 500).map(lambda value: value / 4)


def canonical_of(request: dict) -> dict:
    typed = FramedShape.parse(request)
    return canonical(plan_clip(typed, VIDEO), typed, Codec.X264, Upscaling(UpscaleUse()))


@st.composite
def requests(draw):
    times = draw(st.lists(st.integers(0, 200), min_size=1, max_size=5, unique=True))
    keys = [key(time / 25, draw(NUMBERS), draw(NUMBERS), 303.75, 540) for time in times]
    start, end = sorted(draw(st.lists(st.integers(0, 250), min_size=2, max_size=2, unique=True)))
    return {"crop_keyframes": keys, "segments_data": {"trim_start": start / 25, "trim_end": end / 25}}


@given(requests(), st.randoms())
def test_requests_that_mean_the_same_have_one_canonical_form(request, random):
    plain = canonical_of(request)
    shuffled = list(request["crop_keyframes"])
    random.shuffle(shuffled)
    trim = request["segments_data"]
    rewritten = {
        "cropKeyframes": [
            {name: value for name, value in each.items() if name != "time"} | {"frame": round(each["time"] * 25)}
            for each in shuffled
        ],
        "segments": {"trimRange": {"start": trim["trim_start"], "end": trim["trim_end"]}},
        "targetFps": "30/1",
        "includeAudio": True,
        "rotation": 1e-9,
        "id": "an editor's own",
    }
    assert canonical_of(rewritten) == plain


@pytest.mark.parametrize(
    "changed",
    [
        {"rotation": 5},
        {"output_width": 1078},
        {"fps": 25},
        {"quality": "high"},
        {"include_audio": False},
        {"source_start_time": 1},
        {"segments_data": {"trim_end": 5}},
        {"crop_keyframes": [key(0, 1)]},
        {"fit": "contain", "crop_keyframes": [key(0, 0, width=500)]},
        {"motion": "blend"},
        {"pad_color": "#FF0000"},
        {"interpolation": "hold"},
    ],
    ids=str,
)
def test_what_changes_pixels_changes_the_canonical_form(changed):
    plain = {"crop_keyframes": [key(0, 0)]}
    assert canonical_of(plain | changed) != canonical_of(plain)


def test_a_description_is_plain_and_whole():
    slow = {"trim_start": 1, "segments": [{"start": 2, "end": 3, "speed": 0.5}]}
    told = described(planned(crop_keyframes=[key(0, 0), key(10, 1000)], segments_data=slow))
    assert told["pieces"] == [
        {"start": 1, "end": 2, "speed": 1},
        {"start": 2, "end": 3, "speed": 0.5},
        {"start": 3, "end": 10, "speed": 1},
    ]
    assert (told["frames"], told["fps"], told["duration"], told["fit"]) == (300, "30", 10, "stretch")
    assert told["first_box"] == [100, 0, 607.5, 1080]
    assert told["source_range"] == pytest.approx([1, 10 - 1 / 30])


# Opening


def test_a_source_without_picture_is_refused(world):
    (world.folder / "empty.mp4").write_bytes(b"")
    with pytest.raises(InvalidMediaError, match=r"empty\.mp4"):
        open_source(world, "empty.mp4")


def test_too_many_frames_are_refused_before_anything_is_rendered():
    with pytest.raises(LimitExceededError):
        planned(
            replace(VIDEO, duration=Fraction(24 * 3600)),
            fps=240,
            segments_data={"segments": [{"start": 0, "end": 86400, "speed": 0.05}]},
        )
