import json
from fractions import Fraction

import av
import pytest
from tests.engines.damage import cut_off, damaged
from tests.functions.deliverable import boxes, coded_pictures, groups, sound_span, times
from tests.functions.truth import RATES, SMALL, Truth, framed
from tests.media_factory import (
    VARIANTS,
    Colour,
    Recipe,
    find_beeps,
    find_flashes,
    flash_beep_video,
    frame_numbers,
    make_video,
    marker_x,
    pictures,
    read_marker,
    read_patch,
)
from tests.media_recipes import PATCHES

from clipmill.errors import CancelledError, ClipmillError, CorruptMediaError, ModelMissingError, every_error
from clipmill.function.stages import Stage
from clipmill.functions.framing import process_framing

CODES = {kind.code: kind for kind in every_error()}
WHOLE = {"x": 0, "y": 0, "width": 640, "height": 360}


def rate_of(name: str, truth: Truth) -> Fraction:
    return RATES[name] or truth.rate


def asked(world, source, **more):
    return SMALL | {"input_key": world.put(source), "output_key": "framed.mp4"} | more


# Which source frame every output frame shows

TIMED = {
    "cfr_24", "cfr_25", "cfr_29_97", "cfr_30", "cfr_50", "cfr_60", "vfr", "vfr_b_frames", "ms_stamped_29_97",
    "early_audio", "open_gop", "long_gop", "mpeg_ts", "late_start", "pre_roll",
}  # fmt: skip
"""Variants with times of their own. The others have those of cfr_30 and are told apart by codec, look or sound."""


@pytest.mark.parametrize(
    ("name", "fps"), [(name, fps) for name in VARIANTS for fps in (RATES if name in TIMED else ["source", "25"])]
)
def test_every_output_frame_shows_the_source_frame_on_screen_at_its_time(world, videos, name, fps):
    truth = Truth(VARIANTS[name])
    # To encode sound takes as long as the pictures, and is the same at every rate.
    output = framed(world, videos(name), fps=fps, include_audio=fps == "source")
    assert frame_numbers(output, truth.recipe.displayed, truth.centre) == truth.numbers(rate_of(fps, truth))


@pytest.mark.parametrize("name", ["ms_stamped_29_97", "cfr_24", "cfr_29_97", "cfr_60", "vfr"])
def test_at_its_own_rate_a_source_of_even_rate_shows_every_frame_once(world, videos, name):
    truth = Truth(VARIANTS[name])
    shown = frame_numbers(framed(world, videos(name), fps="source"), truth.recipe.displayed, truth.centre)
    assert len(shown) == len(truth.recipe.numbers)
    assert name == "vfr" or shown == list(truth.recipe.numbers)


@pytest.mark.parametrize("fps", ["25", "60"])
def test_a_marker_of_a_variable_rate_stands_where_the_source_has_it_at_every_time(world, videos, fps):
    truth = Truth(VARIANTS["vfr"])
    output = framed(world, videos("vfr"), fps=fps, output_width=320, output_height=180, fit="contain")
    for number, picture in enumerate(pictures(output)):
        shown = truth.number_at(number / Fraction(fps))
        assert read_marker(picture.luma, (640, 360), (0, 0, 640, 360)) == pytest.approx(
            marker_x(truth.pts[shown], 640), abs=1.2
        )


