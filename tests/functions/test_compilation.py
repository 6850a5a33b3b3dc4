"""A compilation: its clips in a row, their chapters, their banners, its size and rate."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.contexts import FolderContext
from tests.engines.sabotage import stored_packets
from tests.media_factory import Box, Recipe, Sound, frame_numbers, make_video, read_sound
from tests.media_reading import pictures
from tests.media_recipes import NTSC

from clipmill.functions.compilation import usual_size
from clipmill.functions.extract import extract_clips
from clipmill.media.geometry import Size

NAME = "a=b;c#d \"quoted\" 'too' 100% 🎉"


def video(folder: Path, name: str, first: int = 0, **changes: Any) -> Path:
    values: dict[str, Any] = {"size": (320, 180), "frames": 60, "first_number": first, "gop": 15}
    return make_video(folder / name, Recipe(**(values | changes)))


def made(world: FolderContext, sources: list[Path], *clips: dict[str, Any], **more: Any) -> dict[str, Any]:
    keys = {str(number): world.put(path) for number, path in enumerate(sources, 1)}
    request = {"input_keys": keys, "outputs": ["compilation"], "output_key": "all.mp4", "clips": list(clips)}
    return extract_clips(request | {"quality": "draft", "encoder": "x264", "banner": False} | more, world).to_json()


def clip(start: float, end: float, source: int = 1, **more: Any) -> dict[str, Any]:
    return {"start_time": start, "end_time": end, "video_sequence": source} | more


def lumas(world: FolderContext) -> list[np.ndarray]:
    return [picture.luma for picture in pictures(world.folder / "all.mp4")]


def test_clips_follow_each_other_in_the_order_of_the_list(world: FolderContext, tmp_path: Path):
    sources = [video(tmp_path, "a.mp4"), video(tmp_path, "b.mp4", 500)]
    told = made(world, sources, clip(1, 1.5, 2), clip(0, 0.5), clip(0.2, 0.4, 2))
    assert frame_numbers(world.folder / "all.mp4") == [*range(530, 545), *range(15), *range(506, 512)]
    assert (told["frames"], told["fps"], told["clips"]) == (36, "30/1", [])
    assert (world.published, world.left_behind) == (["all.mp4"], [])


def test_a_title_reads_back_as_the_clip_is_called(world: FolderContext, tmp_path: Path):
    moments = [
        clip(0, 0.5, name=NAME),
        clip(0.5, 1, name="Corner no. 3"),
        clip(1, 1.5, rating=4, tags=["Pass", "Goal"]),
        clip(1.5, 2, name="two\n lines"),
    ]
    told = made(world, [video(tmp_path, "a.mp4")], *moments)
    with av.open(str(world.folder / "all.mp4")) as container:
        read = [mark["metadata"]["title"] for mark in container.chapters()]
    assert read == [NAME, "Corner no. 3", "Good Pass and Goal", "two lines"]
    assert [(mark["title"], mark["start"]) for mark in told["chapters"]] == list(
        zip(read, [0, 0.5, 1, 1.5], strict=True)
    )


@pytest.mark.parametrize(("more", "count"), [({"chapters": False}, 0), ({}, 2)])
def test_chapters_are_written_unless_they_are_not_wanted(
    more: dict[str, Any], count: int, world: FolderContext, tmp_path: Path
):
    told = made(world, [video(tmp_path, "a.mp4")], clip(0, 0.5), clip(1, 1.5), **more)
    assert len(told["chapters"]) == count


def test_a_banner_stands_over_every_frame_of_its_clip(world: FolderContext, tmp_path: Path):
    moments = [clip(0, 0.5, rating=1, name="Lost"), clip(0.5, 1, rating=5, notes="won")]
    told = made(world, [video(tmp_path, "a.mp4")], *moments, banner=True, quality="high")
    assert told["copied_ranges"] == []
    shown = list(pictures(world.folder / "all.mp4"))
    # Inside the box, right of every word; scale 0.5: from (32, 5), 256 wide.
    assert all(picture.luma[8:14, 270:284].min() > 215 for picture in shown)
    # The ground around the box has the rating's colour: red, then green.
    reds = [float(picture.planes[2][3:20, 15].mean()) for picture in shown]
    assert min(reds[:15]) > 150 > max(reds[15:])


@pytest.mark.parametrize("name", ["100% of it: a\\b", "%{localtime}", "[v]; drawtext=text='x'", "\u202eabc 🎉"])
def test_a_banner_is_drawn_literally_whatever_it_says(name: str, world: FolderContext, tmp_path: Path):
    source = video(tmp_path, "a.mp4", frames=6, sound=None)
    made(world, [source], clip(0, 0.1, name=name), banner=True)
    said = lumas(world)[0][8:40, 40:280]
    made(world, [source], clip(0, 0.1, name="other"), banner=True)
    assert np.abs(said.astype(int) - lumas(world)[0][8:40, 40:280]).mean() > 1


def test_clips_without_banner_are_copied_where_they_can_be(world: FolderContext, tmp_path: Path):
    source = video(tmp_path, "a.mp4")
    told = made(world, [source], clip(0.5, 1.5), clip(0.2, 1))
    assert told["copied_ranges"][0] == [0, 1]
    copied = {stored.data for stored in stored_packets(source)}
    assert sum(stored.data in copied for stored in stored_packets(world.folder / "all.mp4")) >= 40
    assert frame_numbers(world.folder / "all.mp4") == [*range(15, 45), *range(6, 30)]


def test_the_usual_size_is_the_most_frequent_one_and_of_several_the_largest():
    small, large, odd = Size(320, 180), Size(640, 360), Size(319, 180)
    assert usual_size([large, small, small]) == small
    assert usual_size([small, large]) == large
    assert usual_size([large, small, odd]) == small


def test_clips_of_another_size_are_fitted_into_the_usual_one(world: FolderContext, tmp_path: Path):
    sources = [video(tmp_path, "a.mp4"), video(tmp_path, "tall.mp4", 500, size=(180, 320))]
    told = made(world, sources, clip(0, 0.5), clip(1, 1.5), clip(0, 0.5, 2), quality="standard")
    assert (told["width"], told["height"]) == (320, 180)
    last = list(pictures(world.folder / "all.mp4"))[-1]
    assert int(last.luma[:, :100].max()) <= 20
    assert float(last.luma[:, 120:200].mean()) > 60


def test_size_and_rate_can_be_asked_for(world: FolderContext, tmp_path: Path):
    told = made(world, [video(tmp_path, "a.mp4")], clip(0, 1), output_width=160, output_height=90, fps=15)
    assert (told["width"], told["height"], told["fps"], told["frames"]) == (160, 90, "15/1", 15)
    assert frame_numbers(world.folder / "all.mp4", (320, 180), Box(0, 0, 320, 180)) == list(range(0, 30, 2))


def test_the_rate_is_that_of_the_first_clips_source(world: FolderContext, tmp_path: Path):
    sources = [video(tmp_path, "a.mp4"), video(tmp_path, "b.mp4", rate=NTSC)]
    told = made(world, sources, clip(0, 0.5, 2), clip(0, 0.5, 1))
    assert told["fps"] == "30000/1001"


def test_the_sound_of_others_stays_where_one_is_silent(world: FolderContext, tmp_path: Path):
    sources = [video(tmp_path, "a.mp4", sound=Sound(channels=1)), video(tmp_path, "b.mp4", sound=None)]
    made(world, sources, clip(0, 0.5), clip(0, 0.5, 2), clip(0.5, 1))
    wave = np.abs(read_sound(world.folder / "all.mp4").channels.mean(axis=0))
    parts = [
        float(wave[round(start * 48000) : round(end * 48000)].mean())
        for start, end in ((0.1, 0.4), (0.6, 0.9), (1.1, 1.4))
    ]
    assert parts[0] > 0.2
    assert parts[1] < 0.01
    assert parts[2] > 0.2


@pytest.mark.parametrize(("kind", "frames"), [("fade", 45), ("dissolve", 33)])
def test_transitions_count_in_frames(kind: str, frames: int, world: FolderContext, tmp_path: Path):
    moments = [clip(0, 0.5), clip(1, 2)]
    transition = {"type": kind, "duration": 0.4}
    told = made(world, [video(tmp_path, "a.mp4")], *moments, transition=transition)
    assert told["frames"] == frames == len(lumas(world))
    # A chapter of a dissolve begins with the dissolve.
    assert told["chapters"][1]["start"] == pytest.approx(0.5 if kind == "fade" else 0.1, abs=0.001)


def test_without_sound_asked_for_there_is_none(world: FolderContext, tmp_path: Path):
    told = made(world, [video(tmp_path, "a.mp4")], clip(0, 0.5), clip(1, 1.5), include_audio=False)
    assert told["audio"] == "none"
