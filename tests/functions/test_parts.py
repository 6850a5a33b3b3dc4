from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.contexts import FolderContext
from tests.engines.damage import damaged
from tests.functions.deliverable import boxes, groups
from tests.functions.parted import JOINED, SPOT, STRETCH_S, WHOLE, Parted, asked, request_of
from tests.media_factory import VARIANTS, Recipe, make_video
from tests.workflows.clips import SOURCE, numbered, seen

from clipmill.errors import CorruptMediaError, EmptyRangeError, InvalidRequestError
from clipmill.functions.catalog import load_function

FRAMES = 105
REEL = {"output_width": 90, "output_height": 160}
ALL_OVER = {"highlight_keyframes": [SPOT]}
IN_TWO_PLACES = {
    "highlight_regions": [
        {"start_time": 0.6, "end_time": 1.7, "keyframes": [SPOT]},
        {"start_time": 2.6, "end_time": 3.2, "keyframes": [SPOT]},
    ]
}
SLOW_AND_FAST = {
    "segments_data": {"segments": [{"start": 0.5, "end": 1, "speed": 0.5}, {"start": 2, "end": 3, "speed": 2}]},
    "motion": "blend",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of 105 numbered frames, seven stretches long, with sound."""
    return numbered(tmp_path_factory.mktemp("long") / "source.mp4", 0, FRAMES)


@pytest.fixture
def framing(world: FolderContext, source: Path) -> Parted:
    return Parted(world, "process_framing", request_of(world, source, **REEL))


@pytest.fixture
def overlay(world: FolderContext, source: Path) -> Parted:
    return Parted(world, "render_overlay", request_of(world, source, **ALL_OVER))


def check_equal(call: Parted, *counts: int) -> None:
    """Whether a call in so many parts gives what it gives at once, file and result."""
    whole = call.whole()
    for count in counts:
        result = call.in_parts(count)
        assert call.packets(JOINED, "video") == call.packets(WHOLE, "video")
        assert call.packets(JOINED, "audio") == call.packets(WHOLE, "audio")
        assert result.model_copy(update={"output_key": WHOLE}) == whole


# The same file


def test_a_framed_clip_is_the_same_in_any_number_of_parts(framing: Parted):
    assert framing.plan(1)["stretches"] == 7
    check_equal(framing, 1, 2, 7)
    assert seen(framing.world.folder / JOINED) == list(range(FRAMES))


def test_an_overlay_is_the_same_in_any_number_of_parts(overlay: Parted):
    assert overlay.plan(1)["stretches"] == 7
    check_equal(overlay, 1, 2, 7)


CLIPS: dict[str, dict[str, Any]] = {
    "speeds": SLOW_AND_FAST,
    "a broadcast rate": {"fps": "30000/1001"},
    "a trimmed window": {"source_start_time": 0.3, "segments_data": {"trim_start": 0.2, "trim_end": 2.5}},
    "turned, high quality": {"rotation": 3, "quality": "high"},
    "no B-frames": {"quality": "draft"},
    "no sound": {"include_audio": False},
}


@pytest.mark.parametrize("changes", CLIPS.values(), ids=CLIPS.keys())
def test_a_clip_is_the_same_in_parts_whatever_is_asked(changes: dict[str, Any], world: FolderContext, source: Path):
    check_equal(Parted(world, "process_framing", request_of(world, source, **(REEL | changes))), 3)


OVERLAYS: dict[str, dict[str, Any]] = {
    "groups between that are copied": IN_TWO_PLACES,
    "no groups copied": IN_TWO_PLACES | {"smart_render": False},
    "framed": ALL_OVER | {"output_width": 90, "output_height": 160},
    "no sound": ALL_OVER | {"include_audio": False},
}


@pytest.mark.parametrize("changes", OVERLAYS.values(), ids=OVERLAYS.keys())
def test_an_overlay_is_the_same_in_parts_whatever_is_asked(changes: dict[str, Any], world: FolderContext, source: Path):
    check_equal(Parted(world, "render_overlay", request_of(world, source, **changes)), 3)


SOURCES = [
    "vfr",
    "vfr_b_frames",
    "cfr_29_97",
    "ms_stamped_29_97",
    "hevc_open_gop",
    "long_gop",
    "late_start",
    "pre_roll",
]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("function", ["process_framing", "render_overlay"])
def test_any_source_is_the_same_in_parts(function: str, name: str, world: FolderContext, tmp_path: Path):
    recipe = replace(VARIANTS[name], size=SOURCE)
    changes = REEL if function == "process_framing" else ALL_OVER
    drawn = make_video(tmp_path / f"{name}.{recipe.container}", recipe)
    check_equal(Parted(world, function, request_of(world, drawn, **changes)), 3)


def test_the_whole_file_is_the_same(framing: Parted):
    framing.whole()
    framing.in_parts(3)
    assert (framing.world.folder / JOINED).read_bytes() == (framing.world.folder / WHOLE).read_bytes()


def test_the_joined_file_has_its_index_in_front_and_a_key_frame_at_each_stretch(framing: Parted):
    framing.in_parts(3)
    path = framing.world.folder / JOINED
    assert boxes(path).index("moov") < boxes(path).index("mdat")
    begins = {group[0].time for group in groups(path)}
    assert {Fraction(number) * Fraction(str(STRETCH_S)) for number in range(7)} <= begins


def test_nothing_to_draw_has_no_parts_and_is_copied(world: FolderContext, source: Path):
    call = Parted(world, "render_overlay", request_of(world, source))
    assert call.plan(3)["parts"] == []
    assert call.in_parts(3).encoder == "copied"


# What a part is


def test_a_part_holds_the_pictures_of_its_stretches_and_no_sound(framing: Parted):
    results = framing.rendered(framing.plan(3))
    assert [seen(framing.world.folder / result["output_key"]) for result in results] == [
        list(range(30)),
        list(range(30, 75)),
        list(range(75, 105)),
    ]
    assert [result["audio"] for result in results] == ["none"] * 3


def test_nothing_but_the_outputs_is_left(framing: Parted):
    framing.in_parts(2)
    assert framing.world.left_behind == []
    assert sorted(framing.world.published) == ["joined.mp4", "part-0.mp4", "part-1.mp4"]


def test_the_plan_settles_the_encoder_for_all_workers(world: FolderContext, source: Path):
    plan = Parted(world, "process_framing", request_of(world, source, encoder="auto")).plan(2)
    assert plan["request"]["encoder"] in {"x264", "nvenc"}


def test_the_sound_is_nothing_that_parts_depend_on(framing: Parted):
    silent = Parted(framing.world, framing.function, {**framing.request, "include_audio": False})
    assert silent.plan(2)["depends_on"] == framing.plan(2)["depends_on"]


def test_a_picture_of_a_layer_is_something_that_parts_depend_on(world: FolderContext, source: Path, tmp_path: Path):
    cv2.imwrite(str(tmp_path / "badge.png"), np.full((20, 20, 4), 255, np.uint8))
    place = dict.fromkeys(("x", "y", "width", "height"), 20)
    layer = {"type": "image", "key": world.put(tmp_path / "badge.png"), "start_time": 0, "end_time": 9} | place
    call = Parted(world, "render_overlay", request_of(world, source, text_layers=[layer]))
    assert call.plan(2)["depends_on"]["inputs"] == ["source.mp4", "badge.png"]


# Pictures that are missing


@pytest.fixture(scope="module")
def stills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every picture by itself, so that damage stays where it is."""
    return make_video(tmp_path_factory.mktemp("hurt") / "stills.mp4", Recipe(size=(160, 90), frames=FRAMES, gop=1))


def hurt(world: FolderContext, stills: Path, pictures: Any, function: str) -> Parted:
    path = damaged(stills, world.folder / "hurt.mp4", pictures)
    return Parted(world, function, request_of(world, path, **(REEL if function == "process_framing" else ALL_OVER)))


@pytest.mark.parametrize("function", ["process_framing", "render_overlay"])
def test_stand_ins_are_counted_over_all_parts(function: str, world: FolderContext, stills: Path):
    call = hurt(world, stills, [10, 44, 45, 90], function)
    check_equal(call, 7)
    [warning] = call.in_parts(7).warnings
    assert (warning.code, warning.model_dump()["count"]) == ("frames_concealed", 4)


@pytest.mark.parametrize("function", ["process_framing", "render_overlay"])
def test_the_bound_of_what_may_be_missing_holds_over_all_parts(function: str, world: FolderContext, stills: Path):
    # Three of fifteen frames of one stretch would be too many, three of all are not; six of all are.
    assert hurt(world, stills, [31, 33, 35], function).in_parts(7)
    with pytest.raises(CorruptMediaError, match="6 of 105"):
        hurt(world, stills, [1, 20, 31, 33, 60, 80], function).in_parts(7)


@pytest.mark.parametrize("function", ["process_framing", "render_overlay"])
def test_a_row_of_missing_pictures_is_one_row_across_a_boundary(function: str, world: FolderContext, stills: Path):
    # Half of the row on either side of the boundary: neither part misses a second.
    edge = hurt(world, stills, [], function).plan(2)["parts"][0]["frames"]
    call = hurt(world, stills, range(edge - 17, edge + 17), function)
    plan = call.plan(2)
    with pytest.raises(CorruptMediaError, match=r"more than 1 s .* where two parts of it meet"):
        call.joined(plan, call.rendered(plan))


# What is refused


def test_a_function_that_cannot_be_split_is_told_with_those_that_can(world: FolderContext):
    with pytest.raises(InvalidRequestError, match=r"'concatenate_clips' cannot .* process_framing, render_overlay"):
        load_function("plan_parts")(asked("concatenate_clips", {}, parts=2), world)


def test_a_fault_of_the_request_is_the_functions_own(world: FolderContext, source: Path):
    request = request_of(world, source, segments_data={"trim_start": 99})
    with pytest.raises(EmptyRangeError):
        load_function("plan_parts")(asked("process_framing", request, parts=2), world)


@pytest.mark.parametrize(("first", "last"), [(0, 8), (-1, 2), (3, 3), (5, 2)])
def test_stretches_that_are_not_there_are_refused(first: int, last: int, framing: Parted):
    request = asked(framing.function, framing.request, first=first, last=last, output_key="part.mp4")
    with pytest.raises(InvalidRequestError, match="within 7 stretches"):
        load_function("render_part")(request, framing.world)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_part_that_is_missing_is_named(missing: int, framing: Parted):
    plan = framing.plan(3)
    parts = framing.rendered(plan)
    del parts[missing]
    with pytest.raises(InvalidRequestError, match=f"stretch {plan['parts'][missing]['first']} is due"):
        framing.joined(plan, parts)


def test_parts_of_another_request_are_refused(framing: Parted):
    plan = framing.plan(2)
    parts = framing.rendered(plan)
    larger = plan | {"request": plan["request"] | {"output_width": 180}}
    with pytest.raises(CorruptMediaError, match="stretches 0 to 3 is coded in another way"):
        framing.joined(larger, parts)
    assert not (framing.world.folder / JOINED).exists()


def test_a_part_that_lacks_frames_is_refused(framing: Parted):
    plan = framing.plan(2)
    parts = framing.rendered(plan)
    parts[1]["part"]["frames"] += 1
    with pytest.raises(CorruptMediaError, match=r"holds .* frames, .* were due"):
        framing.joined(plan, parts)


def test_a_part_that_holds_more_than_its_stretches_is_refused(framing: Parted):
    plan = framing.plan(2)
    short, long = framing.rendered(plan), framing.rendered(framing.plan(1))
    short[0]["output_key"], short[0]["part"]["frames"] = long[0]["output_key"], long[0]["part"]["frames"]
    with pytest.raises(CorruptMediaError, match="goes on behind its last stretch"):
        framing.joined(plan, short)


def test_a_part_of_a_plan_tells_what_it_will_draw(framing: Parted):
    function = load_function("render_part")
    request = function.parse(asked(framing.function, framing.request, first=2, last=4, output_key="part.mp4"))
    assert function.plan(request, framing.world) == {"stretches": 7, "first": 2, "last": 4, "frames": 30}