EDITS = {
    "a trim end alone": ({"trim_end": 1.3}, [(0, 1.3, 1)]),
    "a trim start alone": ({"trim_start": 0.7}, [(0.7, 2, 1)]),
    "a range": ({"trim_range": {"start": 0.31, "end": 1.29}}, [(0.31, 1.29, 1)]),
    "a range as a pair": ({"trim_range": [0.31, 1.29]}, [(0.31, 1.29, 1)]),
    "a trim beyond the end": ({"trim_start": 1.5, "trim_end": 99}, [(1.5, 2, 1)]),
    "a range shorter than a frame": ({"trim_start": 1.003, "trim_end": 1.004}, [(1.003, 1.004, 1)]),
    "the very first frame": ({"trim_end": 0.02}, [(0, 0.02, 1)]),
    "the very last frame": ({"trim_start": 1.96}, [(1.96, 2, 1)]),
    "near the end": ({"trim_start": 1.9}, [(1.9, 2, 1)]),
    "a slow middle": (
        {"segments": [{"start": 0.5, "end": 1, "speed": 0.5}]},
        [(0, 0.5, 1), (0.5, 1, 0.5), (1, 2, 1)],
    ),
    "a quarter speed": ({"segments": [{"start": 0, "end": 0.4, "speed": 0.25}], "trim_end": 0.4}, [(0, 0.4, 0.25)]),
    "double speed": ({"segments": [{"start": 0, "end": 2, "speed": 2}]}, [(0, 2, 2)]),
    "four times": ({"segments": [{"start": 0.2, "end": 1.8, "speed": 4}]}, [(0, 0.2, 1), (0.2, 1.8, 4), (1.8, 2, 1)]),
    "several speeds": (
        {"segments": [{"start": 1, "end": 1.5, "speed": 4}, {"start": 0.2, "end": 0.5, "speed": 0.3}]},
        [(0, 0.2, 1), (0.2, 0.5, 0.3), (0.5, 1, 1), (1, 1.5, 4), (1.5, 2, 1)],
    ),
    "a segment partly outside the trim": (
        {"trim_start": 0.4, "trim_end": 1.4, "segments": [{"start": 0, "end": 0.8, "speed": 0.5}]},
        [(0.4, 0.8, 0.5), (0.8, 1.4, 1)],
    ),
    "a segment wholly outside the trim": (
        {"trim_end": 1, "segments": [{"start": 1.2, "end": 1.8, "speed": 0.5}]},
        [(0, 1, 1)],
    ),
    "splits only, a speed and a trim end": (
        {"boundaries": [0.8, 0.4], "segment_speeds": {"1": 0.5}, "trim_end": 1.5},
        [(0, 0.4, 1), (0.4, 0.8, 0.5), (0.8, 1.5, 1)],
    ),
    "a full list of boundaries": (
        {"boundaries": [0, 0.4, 0.8, 2.004], "segment_speeds": {"2": 2, "0": 0.5}},
        [(0, 0.4, 0.5), (0.4, 0.8, 1), (0.8, 2, 2)],
    ),
}


@pytest.mark.parametrize(("name", "fps"), [("cfr_25", "30"), ("cfr_25", "source"), ("cfr_60", "30000/1001")])
@pytest.mark.parametrize("edit", EDITS)
def test_edited_clips_show_the_frames_of_their_pieces(world, videos, edit, name, fps):
    segments, pieces = EDITS[edit]
    truth = Truth(VARIANTS[name])
    output = framed(world, videos(name), fps=fps, segments_data=segments, include_audio=fps == "source")
    wanted = truth.numbers(rate_of(fps, truth), *pieces)
    assert frame_numbers(output, truth.recipe.displayed, truth.centre) == wanted


WINDOWS = [(0.5, 1.5), (0.51, 0.55), (1.4, None), (1.9, 30), (0, 1.1)]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("name", ["long_gop", "open_gop", "hevc_open_gop", "pre_roll", "mpeg_ts", "ms_stamped_29_97"])
def test_a_window_shows_what_decoding_from_the_start_shows(world, videos, name, window):
    truth = Truth(VARIANTS[name])
    start, end = window
    if start >= truth.recipe.duration:
        start -= 1
    output = framed(world, videos(name), source_start_time=start, source_end_time=end)
    last = truth.recipe.duration if end is None else min(Fraction(str(end)), truth.recipe.duration)
    wanted = truth.numbers(Fraction(30), (0, last - Fraction(str(start)), 1), start=start)
    assert frame_numbers(output, truth.recipe.displayed, truth.centre) == wanted


def test_a_window_and_a_trim_inside_it_are_each_applied_once(world, videos):
    truth = Truth(VARIANTS["long_gop"])
    segments = {"trim_start": 0.5, "trim_end": 1.5, "segments": [{"start": 1, "end": 1.25, "speed": 0.5}]}
    output = framed(world, videos("long_gop"), source_start_time=2, source_end_time=3.7, segments_data=segments)
    wanted = truth.numbers(Fraction(30), (0.5, 1, 1), (1, 1.25, 0.5), (1.25, 1.5, 1), start=2)
    assert frame_numbers(output, truth.recipe.displayed, truth.centre) == wanted


