from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.contexts import FolderContext
from tests.workflows.clips import REEL, numbered, seen

from clipmill.engines.items import Ends, ItemNote, read_note
from clipmill.engines.probe import probe, require_video
from clipmill.errors import InvalidRequestError, InvalidSizeError, TransitionTooLongError
from clipmill.function.stages import Stage
from clipmill.functions.multi_clip_item import process_multi_clip_item
from clipmill.media.geometry import Size

KEYS = {"input_key": "source.mp4", "output_key": "item.mp4"}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered(tmp_path_factory.mktemp("sources") / "source.mp4", first=500, frames=45)


@pytest.fixture
def source(world: FolderContext, drawn: Path) -> FolderContext:
    """A world with one source of 45 frames."""
    world.put(drawn)
    return world


def rendered(world: FolderContext, **request: Any) -> Any:
    return process_multi_clip_item(KEYS | REEL | request, world)


def test_the_required_parameters_alone_give_a_vertical_clip_with_sound(source: FolderContext):
    result = process_multi_clip_item(KEYS, source)
    assert (result.width, result.height, result.frames, result.fps) == (1080, 1920, 45, "30/1")
    assert (result.audio, result.encoder, result.duration) == ("encoded", "x264", 1.5)


def test_an_item_without_ends_is_a_deliverable_of_its_own(source: FolderContext):
    rendered(source)
    path = source.folder / "item.mp4"
    assert read_note(path) is None
    assert seen(path) == list(range(500, 545))


@pytest.mark.parametrize("ends", [(0, 0), (5, 0), (0, 5), (5, 5), (45, 0), (22, 23)])
def test_a_joinable_item_tells_of_all_its_frames(ends: tuple[int, int], source: FolderContext):
    result = rendered(source, joinable=True, head_frames=ends[0], tail_frames=ends[1])
    assert read_note(source.folder / "item.mp4") == ItemNote(45, Fraction(30), Ends(*ends))
    assert (result.frames, result.duration) == (45, 1.5)


def test_an_intermediate_is_one_lossless_track(source: FolderContext):
    result = rendered(source, intermediate=True)
    video = require_video(probe(source.folder / "item.mp4"))
    assert (result.frames, video.frames, video.displayed) == (45, 45, Size(90, 160))
    assert seen(source.folder / "item.mp4") == list(range(500, 545))


def test_the_window_the_trim_and_the_speed_of_a_clip_are_used(source: FolderContext):
    segments = {"trim_range": {"start": 0.1, "end": 0.9}, "segments": [{"start": 0.1, "end": 0.5, "speed": 0.5}]}
    result = rendered(source, source_start_time=0.2, segments_data=segments)
    numbers = seen(source.folder / "item.mp4")
    assert result.frames == 36
    assert numbers[:6] == [509, 509, 510, 510, 511, 511]
    assert numbers[-2:] == [531, 532]


@pytest.mark.parametrize("include_audio", [True, False])
def test_sound_is_there_unless_it_is_left_out(include_audio: bool, source: FolderContext):
    result = rendered(source, include_audio=include_audio, joinable=True, tail_frames=5)
    assert result.audio == ("encoded" if include_audio else "none")
    assert (probe(source.folder / "item.mp4").audio is not None) == include_audio


def test_names_of_the_first_editors_are_understood(source: FolderContext):
    request = {"inputVideoKey": "source.mp4", "outputKey": "item.mp4", "targetWidth": 90, "targetHeight": 160}
    result = process_multi_clip_item(request | {"targetFps": 25, "quality": "draft", "clipIndex": 3}, source)
    assert (result.width, result.height, result.fps) == (90, 160, "25/1")


@pytest.mark.parametrize("ends", [(46, 0), (0, 46), (23, 23)])
def test_ends_longer_than_the_clip_are_refused_before_rendering(ends: tuple[int, int], source: FolderContext):
    with pytest.raises(TransitionTooLongError, match="clip 2 lasts 45 frames") as raised:
        rendered(source, clip_index=2, head_frames=ends[0], tail_frames=ends[1])
    assert raised.value.details == {"clip": 2}
    assert not source.published
    assert Stage.PROCESSING not in {stage for _, _, stage in source.reports}


def test_a_negative_number_of_end_frames_is_refused(source: FolderContext):
    with pytest.raises(InvalidRequestError, match=r"tail_frames: .*expected a number of frames from 0, got -1"):
        rendered(source, tail_frames=-1)


@pytest.mark.parametrize("side", [14, 91, 7682])
def test_an_output_size_that_no_video_has_is_refused(side: int, source: FolderContext):
    with pytest.raises(InvalidSizeError):
        rendered(source, output_width=side)


def test_a_misspelt_field_is_refused_with_the_nearest_name(source: FolderContext):
    with pytest.raises(InvalidRequestError, match="did you mean joinable"):
        rendered(source, joinabel=True)


def test_progress_goes_through_its_stages_frame_by_frame(source: FolderContext):
    rendered(source, joinable=True, head_frames=5, tail_frames=5)
    stages = [stage for _, _, stage in source.reports]
    assert list(dict.fromkeys(stages)) == [Stage.PREPARING, Stage.PROCESSING, Stage.ENCODING]
    frames = [(done, total) for done, total, stage in source.reports if stage is Stage.PROCESSING]
    assert frames == [(number, 45) for number in range(1, 46)]
    assert all(later > earlier for earlier, later in pairwise(frames))


def test_only_the_output_is_left_behind(source: FolderContext):
    rendered(source, joinable=True, tail_frames=5)
    assert source.published == ["item.mp4"]
    assert source.left_behind == []


def test_the_plan_tells_what_will_be_rendered(source: FolderContext):
    request = KEYS | REEL | {"fps": 25, "source_start_time": 0.3, "joinable": True, "tail_frames": 5}
    plan = process_multi_clip_item.plan(process_multi_clip_item.parse(request), source)
    result = process_multi_clip_item(request, source)
    assert (plan["frames"], plan["duration"]) == (result.frames, result.duration) == (30, 1.2)
    assert (plan["lossless_head"], plan["lossless_tail"]) == (0, 5)
