import json
import os
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts import FolderContext
from tests.media_factory import Box, Recipe, Sound, find_beeps, find_flashes, make_video, read_sound
from tests.media_reading import pictures
from tests.workflows.clips import (
    REEL,
    SOURCE,
    at_places,
    fingerprints,
    flashing,
    item,
    joined,
    numbered,
    numbers_to_see,
    packets,
    seen,
)

from clipmill.engines.probe import probe, require_video
from clipmill.errors import (
    BadMedia,
    InvalidMediaError,
    InvalidRequestError,
    NoClipsError,
    SourceMissingError,
    TransitionTooLongError,
    UnknownTransitionError,
)
from clipmill.function.stages import Stage
from clipmill.functions.concatenate import concatenate_clips
from clipmill.functions.framing import process_framing
from clipmill.media.transitions import Join, TransitionKind, plan_join

KINDS = ["cut", "fade", "dissolve"]
NTSC = Fraction(30000, 1001)
AUDIO_FRAME_S = 1024 / 48000


def plan_of(kind: str, seconds: float, frames: Sequence[int], fps: Fraction = Fraction(30)) -> Join:
    return plan_join(TransitionKind(kind), Fraction(str(seconds)), fps, frames, [""] * len(frames))


def join_items(world: FolderContext, count: int, kind: str, seconds: float = 0.2, **request: Any) -> Any:
    """Join so many items of 20 frames, numbered from 0, 100, 200 and so on."""
    ends = 0 if kind == "cut" else round(seconds * 30)
    for clip in range(count):
        numbered(world.folder / f"{clip}.mp4", 100 * clip, 20)
        item(world, f"{clip}.mp4", f"item{clip}.mp4", ends * (clip > 0), ends * (clip < count - 1))
    return joined(world, [f"item{clip}.mp4" for clip in range(count)], kind, seconds, **request)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_items_join_to_the_frames_of_the_plan(count: int, kind: str, world: FolderContext):
    result = join_items(world, count, kind)
    join = plan_of(kind, 0.2, [20] * count)
    expected = numbers_to_see(join, range(0, 100 * count, 100))
    numbers = seen(world.folder / "reel.mp4")
    assert result.frames == len(numbers) == join.total_frames
    assert at_places(numbers, expected) == expected


def test_six_and_four_seconds_dissolve_to_285_frames(world: FolderContext):
    for name, frames in (("six.mp4", 180), ("four.mp4", 120)):
        make_video(world.folder / name, Recipe(size=(64, 64), frames=frames, sound=None, b_frames=0))
    result = joined(world, ["six.mp4", "four.mp4"], "dissolve", 0.5)
    assert (result.frames, result.duration) == (285, 9.5)
    assert [mark.start for mark in result.chapters] == [0.0, 5.5]