# What is written


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("name", ["cfr_25", "ms_stamped_29_97", "vfr"])
def test_frame_k_is_shown_at_exactly_k_frames(world, videos, fps, name):
    rate = rate_of(fps, Truth(VARIANTS[name]))
    shown = times(framed(world, videos(name), fps=fps))
    assert shown == [number / rate for number in range(len(shown))]


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("name", ["long_gop", "odd_444", "hevc_10_bit", "full_range", "pq"])
def test_every_deliverable_is_h264_in_bt_709_with_its_index_in_front(world, videos, name, quality):
    output = framed(world, videos(name), quality=quality)
    names = boxes(output)
    assert names.index("moov") < names.index("mdat")
    with av.open(str(output)) as container:
        stream, frame = container.streams.video[0], next(container.decode(video=0))
        assert (stream.codec_context.name, frame.format.name, frame.width, frame.height) == ("h264", "yuv420p", 90, 160)
        assert (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range) == (1, 1, 1, 1)
    assert coded_pictures(output)[0].time == 0


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
@pytest.mark.parametrize("fps", [25, 30])
def test_groups_of_pictures_are_closed_and_at_most_two_seconds_long(world, videos, quality, fps):
    found = groups(framed(world, videos("long_gop"), quality=quality, fps=fps))
    assert len(found) >= 2
    for group in found:
        assert len(group) <= 2 * fps
        assert min(picture.time for picture in group) == group[0].time


@pytest.mark.parametrize("name", ["cfr_29_97", "late_audio", "early_audio", "short_audio", "long_audio", "mono_44100"])
@pytest.mark.parametrize("segments", [None, {"segments": [{"start": 0.5, "end": 1, "speed": 0.25}]}], ids=str)
def test_sound_begins_with_the_picture_and_is_as_long(world, videos, name, segments):
    output = framed(world, videos(name), segments_data=segments)
    start, end = sound_span(output)
    assert start == 0
    assert abs(end - (times(output)[-1] + Fraction(1, 30))) <= Fraction(1024, 48000)


@pytest.mark.parametrize("speed", [0.5, 1, 2])
def test_flash_and_beep_stay_together_at_any_speed(world, tmp_path, speed):
    source = flash_beep_video(tmp_path / "flash.mp4", Recipe(frames=90))
    segments = {"segments": [{"start": 0, "end": 3, "speed": speed}], "trim_start": 0.2}
    output = framed(world, source, segments_data=segments, fps=60)
    flashes, beeps = find_flashes(output), find_beeps(output)
    assert len(flashes) >= 4
    for flash in flashes:
        # A stretched beep may be heard to begin again within itself.
        assert min(abs(beep - float(flash)) for beep in beeps) <= 1024 / 48000
    for beep in beeps:
        assert min(beep - float(flash) for flash in flashes if flash <= beep + 0.03) <= 0.15


def streams(path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.type for stream in container.streams]


SLOW = {"segments": [{"start": 0.5, "end": 1, "speed": 0.5}]}


@pytest.mark.parametrize("segments", [None, SLOW], ids=str)
def test_a_source_without_sound_and_sound_not_wanted_give_no_sound_stream(world, videos, segments):
    assert streams(framed(world, videos("silent"), segments_data=segments)) == ["video"]
    assert streams(framed(world, videos("cfr_30"), segments_data=segments, include_audio=False)) == ["video"]
    assert streams(framed(world, videos("cfr_30"), segments_data=segments)) == ["video", "audio"]


def test_the_result_tells_what_was_written(world, videos):
    result = process_framing(asked(world, videos("cfr_25"), fps="30000/1001"), world)
    assert (result.status, result.output_key, result.frames, result.fps) == ("success", "framed.mp4", 60, "30000/1001")
    assert (result.width, result.height, result.audio, result.encoder) == (90, 160, "encoded", "x264")
    assert result.duration == pytest.approx(60 * 1001 / 30000)
    assert result.upscale.model_dump() == {"requested": "never", "used": "none", "scale": 1}
    silent = process_framing(asked(world, videos("silent")), world)
    assert silent.audio == "none"


