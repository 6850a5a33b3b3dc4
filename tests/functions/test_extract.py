"""extract_clips: which files are made of which moments, what is told of them, and what is refused."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts import FolderContext
from tests.media_factory import Recipe, frame_numbers, make_video

from clipmill.errors import (
    ClipmillError,
    EmptyRangeError,
    InvalidAnnotationError,
    InvalidMediaError,
    InvalidRateError,
    InvalidRequestError,
    InvalidSizeError,
    NoClipsError,
    TransitionTooLongError,
    UnknownSequenceError,
)
from clipmill.functions.extract import extract_clips

Structures = Callable[[str], Path]


def video(folder: Path, name: str, first: int = 0, **changes: Any) -> Path:
    values: dict[str, Any] = {"size": (160, 96), "frames": 60, "first_number": first, "gop": 15, "sound": None}
    return make_video(folder / name, Recipe(**(values | changes)))


def clip(start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"start_time": start, "end_time": end} | more


def asked(world: FolderContext, source: Path | None, *clips: dict[str, Any], **more: Any) -> dict[str, Any]:
    keys = {"input_key": world.put(source)} if source else {}
    return keys | {"output_prefix": "out", "clips": list(clips), "quality": "draft", "encoder": "x264"} | more


def made(world: FolderContext, source: Path | None, *clips: dict[str, Any], **more: Any) -> dict[str, Any]:
    return extract_clips(asked(world, source, *clips, **more), world).to_json()


def plan_of(world: FolderContext, source: Path | None, *clips: dict[str, Any], **more: Any) -> dict[str, Any]:
    return extract_clips.plan(extract_clips.parse(asked(world, source, *clips, **more)), world)


def numbers(world: FolderContext, key: str) -> list[int]:
    return frame_numbers(world.folder / key)


def test_a_range_holds_its_frames_and_no_others(world: FolderContext, tmp_path: Path):
    source = video(tmp_path, "source.mp4", frames=90)
    told = made(world, source, clip(2, 2.5))
    assert numbers(world, "out/clip_001.mp4") == list(range(60, 75))
    (entry,) = told["clips"]
    assert (entry["start"], entry["end"], entry["duration"], entry["frames"]) == (2, 2.5, 0.5, 15)


def test_files_are_numbered_as_the_list_is(world: FolderContext, structures: Structures):
    told = made(world, structures("closed"), clip(1, 1.2), clip(0, 0.2), clip(2, 2.2))
    assert world.published == [entry["output_key"] for entry in told["clips"]]
    assert world.published == ["out/clip_001.mp4", "out/clip_002.mp4", "out/clip_003.mp4"]
    assert [numbers(world, key)[0] for key in world.published] == [25, 0, 50]
    assert (told["output_key"], told["frames"], told["duration"]) == (None, 15, pytest.approx(0.6))
    assert world.left_behind == []


def test_every_moment_comes_from_its_own_video(world: FolderContext, tmp_path: Path):
    halves = {"1": video(tmp_path, "first.mp4"), "2": video(tmp_path, "second.mp4", first=500)}
    keys = {number: world.put(path) for number, path in halves.items()}
    moments = [clip(0.5, 1, video_sequence=2), clip(0, 0.5, video_sequence=1), clip(1, 1.5, video_sequence=2)]
    made(world, None, *moments, input_keys=keys)
    assert [numbers(world, key)[0] for key in world.published] == [515, 0, 530]


def test_a_single_video_needs_no_number(world: FolderContext, tmp_path: Path):
    key = world.put(video(tmp_path, "first.mp4"))
    made(world, None, clip(0.5, 1), input_keys={"7": key})
    assert numbers(world, "out/clip_001.mp4")[0] == 15


@pytest.mark.parametrize("moment", [clip(0, 1), clip(0, 1, video_sequence=3)])
def test_a_moment_of_no_known_video_is_refused(moment: dict[str, Any], world: FolderContext, tmp_path: Path):
    key = world.put(video(tmp_path, "first.mp4"))
    with pytest.raises(UnknownSequenceError) as told:
        made(world, None, clip(0, 1, video_sequence=1), moment, input_keys={"1": key, "2": key})
    assert told.value.details["index"] == 1
    assert world.published == []


def test_a_range_shorter_than_a_frame_is_one_frame_even_in_a_long_pause(world: FolderContext, tmp_path: Path):
    pts = (*(Fraction(n, 25) for n in range(10)), Fraction(5), Fraction(126, 25))
    source = video(tmp_path, "paused.mp4", pts=pts)
    made(world, source, clip(0.09, 0.1), clip(2, 2.01), clip(4.99, 4.999), clip(5.01, 5.02))
    assert [numbers(world, key) for key in world.published] == [[2], [9], [9], [10]]


def test_an_end_behind_the_source_is_its_end_and_a_start_there_is_refused(world: FolderContext, structures: Structures):
    told = made(world, structures("closed"), clip(2.2, 99))
    assert told["clips"][0]["end"] == pytest.approx(2.4)
    for start in (2.4, 3):
        with pytest.raises(EmptyRangeError) as refused:
            made(world, structures("closed"), clip(0, 1), clip(start, 99))
        assert refused.value.details == {"index": 1, "clip_index": 1, "name": "Clip 2"}


@pytest.mark.parametrize("name", ["x265_closed", "h264_10_bit", "open"])
def test_what_cannot_be_copied_is_encoded(name: str, world: FolderContext, structures: Structures):
    told = made(world, structures(name), clip(0.4, 2))
    (entry,) = told["clips"]
    assert (entry["copied_ranges"], entry["encoder"], told["encoder"]) == ([], "x264", "x264")
    assert numbers(world, "out/clip_001.mp4") == list(range(10, 50))


@pytest.mark.parametrize("more", [{}, {"include_audio": False}])
def test_a_silent_source_or_none_asked_for_is_no_sound(
    more: dict[str, Any], world: FolderContext, structures: Structures
):
    told = made(world, structures("closed" if more else "silent"), clip(0, 1), **more)
    assert (told["audio"], told["clips"][0]["audio"]) == ("none", "none")


def test_a_range_behind_the_sound_has_none(world: FolderContext, structures: Structures):
    told = made(world, structures("short_audio"), clip(0, 1), clip(2, 2.4))
    assert [entry["audio"] for entry in told["clips"]] == ["copied", "none"]


def test_whole_groups_are_copied_and_told_as_such(world: FolderContext, structures: Structures):
    told = made(world, structures("closed"), clip(0.48, 1.44), clip(0.96, 1.92))
    assert [entry["encoder"] for entry in told["clips"]] == ["copied", "copied"]
    assert told["encoder"] == "copied"


def test_the_plan_tells_what_the_call_does(world: FolderContext, structures: Structures):
    moments = [clip(0.3, 2.1, name="a"), clip(0.5, 0.6), clip(2, 99)]
    everything = {"outputs": ["clips", "compilation"], "output_key": "all.mp4"}
    plan = plan_of(world, structures("closed"), *moments, **everything)
    assert world.published == []
    told = made(world, structures("closed"), *moments, **everything)
    for name in ("index", "name", "output_key", "frames"):
        assert [each[name] for each in plan["clips"]] == [each[name] for each in told["clips"]]
    for planned, entry in zip(plan["clips"], told["clips"], strict=True):
        assert np.ravel(entry["copied_ranges"]) == pytest.approx(np.ravel(planned["copied_ranges"]))
        assert [entry["start"], entry["end"]] == pytest.approx(planned["source_range"])
    assert (plan["compilation"]["frames"], plan["compilation"]["width"]) == (told["frames"], told["width"])


def test_both_outputs_are_made_and_told(world: FolderContext, structures: Structures):
    told = made(
        world, structures("closed"), clip(0, 1), clip(1, 2), outputs=["clips", "compilation"], output_key="all.mp4"
    )
    assert world.published == ["out/clip_001.mp4", "out/clip_002.mp4", "all.mp4"]
    assert (told["output_key"], told["frames"], len(told["clips"])) == ("all.mp4", 50, 2)
    assert [chapter["title"] for chapter in told["chapters"]] == ["Clip 1", "Clip 2"]


# A clip that fails


def broken(world: FolderContext) -> str:
    (world.folder / "broken.mp4").write_bytes(b"not a video, whatever its name says")
    return "broken.mp4"


def halves(world: FolderContext, tmp_path: Path) -> dict[str, Any]:
    return {"input_keys": {"1": world.put(video(tmp_path, "first.mp4")), "2": broken(world)}}


MOMENTS = [clip(0, 0.5, video_sequence=1), clip(0, 1, video_sequence=2, name="Lost"), clip(1, 1.5, video_sequence=1)]


def test_a_clip_that_fails_fails_the_job_and_is_named(world: FolderContext, tmp_path: Path):
    with pytest.raises(InvalidMediaError) as told:
        made(world, None, *MOMENTS, **halves(world, tmp_path))
    assert (told.value.details["clip_index"], told.value.details["name"]) == (1, "Lost")
    assert (world.published, world.left_behind) == ([], [])


@pytest.mark.parametrize("outputs", [["clips"], ["compilation"], ["clips", "compilation"]])
def test_a_clip_that_fails_is_left_out_where_that_is_asked_for(
    outputs: list[str], world: FolderContext, tmp_path: Path
):
    more = {"outputs": outputs, "output_key": "all.mp4", "on_error": "skip"} | halves(world, tmp_path)
    plan = plan_of(world, None, *MOMENTS, **more)
    told = made(world, None, *MOMENTS, **more)
    assert [(warning["code"], warning["index"]) for warning in told["warnings"]] == [("clip_failed", 1)]
    assert "Lost" in told["warnings"][0]["message"]
    assert plan["warnings"] == told["warnings"]
    assert [entry["index"] for entry in told["clips"]] == ([0, 2] if "clips" in outputs else [])
    assert "out/clip_002.mp4" not in world.published
    assert told["frames"] == 30
    if "compilation" in outputs:
        assert [chapter["title"] for chapter in told["chapters"]] == ["Clip 1", "Clip 3"]


def test_a_clip_too_short_for_its_transition_is_left_out_by_plan_and_call(world: FolderContext, tmp_path: Path):
    source = video(tmp_path, "first.mp4")
    moments = [clip(0, 0.8), clip(1, 1.1), clip(1.2, 2)]
    more = {"outputs": ["compilation"], "output_key": "all.mp4", "transition": {"type": "dissolve", "duration": 0.4}}
    with pytest.raises(TransitionTooLongError) as refused:
        made(world, source, *moments, **more)
    assert refused.value.details["clip_index"] == 1
    plan = plan_of(world, source, *moments, **more, on_error="skip")
    told = made(world, source, *moments, **more, on_error="skip")
    assert [warning["index"] for warning in told["warnings"]] == [1]
    assert plan["warnings"] == told["warnings"]
    assert plan["compilation"]["frames"] == told["frames"] == 24 + 24 - 12


def test_where_no_clip_succeeds_the_first_failure_is_told(world: FolderContext, structures: Structures):
    with pytest.raises(EmptyRangeError) as told:
        made(world, structures("closed"), clip(5, 6, name="First"), clip(7, 8), on_error="skip")
    assert told.value.details["name"] == "First"
    assert world.published == []


# What is refused


@pytest.mark.parametrize(
    ("change", "kind", "index"),
    [
        ({"clips": [clip(0, 1), clip(2, 1)]}, InvalidAnnotationError, 1),
        ({"clips": [clip(1, 1)]}, InvalidAnnotationError, 0),
        ({"clips": [clip(-1, 1)]}, InvalidAnnotationError, 0),
        ({"clips": [clip(0, 1), clip(0, 1, rating=6)]}, InvalidAnnotationError, 1),
        ({"clips": [clip(0, 1, rating=0)]}, InvalidAnnotationError, 0),
        ({"clips": [clip(0, 1, tags=["a,b"])]}, InvalidAnnotationError, 0),
        ({"clips": [clip(0, 1, name="x" * 201)]}, InvalidAnnotationError, 0),
        ({"clips": []}, NoClipsError, None),
        ({"output_prefix": None}, InvalidRequestError, None),
        ({"outputs": ["compilation"]}, InvalidRequestError, None),
        ({"outputs": []}, InvalidRequestError, None),
        ({"input_key": None}, InvalidRequestError, None),
        ({"output_width": 91}, InvalidSizeError, None),
        ({"fps": 0}, InvalidRateError, None),
    ],
)
def test_a_fault_is_told_with_its_place_and_leaves_nothing(
    change: dict[str, Any], kind: type[ClipmillError], index: int | None, world: FolderContext, structures: Structures
):
    with pytest.raises(kind) as told:
        extract_clips(asked(world, structures("closed"), clip(0, 1)) | change, world)
    assert type(told.value) is kind
    assert index is None or told.value.details["index"] == index
    assert (world.published, world.left_behind) == ([], [])