@pytest.mark.parametrize("kind", KINDS)
def test_chapters_and_duration_agree_with_the_file(kind: str, world: FolderContext):
    result = join_items(world, 3, kind)
    join = plan_of(kind, 0.2, [20] * 3)
    video = require_video(probe(world.folder / "reel.mp4"))
    assert result.duration == float(video.duration) == join.total_frames / 30
    assert [mark.start for mark in result.chapters] == [round(-(-start * 1000 // 30)) / 1000 for start in join.starts]
    assert [mark.end for mark in result.chapters][:-1] == [mark.start for mark in result.chapters][1:]


def test_items_made_for_a_dissolve_can_still_be_cut(world: FolderContext):
    for clip in range(2):
        numbered(world.folder / f"{clip}.mp4", 100 * clip, 20)
        item(world, f"{clip}.mp4", f"item{clip}.mp4", 6 * clip, 6 - 6 * clip)
    result = joined(world, ["item0.mp4", "item1.mp4"], "cut")
    assert seen(world.folder / "reel.mp4") == [*range(20), *range(100, 120)]
    assert result.copied_ranges == [(0.0, 14 / 30), (26 / 30, 40 / 30)]


@pytest.mark.parametrize("change", [{"fps": 25}, {"output_width": 160}])
def test_an_item_of_another_shape_is_refused_and_not_played_wrong(change: dict[str, Any], world: FolderContext):
    numbered(world.folder / "0.mp4", 0, 30)
    item(world, "0.mp4", "item.mp4", 0, 6)
    item(world, "0.mp4", "other.mp4", 6, 0, **change)
    with pytest.raises(InvalidRequestError, match="clip 1 was rendered for a join of"):
        joined(world, ["item.mp4", "other.mp4"], "dissolve", 0.2)


def test_thirty_clips_keep_picture_and_sound_together(world: FolderContext):
    for clip in range(3):
        flashing(world.folder / f"{clip}.mp4", 8, 20, rate=NTSC)
        item(world, f"{clip}.mp4", f"item{clip}.mp4", 4, 4, fps=29.97)
    joined(world, [f"item{clip % 3}.mp4" for clip in range(30)], "dissolve", 4 / 30)
    path = world.folder / "reel.mp4"
    flashes, beeps = find_flashes(path), find_beeps(path)
    assert len(flashes) == len(beeps) == 30
    assert flashes[-1] == (29 * 16 + 8) / NTSC
    assert beeps == pytest.approx([float(flash) for flash in flashes], abs=AUDIO_FRAME_S)


def test_two_hundred_short_clips_keep_picture_and_sound_together(world: FolderContext):
    tiny = {"output_width": 32, "output_height": 32}
    for clip in range(2):
        flashing(world.folder / f"{clip}.mp4", 3, 11 + clip, rate=NTSC)
        item(world, f"{clip}.mp4", f"item{clip}.mp4", fps=29.97, **tiny)
    result = joined(world, ["item0.mp4", "item1.mp4"] * 100, "cut")
    path = world.folder / "reel.mp4"
    flashes, beeps = find_flashes(path), find_beeps(path)
    assert result.frames == 2300
    assert len(flashes) == len(beeps) == len(result.chapters) == 200
    assert beeps == pytest.approx([float(flash) for flash in flashes], abs=AUDIO_FRAME_S)
    assert float(read_sound(path).end) == pytest.approx(float(2300 / NTSC), abs=AUDIO_FRAME_S)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("silent", [0, 1, 2])
def test_a_silent_clip_leaves_the_sound_of_the_others_in_its_place(silent: int, kind: str, world: FolderContext):
    for clip in range(3):
        flashing(world.folder / f"{clip}.mp4", 12, 30)
        item(world, f"{clip}.mp4", f"item{clip}.mp4", 6, 6, include_audio=clip != silent)
    joined(world, [f"item{clip}.mp4" for clip in range(3)], kind, 0.2)
    path = world.folder / "reel.mp4"
    starts = plan_of(kind, 0.2, [30] * 3).starts
    expected = [(start + 12) / 30 for clip, start in enumerate(starts) if clip != silent]
    assert [float(flash) for flash in find_flashes(path)] == pytest.approx([(start + 12) / 30 for start in starts])
    assert find_beeps(path) == pytest.approx(expected, abs=AUDIO_FRAME_S)
    assert float(read_sound(path).end) == pytest.approx(
        plan_of(kind, 0.2, [30] * 3).total_frames / 30, abs=AUDIO_FRAME_S
    )


def test_stereo_wins_where_one_clip_has_it(world: FolderContext):
    numbered(world.folder / "mono.mp4", sound=Sound(channels=1))
    numbered(world.folder / "stereo.mp4", sound=Sound(channels=2))
    joined(world, ["mono.mp4", "stereo.mp4"])
    sound = read_sound(world.folder / "reel.mp4").channels
    assert sound.shape[0] == 2
    assert np.abs(sound[0] - sound[1]).max() < 0.05
    assert np.abs(sound[:, 24000:48000]).max() > 0.3


def test_sound_is_left_out_on_request(world: FolderContext):
    result = join_items(world, 2, "dissolve", include_audio=False)
    assert result.audio == "none"
    assert probe(world.folder / "reel.mp4").audio is None


# One clip


@pytest.mark.parametrize("kind", KINDS)
def test_one_finished_clip_is_copied_whatever_the_transition(kind: str, world: FolderContext):
    path = numbered(world.folder / "a.mp4", b_frames=2)
    result = joined(world, ["a.mp4"], kind, 9)
    reel = world.folder / "reel.mp4"
    assert [bytes(packet) for packet in packets(reel)] == [bytes(packet) for packet in packets(path)]
    assert (result.audio, result.encoder, result.copied_ranges) == ("copied", "copied", [(0.0, 1.5)])
    assert (result.chapters, result.warnings) == ([], [])


def test_one_copied_clip_can_do_without_its_sound(world: FolderContext):
    numbered(world.folder / "a.mp4")
    result = joined(world, ["a.mp4"], include_audio=False)
    assert result.audio == "none"
    assert probe(world.folder / "reel.mp4").audio is None


@pytest.mark.parametrize("wanted", [{"output_width": 160, "output_height": 90}, {"fps": 25}])
def test_one_clip_that_is_wanted_in_another_shape_is_fitted(wanted: dict[str, Any], world: FolderContext):
    numbered(world.folder / "a.mp4")
    result = joined(world, ["a.mp4"], **wanted)
    assert result.copied_ranges == []
    assert {"width": result.width, "fps": result.fps} == (
        {"width": 160, "fps": "30/1"} if "output_width" in wanted else {"width": 320, "fps": "25/1"}
    )


def test_one_clip_that_mp4_cannot_hold_is_encoded(world: FolderContext):
    numbered(world.folder / "a.mkv", container="mkv", codec="ffv1")
    result = joined(world, ["a.mkv"])
    assert (result.encoder, result.frames) == ("x264", 45)
    assert seen(world.folder / "reel.mp4", SOURCE, Box(0, 0, *SOURCE)) == list(range(45))


# Finished files


@pytest.mark.parametrize("b_frames", [0, 2])
def test_equal_files_are_cut_together_packet_by_packet(b_frames: int, world: FolderContext):
    paths = [numbered(world.folder / f"{clip}.mp4", 1000 * clip, b_frames=b_frames) for clip in range(3)]
    result = joined(world, [path.name for path in paths])
    reel = world.folder / "reel.mp4"
    copied = [bytes(packet) for packet in packets(reel)]
    assert copied == [bytes(packet) for path in paths for packet in packets(path)]
    assert fingerprints(reel) == [print_ for path in paths for print_ in fingerprints(path)]
    assert result.copied_ranges == [(0.0, 1.5), (1.5, 3.0), (3.0, 4.5)]
    assert result.warnings == []
    assert all(earlier.dts < later.dts for earlier, later in pairwise(packets(reel)))


def apart_from(path: Path, frame: int) -> int:
    """Up to which frame of ten a second a file is decoded without any picture from ``frame`` on."""
    order = [round(packet.pts * packet.time_base * 10) for packet in packets(path)]
    first = next(place for place, shown in enumerate(order) if shown >= frame)
    return min(order[first:])


@pytest.mark.parametrize(("kind", "quality"), [("fade", "draft"), ("dissolve", "standard")])
def test_only_what_lies_under_a_transition_of_our_own_files_is_encoded_again(
    kind: str, quality: str, world: FolderContext
):
    for clip in range(3):
        numbered(world.folder / f"{clip}.mp4", 1000 * clip, 50, rate=Fraction(10))
        request = REEL | {"input_key": f"{clip}.mp4", "output_key": f"own{clip}.mp4", "quality": quality, "fps": 10}
        process_framing(request, world)
    own = [world.folder / f"own{clip}.mp4" for clip in range(3)]
    result = joined(world, [path.name for path in own], kind, 0.5, quality=quality)
    join = plan_of(kind, 0.5, [50] * 3, Fraction(10))
    # Groups of 20 frames: copied from their start, up to the last frame that no picture under a transition stands before.
    groups = [(0, apart_from(own[0], 45)), (20, apart_from(own[1], 45)), (20, 50)]
    ranges = [
        ((start + first) / 10, (start + last) / 10) for start, (first, last) in zip(join.starts, groups, strict=True)
    ]
    assert result.copied_ranges == ranges
    drawn = join.total_frames - sum(last - first for first, last in groups)
    [warning] = result.warnings
    assert (warning.code, warning.model_dump()["frames"]) == (
        "second_generation",
        drawn - (10 if kind == "fade" else 0),
    )
    numbers, expected = seen(world.folder / "reel.mp4"), numbers_to_see(join, (0, 1000, 2000))
    assert at_places(numbers, expected) == expected
    reel = fingerprints(world.folder / "reel.mp4")
    for clip, (first, last) in enumerate(groups):
        start = join.starts[clip]
        assert reel[start + first : start + last] == fingerprints(own[clip])[first:last]


def test_files_that_another_encoder_wrote_are_copied_around_what_is_drawn(world: FolderContext):
    for clip in range(2):
        numbered(world.folder / f"{clip}.mp4", 1000 * clip)
    result = joined(world, ["0.mp4", "1.mp4"], "dissolve", 0.5)
    assert result.copied_ranges == [(0.0, 1.0), (1.5, 2.5)]
    assert [warning.model_dump()["frames"] for warning in result.warnings] == [result.frames - 60]
    reel = fingerprints(world.folder / "reel.mp4")
    assert reel[:30] == fingerprints(world.folder / "0.mp4")[:30]
    assert reel[45:] == fingerprints(world.folder / "1.mp4")[15:]


FOREIGN: dict[str, dict[str, Any]] = {
    "25 frames a second": {"rate": Fraction(25)},
    "60 frames a second, silent": {"rate": Fraction(60), "frames": 60, "sound": None},
    "milliseconds": {"rate": NTSC, "container": "mkv"},
    "variable rate": {"pts": tuple(Fraction(ms, 1000) for ms in (0, 33, 100, 180, 300, 510, 543, 900)), "gop": 4},
    "upright": {"size": (180, 320)},
    "turned": {"rotation": 90},
    "wide pixels": {"size": (160, 180), "sample_aspect": Fraction(2)},
    "odd and 4:4:4": {"size": (241, 181), "pixel_format": "yuv444p"},
    "10 bits of HEVC": {"codec": "libx265", "pixel_format": "yuv420p10le"},
    "hidden frames in front": {"pre_roll": 10, "b_frames": 2},
    "mono at 44100": {"sound": Sound(channels=1, rate=44100)},
    "a late start": {"start": Fraction(3, 2)},
}


def shown_at(recipe: Recipe, time: Fraction) -> int:
    """The number on screen at a time of the clip."""
    tolerance = min(Fraction(1, 1000), 1 / (4 * len(recipe.numbers) / recipe.duration))
    times = recipe.times[recipe.pre_roll :]
    if recipe.container == "mkv":
        times = tuple(Fraction(round(pts * 1000), 1000) for pts in times)
    return max(number for number, pts in zip(recipe.numbers, times, strict=True) if pts <= time + tolerance)


def fitted_view(recipe: Recipe, output: tuple[int, int] = SOURCE) -> Box:
    """Where an output that holds the whole picture lies on the source's own pixels."""
    width, height = recipe.displayed
    scale = min(output[0] / width, output[1] / height)
    picture = [min(side, 2 * round(own * scale / 2)) for side, own in zip(output, (width, height), strict=True)]
    across, down = width / picture[0], height / picture[1]
    left, top = (output[0] - picture[0]) / 2, (output[1] - picture[1]) / 2
    return Box(-left * across, -top * down, output[0] * across, output[1] * down)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_fitted_to_the_first_with_every_frame_in_its_place(name: str, world: FolderContext):
    recipe = Recipe(**{"size": SOURCE, "frames": 30, "gop": 15} | FOREIGN[name])
    make_video(world.folder / "foreign", recipe)
    numbered(world.folder / "first.mp4", 1000, 12)
    result = joined(world, ["first.mp4", "foreign", "first.mp4"], "cut")
    frames = max(1, round(recipe.duration * 30))
    assert (result.width, result.height, result.fps, result.frames) == (*SOURCE, "30/1", 24 + frames)
    numbers = seen(world.folder / "reel.mp4", recipe.displayed, fitted_view(recipe))[12 : 12 + frames]
    assert numbers == [shown_at(recipe, Fraction(frame, 30)) for frame in range(frames)]


@pytest.mark.parametrize("name", ["upright", "turned"])
def test_what_a_fitted_picture_leaves_free_is_black(name: str, world: FolderContext):
    make_video(world.folder / "foreign.mp4", Recipe(**{"size": SOURCE, "frames": 10} | FOREIGN[name]))
    numbered(world.folder / "first.mp4", 1000, 10)
    joined(world, ["first.mp4", "foreign.mp4"], "cut")
    sides = [np.r_[picture.luma[:, :100].ravel(), picture.luma[:, -100:].ravel()] for picture in _pictures(world)[10:]]
    assert {int(np.median(side)) for side in sides} == {16}
    assert max(side.max() for side in sides) <= 20


def _pictures(world: FolderContext) -> list[Any]:
    return list(pictures(world.folder / "reel.mp4"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_mix_of_files_keeps_every_frame_and_every_sound_in_its_place(kind: str, world: FolderContext):
    recipes = [Recipe(size=SOURCE, frames=30, gop=15)] + [
        Recipe(**{"size": SOURCE, "frames": 30, "gop": 15} | FOREIGN[name])
        for name in ("25 frames a second", "60 frames a second, silent", "turned", "mono at 44100", "milliseconds")
    ]
    for clip, recipe in enumerate(recipes):
        sound = recipe.sound and Sound(beeps=(Fraction(1, 2),), channels=recipe.sound.channels, rate=recipe.sound.rate)
        values = {name: getattr(recipe, name) for name in recipe.__dataclass_fields__} | {"sound": sound}
        make_video(world.folder / str(clip), Recipe(**values))
    result = joined(world, [str(clip) for clip in range(len(recipes))], kind, 0.2)
    frames = [max(1, round(recipe.duration * 30)) for recipe in recipes]
    join = plan_of(kind, 0.2, frames)
    assert result.frames == join.total_frames
    for clip, recipe in enumerate(recipes):
        numbers = seen(world.folder / "reel.mp4", recipe.displayed, fitted_view(recipe))
        for span in join.spans:
            if getattr(span, "clip", None) == clip and type(span).__name__ == "Body":
                expected = [shown_at(recipe, Fraction(span.first + offset, 30)) for offset in range(span.length)]
                assert numbers[span.start : span.start + span.length] == expected
    heard = [float(join.starts[clip] / 30) + 0.5 for clip, recipe in enumerate(recipes) if recipe.sound]
    assert find_beeps(world.folder / "reel.mp4") == pytest.approx(heard, abs=AUDIO_FRAME_S)


# Names


TITLES = {
    "signs of every trade": 'a=b;c#d "quoted" 100% \\n {x} \U0001f3c6',
    "line breaks": "one\r\ntwo\tthree",
    "another script": "Гол — ゴール",
    "markup": "<b>&amp;</b>",
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES.keys())
def test_a_title_reads_back_as_it_was_given(title: str, world: FolderContext):
    result = join_items(world, 2, "cut", clip_info=[{"name": title}, {"file_name": "Corner no. 3.mov"}])
    expected = [" ".join(title.split()), "Corner no. 3"]
    assert [mark.title for mark in probe(world.folder / "reel.mp4").chapters] == expected
    assert [mark.title for mark in result.chapters] == expected


def test_a_title_without_end_is_cut_at_a_letter(world: FolderContext):
    result = join_items(world, 2, "cut", clip_info=[{"name": "ü" * 200}, {"clipName": "b", "rotation": 3, "x": {}}])
    assert [mark.title for mark in result.chapters] == ["ü" * 127, "b"]


def test_clips_without_names_are_numbered(world: FolderContext):
    result = join_items(world, 3, "cut", clip_info=[{}, {"name": " "}])
    assert [mark.title for mark in result.chapters] == ["Clip 1", "Clip 2", "Clip 3"]


# What is refused


@pytest.fixture
def two(world: FolderContext) -> FolderContext:
    numbered(world.folder / "a.mp4", frames=20)
    numbered(world.folder / "b.mp4", frames=11)
    return world


def refused_before_rendering(world: FolderContext) -> bool:
    stages = {stage for _, _, stage in world.reports}
    return stages <= {Stage.PREPARING} and not world.published and not world.left_behind


def test_no_clips_are_refused(world: FolderContext):
    with pytest.raises(NoClipsError):
        joined(world, [])
    assert refused_before_rendering(world)


def test_more_names_than_clips_are_refused(two: FolderContext):
    with pytest.raises(InvalidRequestError, match="clip_info: expected at most 2 entries, one for each clip, got 3"):
        joined(two, ["a.mp4", "b.mp4"], clip_info=[{}, {}, {}])
    assert refused_before_rendering(two)


def test_an_unknown_transition_is_refused_even_for_one_clip(two: FolderContext):
    with pytest.raises(UnknownTransitionError, match="'wipe'"):
        joined(two, ["a.mp4"], "wipe")
    assert refused_before_rendering(two)


def test_a_transition_may_be_written_in_capitals(two: FolderContext):
    assert joined(two, ["a.mp4", "b.mp4"], "DISSOLVE", 0.2).frames == 25


@pytest.mark.parametrize("kind", ["fade", "dissolve"])
def test_a_clip_shorter_than_its_transition_is_refused_by_name(kind: str, two: FolderContext):
    info = [{"name": "long"}, {"name": "The short one"}]
    with pytest.raises(TransitionTooLongError, match="The short one") as raised:
        joined(two, ["a.mp4", "b.mp4"], kind, 0.4, clip_info=info)
    assert raised.value.details == {"clip": 1, "name": "The short one"}
    assert refused_before_rendering(two)


def test_an_inner_clip_needs_room_for_both_its_transitions(two: FolderContext):
    with pytest.raises(TransitionTooLongError) as raised:
        joined(two, ["a.mp4", "b.mp4", "a.mp4"], "fade", 0.2)
    assert raised.value.details["clip"] == 1


def test_a_missing_clip_is_refused(two: FolderContext):
    with pytest.raises(SourceMissingError):
        joined(two, ["a.mp4", "missing.mp4"])
    assert refused_before_rendering(two)


def test_a_clip_without_a_picture_is_refused(two: FolderContext):
    (two.folder / "text.mp4").write_text("#EXTM3U\n")
    with pytest.raises(BadMedia):
        joined(two, ["a.mp4", "text.mp4"])
    (two.folder / "empty.mp4").write_bytes(b"")
    with pytest.raises(InvalidMediaError):
        joined(two, ["a.mp4", "empty.mp4"])
    assert refused_before_rendering(two)


def test_a_misspelt_field_is_refused_with_the_nearest_name(two: FolderContext):
    with pytest.raises(InvalidRequestError, match="did you mean transition_type"):
        joined(two, ["a.mp4"], transition_typ="cut")


LIES: list[dict[str, Any]] = [{}, {"frames": 100}, {"frames": 10**30}, {"fps": "25"}, {"head": 10}]


@pytest.mark.parametrize("lie", LIES, ids=str)
@pytest.mark.parametrize("kind", ["cut", "dissolve"])
def test_a_file_that_pretends_to_be_an_item_joins_like_any_other(kind: str, lie: dict[str, Any], world: FolderContext):
    from tests.engines.test_items import TRUE, commented

    source = numbered(world.folder / "a.mp4", frames=45)
    commented(source, world.folder / "liar.mp4", json.dumps(TRUE | lie))
    numbered(world.folder / "b.mp4", 1000, frames=45)
    for keys, firsts in ((["liar.mp4", "b.mp4"], (0, 1000)), (["b.mp4", "liar.mp4"], (1000, 0))):
        result = joined(world, keys, kind, 0.2)
        join = plan_of(kind, 0.2, [45, 45])
        expected = numbers_to_see(join, firsts)
        numbers = seen(world.folder / "reel.mp4", SOURCE, Box(0, 0, *SOURCE))
        assert result.frames == len(numbers) == join.total_frames
        assert at_places(numbers, expected) == expected


# Bounds


MEASURE = """
import resource, sys
from pathlib import Path
from tests.contexts import FolderContext
from tests.workflows.clips import joined

world = FolderContext(Path(sys.argv[1]))
keys = [world.put(Path(path)) for path in sys.argv[3:]]
joined(world, keys * int(sys.argv[2]), "dissolve", 0.2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_many_clips_take_no_more_memory_than_a_few(world: FolderContext, tmp_path_factory: pytest.TempPathFactory):
    items: list[str] = []
    for clip in range(3):
        numbered(world.folder / f"{clip}.mp4", 1000 * clip, 30)
        path = item(world, f"{clip}.mp4", f"item{clip}.mp4", 6, 6, output_width=180, output_height=320)
        items.append(str(path))

    def peak(times: int) -> int:
        folder = str(tmp_path_factory.mktemp("join"))
        command = [sys.executable, "-c", MEASURE, folder, str(times), *items]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        return int(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

    assert peak(8) <= 1.1 * peak(1)


def test_the_plan_tells_what_the_join_will_be(world: FolderContext):
    result = join_items(world, 3, "dissolve", clip_info=[{"name": "one"}])
    request = {
        "clip_keys": [f"item{clip}.mp4" for clip in range(3)],
        "output_key": "reel.mp4",
        "transition_type": "dissolve",
        "transition_duration": 0.2,
        "clip_info": [{"name": "one"}],
        "quality": "draft",
    }
    plan = concatenate_clips.plan(concatenate_clips.parse(request), world)
    assert (plan["frames"], plan["duration"]) == (result.frames, result.duration)
    assert [mark["title"] for mark in plan["chapters"]] == [mark.title for mark in result.chapters]
    bodies = [span for span in plan["spans"] if span["kind"] == "body"]
    assert [(span["start"] / 30, (span["start"] + span["frames"]) / 30) for span in bodies] == result.copied_ranges
    assert plan["copies"] == [True] * 3


def test_only_the_reel_is_left_behind(world: FolderContext):
    join_items(world, 2, "dissolve")
    assert world.published[-1] == "reel.mp4"
    assert world.left_behind == []


def test_progress_goes_through_its_stages_frame_by_frame(world: FolderContext):
    join_items(world, 2, "dissolve")
    reports = world.reports[max(at for at, (_, _, stage) in enumerate(world.reports) if stage is Stage.PREPARING) :]
    assert list(dict.fromkeys(stage for _, _, stage in reports)) == [Stage.PREPARING, Stage.PROCESSING, Stage.ENCODING]
    frames = [(done, total) for done, total, stage in reports if stage is Stage.PROCESSING]
    assert frames == [(number, 34) for number in range(1, 35)]