def test_progress_counts_every_frame_and_ends_with_all_of_them(world, videos):
    framed(world, videos("cfr_25"))
    counted = [(done, total) for done, total, stage in world.reports if stage is Stage.PROCESSING]
    assert counted == [(done, 60) for done in range(1, 61)]
    assert world.left_behind == []


def test_the_same_request_gives_the_same_bytes(world, videos):
    first = framed(world, videos("cfr_25"), output_key="a.mp4").read_bytes()
    assert framed(world, videos("cfr_25"), output_key="b.mp4").read_bytes() == first


def test_required_parameters_alone_give_the_defaults(world, videos):
    cut = {"segments_data": {"trim_end": 0.1}}
    result = process_framing({"input_key": world.put(videos("cfr_25")), "output_key": "o.mp4"} | cut, world)
    assert (result.width, result.height, result.fps, result.frames) == (1080, 1920, "30/1", 3)


# Rotation, fit, upscale, warnings


def codes(result) -> list[str]:
    return [warning.code for warning in result.warnings]


@pytest.mark.parametrize("rotation", [0, 1e-17, -1e-9])
def test_a_rotation_too_small_to_see_gives_the_bytes_of_none(world, videos, rotation):
    plain = framed(world, videos("cfr_25"), output_key="plain.mp4").read_bytes()
    assert framed(world, videos("cfr_25"), output_key="turned.mp4", rotation=rotation).read_bytes() == plain


@pytest.mark.parametrize(
    ("keys", "warned"),
    [
        ([], []),
        ([{"time": 0, "x": 200, "y": 60, "width": 135, "height": 240}], []),
        ([{"time": 0, "x": 0, "y": 0, "width": 202.5, "height": 360}], ["rotation_border"]),
    ],
    ids=["the largest box without border", "a box inside", "a box at the edge"],
)
def test_a_visible_border_is_warned_of(world, videos, keys, warned):
    request = asked(world, videos("cfr_25"), rotation=10, crop_keyframes=keys, segments_data={"trim_end": 0.1})
    assert codes(process_framing(request, world)) == warned


def test_a_border_that_only_a_trimmed_moment_would_show_is_not_warned_of(world, videos):
    keys = [
        {"time": 0, "x": 200, "y": 60, "width": 135, "height": 240},
        {"time": 1, "x": 200, "y": 60, "width": 135, "height": 240},
        {"time": 1.5, "x": 0, "y": 0, "width": 202.5, "height": 360},
    ]
    request = asked(world, videos("cfr_25"), rotation=10, crop_keyframes=keys, segments_data={"trim_end": 0.5})
    assert codes(process_framing(request, world)) == []


def test_a_border_around_a_contained_picture_is_warned_of(world, videos):
    request = asked(world, videos("cfr_25"), rotation=10, fit="contain", segments_data={"trim_end": 0.1})
    assert codes(process_framing(request, world)) == ["rotation_border"]


@pytest.mark.parametrize("name", ["pq", "hlg"])
def test_high_dynamic_range_is_warned_of_and_keeps_its_middle_tones_apart(world, videos, name):
    result = process_framing(asked(world, videos(name), output_width=640, output_height=360), world)
    assert codes(result) == ["hdr_tonemapped"]
    picture = next(pictures(world.folder / "framed.mp4"))
    white, grey, black, *_ = (read_patch(picture, index, len(PATCHES)) for index in range(len(PATCHES)))
    assert white[0] > grey[0] + 30
    assert black[0] == pytest.approx(16, abs=2)
    assert grey[1:] == pytest.approx((128, 128), abs=2)


@pytest.mark.parametrize("name", ["bt709", "bt601", "full_range"])
def test_colours_of_a_finished_file_are_those_of_its_source_within_2_levels(world, videos, name):
    output = framed(world, videos(name), output_width=640, output_height=360, quality="high")
    picture = next(pictures(output))
    for index, rgb in enumerate(PATCHES):
        assert read_patch(picture, index, len(PATCHES)) == pytest.approx(Colour().levels(rgb), abs=2)


