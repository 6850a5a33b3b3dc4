from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.contexts import FolderContext
from tests.workflows.clips import numbered

from clipmill.errors import (
    ClipmillError,
    EmptyRangeError,
    InvalidKeyframeError,
    InvalidMediaError,
    InvalidRequestError,
    InvalidSegmentsError,
    LimitExceededError,
    ModelMissingError,
    NoClipsError,
    SourceMissingError,
    TransitionTooLongError,
    UnknownTransitionError,
)
from clipmill.function.stages import Stage
from clipmill.functions.multi_clip_plan import plan_multi_clip

BOX = {"x": 10, "y": 0, "width": 90, "height": 160}
LONE = {"source_key": "a.mp4"}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Sources of 45 frames at 30, and of 50 at 25 frames a second."""
    folder = tmp_path_factory.mktemp("sources")
    return [
        numbered(folder / "a.mp4", frames=45),
        numbered(folder / "b.mp4", frames=50, rate=Fraction(25)),
    ]


@pytest.fixture
def sources(world: FolderContext, drawn: list[Path]) -> FolderContext:
    for path in drawn:
        world.put(path)
    return world


def planned(world: FolderContext, *clips: dict[str, Any], **request: Any) -> dict[str, Any]:
    whole = {"clips": list(clips), "output_key": "reel.mp4", "output_width": 90, "output_height": 160} | request
    return plan_multi_clip(whole, world).to_json()["plan"]


def test_the_plan_counts_frames_and_starts_as_the_reel_will(sources: FolderContext):
    keys = ["a.mp4", "b.mp4", "a.mp4"]
    plan = planned(sources, {}, {}, {}, source_keys=keys, transition={"type": "dissolve", "duration": 0.5})
    assert [clip["frames"] for clip in plan["clips"]] == [45, 60, 45]
    assert (plan["frames"], plan["duration"]) == (120, 4.0)
    assert plan["clip_starts"] == [0.0, 1.0, 2.5]
    assert plan["transition"] == {"type": "dissolve", "frames": 15, "duration": 0.5}


def test_only_ends_that_meet_another_clip_are_kept_lossless(sources: FolderContext):
    plan = planned(sources, LONE, LONE, LONE, transition={"type": "fade", "duration": 0.5})
    ends = [(clip["request"]["head_frames"], clip["request"]["tail_frames"]) for clip in plan["clips"]]
    assert ends == [(0, 15), (15, 15), (15, 0)]


@pytest.mark.parametrize("transition", [{"type": "cut", "duration": 9}, {"type": "dissolve", "duration": 0}])
def test_a_cut_keeps_no_ends_whatever_its_duration(transition: dict[str, Any], sources: FolderContext):
    plan = planned(sources, LONE, LONE, transition=transition)
    assert plan["transition"]["frames"] == 0
    assert {clip["request"]["tail_frames"] for clip in plan["clips"]} == {0}


def test_a_single_clip_has_no_ends_whatever_the_transition(sources: FolderContext):
    plan = planned(sources, LONE, transition={"type": "dissolve", "duration": 9})
    assert plan["frames"] == 45
    assert plan["clips"][0]["request"]["head_frames"] == plan["clips"][0]["request"]["tail_frames"] == 0


def test_clips_play_in_the_order_of_their_index(sources: FolderContext):
    plan = planned(
        sources,
        {"clip_index": 7, "name": "last"} | LONE,
        {"clip_index": 0, "name": "first"},
        {"clip_index": 3, "name": "middle"} | LONE,
        source_keys=["b.mp4"],
    )
    assert [clip["name"] for clip in plan["clips"]] == ["first", "middle", "last"]
    assert [clip["source_key"] for clip in plan["clips"]] == ["b.mp4", "a.mp4", "a.mp4"]


def test_clips_are_called_by_name_then_file_then_place(sources: FolderContext):
    plan = planned(
        sources,
        {"name": " Goal \n one ", "file_name": "x.mp4"} | LONE,
        {"name": " ", "file_name": "Corner no. 3.mov"} | LONE,
        LONE,
    )
    assert [clip["name"] for clip in plan["clips"]] == ["Goal one", "Corner no. 3", "Clip 3"]


def test_the_rate_source_means_that_of_the_first_clip_for_all(sources: FolderContext):
    plan = planned(sources, {"source_key": "b.mp4"}, LONE, fps="source")
    assert plan["fps"] == "25"
    assert [clip["request"]["fps"] for clip in plan["clips"]] == ["25", "25"]


def test_a_clip_may_choose_its_own_fit_and_blend(sources: FolderContext):
    own = {"fit": "contain", "interpolation": "hold", "motion": "blend"}
    plan = planned(sources, LONE | own, LONE, fit="stretch", motion="duplicate")
    first, second = (clip["request"] for clip in plan["clips"])
    assert {name: first[name] for name in own} == own
    assert (second["fit"], second["interpolation"], second["motion"]) == ("stretch", "linear", "duplicate")


def test_a_source_of_many_clips_is_opened_once(sources: FolderContext):
    opened: list[str] = []

    class Watched(FolderContext):
        def open(self, key: str) -> Path:
            opened.append(key)
            return super().open(key)

    planned(Watched(sources.folder), LONE, {"source_key": "b.mp4"}, LONE, LONE)
    assert opened == ["a.mp4", "b.mp4"]


def test_a_request_of_the_first_editors_is_understood(sources: FolderContext):
    clip = {
        "clipIndex": 0,
        "fileName": "a.mp4",
        "cropKeyframes": [{"time": 0} | BOX],
        "segmentsData": {"trimRange": {"start": 0.5, "end": 1}},
        "detections": [],
        "duration": 3,
    }
    request = {
        "clips": [clip],
        "sourceKeys": ["a.mp4"],
        "outputKey": "reel.mp4",
        "targetWidth": 90,
        "targetHeight": 160,
    }
    assert plan_multi_clip(request, sources).to_json()["plan"]["clips"][0]["frames"] == 15


FAULTS: dict[str, tuple[dict[str, Any], type[ClipmillError]]] = {
    "overlapping segments": (
        {"segments_data": {"segments": [{"start": 0, "end": 1}, {"start": 0.5, "end": 1.2}]}},
        InvalidSegmentsError,
    ),
    "a trim behind the end": ({"segments_data": {"trim_start": 2}}, EmptyRangeError),
    "a window behind the end": ({"source_start_time": 1.5}, EmptyRangeError),
    "a key at two times": ({"crop_keyframes": [{"time": 0, "frame": 30} | BOX]}, InvalidKeyframeError),
    "a missing source": ({"source_key": "missing.mp4"}, SourceMissingError),
    "a text for a source": ({"source_key": "text.mp4"}, InvalidMediaError),
    "a model that is not there": ({"upscale": "always"}, ModelMissingError),
}


@pytest.mark.parametrize(("fault", "kind"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_the_last_clip_is_told_with_its_index_and_name(
    fault: dict[str, Any], kind: type[ClipmillError], sources: FolderContext
):
    (sources.folder / "text.mp4").write_text("no video")
    with pytest.raises(kind) as raised:
        planned(sources, LONE, LONE, {"clip_index": 4, "name": "Third"} | LONE | fault)
    assert raised.value.details["clip_index"] == 4
    assert raised.value.details["name"] == "Third"
    assert {stage for _, _, stage in sources.reports} <= {Stage.PREPARING}


@pytest.mark.parametrize("speed", [0, -1, 0.04, 33])
def test_a_speed_out_of_range_is_refused_by_its_place(speed: float, sources: FolderContext):
    segments = {"segments": [{"start": 0, "end": 1, "speed": speed}]}
    with pytest.raises(InvalidSegmentsError, match=r"clips\.1\.segments_data\.segments\.0\.speed"):
        planned(sources, LONE, LONE | {"segments_data": segments})


@pytest.mark.parametrize("frames", [(20, 45, 45), (45, 31, 45), (45, 45, 20)])
def test_a_clip_too_short_for_its_transitions_is_refused_by_name(frames: tuple[int, ...], sources: FolderContext):
    clips = [{"name": f"clip of {count}", "segments_data": {"trim_end": count / 30}} | LONE for count in frames]
    shortest = frames.index(min(frames))
    with pytest.raises(TransitionTooLongError, match=f"clip of {min(frames)}") as raised:
        planned(sources, *clips, transition={"type": "dissolve", "duration": 0.7 if shortest != 1 else 16 / 30})
    assert raised.value.details == {"clip": shortest, "name": f"clip of {min(frames)}"}


def test_no_clips_are_refused(sources: FolderContext):
    with pytest.raises(NoClipsError):
        planned(sources)


def test_more_clips_than_a_job_may_have_are_refused(sources: FolderContext):
    with pytest.raises(LimitExceededError, match="at most 500, got 501"):
        planned(sources, *[LONE] * 501)


def test_an_unknown_transition_is_refused_with_the_known_ones(sources: FolderContext):
    with pytest.raises(UnknownTransitionError, match="cut, fade, dissolve"):
        planned(sources, LONE, LONE, transition={"type": "wipe"})


@pytest.mark.parametrize("duration", [-0.1, 10.1])
def test_a_transition_out_of_range_is_refused(duration: float, sources: FolderContext):
    with pytest.raises(InvalidRequestError, match=r"transition\.duration"):
        planned(sources, LONE, LONE, transition={"type": "fade", "duration": duration})


@pytest.mark.parametrize("indices", [(0, 0), (-1, 0)])
def test_indices_must_be_different_and_count_from_zero(indices: tuple[int, int], sources: FolderContext):
    with pytest.raises(InvalidRequestError, match="clip_index"):
        planned(sources, *({"clip_index": index} | LONE for index in indices))


def test_a_clip_without_a_source_is_refused(sources: FolderContext):
    with pytest.raises(InvalidRequestError, match="source_keys has 1 entries") as raised:
        planned(sources, {}, {}, source_keys=["a.mp4"])
    assert raised.value.details == {"clip_index": 1}


@pytest.mark.parametrize(
    ("request_", "nearest"),
    [
        ({"transitions": {}}, "transition"),
        ({"clips": [LONE | {"rotatoin": 3}]}, "rotation"),
        ({"clips": [LONE | {"segments_data": {"trim_ned": 3}}]}, "trim_end"),
        ({"clips": [LONE | {"crop_keyframes": [{"tiem": 3} | BOX]}]}, "time"),
    ],
)
def test_an_unknown_field_at_any_depth_is_refused_with_the_nearest_name(
    request_: dict[str, Any], nearest: str, sources: FolderContext
):
    with pytest.raises(InvalidRequestError, match=f"did you mean {nearest}"):
        planned(sources, LONE, **request_)


KEYS = [{"time": 0.2} | BOX, {"time": 1.0} | BOX | {"x": 60}]
SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "names": ({"name": "one"}, {"name": "two", "file_name": "b.mov", "clip_index": 9, "label": "x", "id": 3}),
    "spellings": ({"crop_keyframes": KEYS}, {"keyframes": KEYS}),
    "order of keys": ({"crop_keyframes": KEYS}, {"crop_keyframes": KEYS[::-1]}),
    "frames for times": ({"crop_keyframes": KEYS}, {"crop_keyframes": [{"frame": 6} | BOX, {"frame": 30} | BOX | {"x": 60}]}),
    "a whole number for a fraction": ({"source_start_time": 1}, {"source_start_time": 1.0}),
    "an end beyond the source": ({}, {"source_end_time": 99}),
    "forms of a trim": (
        {"segments_data": {"trim_start": 0.5, "trim_end": 1}},
        {"segments_data": {"trim_range": [0.5, 1]}},
    ),
    "forms of speeds": (
        {"segments_data": {"boundaries": [0.5], "segment_speeds": {"1": 2}}},
        {"segments_data": {"segments": [{"start": 0.5, "end": 1.5, "speed": 2}]}},
    ),
    "defaults": ({}, {"rotation": 0, "crop_keyframes": [], "segments_data": None}),
    "hardly any rotation": ({}, {"rotation": 1e-9}),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_requests_that_mean_the_same_are_rendered_once(
    one: dict[str, Any], other: dict[str, Any], sources: FolderContext
):
    plans = [planned(sources, LONE | clip)["clips"][0]["canonical"] for clip in (one, other)]
    assert plans[0] == plans[1]


OTHER: dict[str, dict[str, Any]] = {
    "rotation": {"clips": [LONE | {"rotation": 2}]},
    "crop": {"clips": [LONE | {"crop_keyframes": KEYS}]},
    "start": {"clips": [LONE | {"source_start_time": 0.5}]},
    "trim": {"clips": [LONE | {"segments_data": {"trim_end": 1}}]},
    "speed": {"clips": [LONE | {"segments_data": {"segment_speeds": {"0": 2}}}]},
    "fit": {"clips": [LONE | {"fit": "contain"}]},
    "motion": {"clips": [LONE | {"motion": "blend"}]},
    "width": {"output_width": 92},
    "height": {"output_height": 162},
    "rate": {"fps": 29.97},
    "quality": {"quality": "draft"},
    "sound": {"include_audio": False},
    "colour": {"pad_color": "#ffffff"},
    "neighbours": {"clips": [LONE, LONE], "transition": {"type": "fade"}},
}


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER.keys())
def test_whatever_changes_pixels_or_sound_changes_the_canonical_form(change: dict[str, Any], sources: FolderContext):
    plans = [planned(sources, **{"clips": [LONE]} | request)["clips"][0]["canonical"] for request in ({}, change)]
    assert plans[0] != plans[1]


def test_the_request_of_a_clip_plans_to_the_same_canonical_form(sources: FolderContext):
    clip = LONE | {"crop_keyframes": KEYS, "segments_data": {"boundaries": [0.5], "segment_speeds": {"1": 2}}}
    plan = planned(sources, clip)["clips"][0]
    again = {name: value for name, value in plan["request"].items() if name not in ("head_frames", "tail_frames")}
    shared = {name: again.pop(name) for name in ("output_width", "output_height", "fps", "quality", "include_audio")}
    own = ("crop_keyframes", "segments_data", "rotation", "source_start_time", "fit", "interpolation", "motion")
    assert planned(sources, LONE | {name: again[name] for name in own}, **shared)["clips"][0] == plan


def test_warnings_are_known_before_rendering(sources: FolderContext):
    outside = {"crop_keyframes": [{"time": 0} | BOX | {"x": 300}]}
    assert [warning["code"] for warning in planned(sources, LONE | outside)["clips"][0]["warnings"]] == ["crop_clamped"]