@pytest.mark.parametrize(("motion", "narrowest"), [("flow", 18), ("blend", 13)])
def test_in_slow_motion_by_flow_the_bar_moves_whole_from_picture_to_picture(world, videos, motion, narrowest):
    size = {"output_width": 640, "output_height": 360, "quality": "high", "fps": 25}
    slow = {"segments": [{"start": 0, "end": 0.16, "speed": 0.25}], "trim_end": 0.16}
    request = asked(world, videos("cfr_25"), motion=motion, segments_data=slow) | size
    assert codes(process_framing(request, world)) == []
    lumas = [picture.luma for picture in pictures(world.folder / "framed.mp4")]
    assert len(lumas) == 16
    for number, luma in enumerate(lumas):
        assert read_marker(luma) == pytest.approx(marker_x(Fraction(number, 100), 640), abs=0.7)
    # The bar is 20 px wide; a mix is bright only where both of its bars are, which lie 5.6 px apart.
    bright = [int((luma[300:320].mean(axis=0) > 190).sum()) for luma in lumas]
    assert min(bright) == pytest.approx(narrowest, abs=2)


def test_upscaling_without_weights_is_refused_or_replaced_as_asked(world, videos):
    request = asked(world, videos("cfr_25"), upscale="always", segments_data={"trim_end": 0.1})
    with pytest.raises(ModelMissingError, match="realesr-general-x4v3"):
        process_framing(request, world)
    result = process_framing(request | {"upscale_fallback": "lanczos"}, world)
    assert codes(result) == ["model_missing"]
    assert result.upscale.used == "lanczos"


def test_auto_upscales_only_a_clip_that_is_enlarged(world, videos):
    request = asked(world, videos("cfr_25"), upscale="auto", segments_data={"trim_end": 0.1})
    assert process_framing(request, world).upscale.used == "none"
    with pytest.raises(ModelMissingError):
        process_framing(request | {"output_width": 270, "output_height": 480}, world)


# Plan


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"fps": "source", "segments_data": SLOW},
        {"crop_keyframes": [{"time": 0, **WHOLE}, {"time": 1, "x": 900, "y": 0, "width": 90, "height": 160}]},
        {"rotation": 10, "fit": "contain"},
        {"upscale": "always", "upscale_fallback": "lanczos"},
        {"motion": "flow", "segments_data": SLOW},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["cfr_25", "rotated_90"])
def test_the_plan_tells_what_is_then_done(world, videos, name, more):
    request = asked(world, videos(name), **more)
    plan = process_framing.plan(process_framing.parse(request), world)
    result = process_framing(request, world)
    assert json.loads(json.dumps(plan)) == plan
    assert [plan[part] for part in ("frames", "width", "height")] == [result.frames, result.width, result.height]
    assert Fraction(plan["fps"]) == Fraction(result.fps)
    assert plan["duration"] == pytest.approx(result.duration)
    assert [warning["code"] for warning in plan["warnings"]] == codes(result)
    assert plan["upscale"] == result.upscale.model_dump()


def test_planning_writes_nothing(world, videos):
    process_framing.plan(process_framing.parse(asked(world, videos("cfr_25"))), world)
    assert (world.published, world.reports) == ([], [])


# Faults

FAULTS = {
    "an unknown source": ({"input_key": "nowhere.mp4"}, "source_missing"),
    "no source": ({"input_key": None}, "invalid_request"),
    "an odd width": ({"output_width": 271}, "invalid_size"),
    "a tiny width": ({"output_width": 14}, "invalid_size"),
    "a huge height": ({"output_height": 7682}, "invalid_size"),
    "rate 0": ({"fps": 0}, "invalid_rate"),
    "rate NaN": ({"fps": float("nan")}, "invalid_rate"),
    "rate 241": ({"fps": 241}, "invalid_rate"),
    "a word as rate": ({"fps": "x"}, "invalid_rate"),
    "true as rate": ({"fps": True}, "invalid_rate"),
    "rotation 46": ({"rotation": 46}, "invalid_request"),
    "a trim start beyond the end": ({"segments_data": {"trim_start": 2}}, "empty_range"),
    "a trim end of 0": ({"segments_data": {"trim_end": 0}}, "empty_range"),
    "a trim that ends before it starts": ({"segments_data": {"trim_range": [1, 0.5]}}, "empty_range"),
    "a negative trim": ({"segments_data": {"trim_start": -1}}, "invalid_segments"),
    "two trims that differ": (
        {"segments_data": {"trim_end": 1, "trim_range": [0, 1.5]}},
        "invalid_segments",
    ),
    "a window behind the end": ({"source_start_time": 2}, "empty_range"),
    "a window that ends before it starts": ({"source_start_time": 1, "source_end_time": 0.5}, "empty_range"),
    **{
        f"speed {speed}": (
            {"segments_data": {"segments": [{"start": 0, "end": 1, "speed": speed}]}},
            "invalid_segments",
        )
        for speed in (0, -1, 0.04, 33)
    },
    "segments that overlap": (
        {"segments_data": {"segments": [{"start": 0, "end": 1}, {"start": 0.5, "end": 2}]}},
        "invalid_segments",
    ),
    "a segment without length": ({"segments_data": {"segments": [{"start": 1, "end": 1}]}}, "invalid_segments"),
    "a speed without interval": ({"segments_data": {"segment_speeds": {"1": 2}}}, "invalid_segments"),
    "a width of 0": (
        {"crop_keyframes": [{"time": 0, "x": 0, "y": 0, "width": 0, "height": 9}]},
        "invalid_keyframe",
    ),
    "frame and time that disagree": ({"crop_keyframes": [{"time": 1, "frame": 10, **WHOLE}]}, "invalid_keyframe"),
    "an unknown field": ({"crop_keyframe": []}, "invalid_request"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_request_that_cannot_be_met_is_refused_before_anything_is_written(world, videos, fault):
    wrong, code = FAULTS[fault]
    with pytest.raises(ClipmillError) as told:
        process_framing(asked(world, videos("cfr_25")) | wrong, world)
    assert type(told.value) is CODES[code]
    assert (world.published, world.left_behind) == ([], [])


def test_a_cancelled_render_leaves_nothing_behind(world, videos):
    def report(done, total, stage):
        if stage is Stage.PROCESSING and done == 20:
            raise CancelledError("enough")

    world.report = report
    with pytest.raises(CancelledError):
        framed(world, videos("cfr_25"))
    assert (world.published, world.left_behind) == ([], [])


@pytest.fixture(scope="module")
def stills(tmp_path_factory):
    """Every picture by itself, so that damage stays where it is."""
    recipe = Recipe(size=(320, 180), frames=120, gop=1)
    return make_video(tmp_path_factory.mktemp("damage") / "stills.mp4", recipe)


def test_damage_in_the_middle_keeps_the_length_and_is_counted(world, stills, tmp_path):
    request = asked(world, damaged(stills, tmp_path / "hurt.mp4", [50, 51, 90]))
    result = process_framing(request, world)
    assert result.frames == 120
    assert [(warning.code, warning.model_dump()["count"]) for warning in result.warnings] == [("frames_concealed", 3)]
    box = (109.375, 0, 101.25, 180)
    wanted = [{50: 49, 51: 49, 90: 89}.get(number, number) for number in range(120)]
    assert frame_numbers(world.folder / "framed.mp4", (320, 180), box) == wanted


@pytest.mark.parametrize(
    "spoil",
    [
        lambda source, path: damaged(source, path, range(40, 60)),
        lambda source, path: cut_off(source, path, 0.6),
    ],
    ids=["damaged", "cut off"],
)
def test_a_source_that_is_damaged_too_far_is_refused_without_output(world, stills, tmp_path, spoil):
    with pytest.raises(CorruptMediaError):
        framed(world, spoil(stills, tmp_path / "hurt.mp4"))
    assert (world.published, world.left_behind) == ([], [])


def test_the_undamaged_part_of_a_source_can_still_be_framed(world, stills, tmp_path):
    hurt = cut_off(stills, tmp_path / "hurt.mp4", 0.6)
    result = process_framing(asked(world, hurt, source_end_time=1), world)
    assert (result.frames, codes(result)) == (30, [])
