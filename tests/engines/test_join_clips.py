from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts import FolderContext
from tests.workflows.clips import SOURCE, VIEW, item, numbered, packets, read_frame_number

from clipmill.engines.coded import coding_as
from clipmill.engines.encoders import VideoFormat
from clipmill.engines.items import read_note
from clipmill.engines.join_clips import FinishedClip, ItemClip, whole
from clipmill.engines.probe import probe, require_video
from clipmill.errors import CorruptMediaError
from clipmill.media.framing import ClipPlan
from clipmill.media.geometry import Fit, Size

FRAMES = 45
RUNS = [(0, 45), (0, 1), (44, 45), (10, 20), (14, 16), (29, 31), (3, 42)]


@pytest.fixture
def rendered(world: FolderContext) -> Callable[..., ItemClip]:
    """A clip of 45 frames rendered for joining."""

    def made(head: int = 0, tail: int = 0, **request: Any) -> ItemClip:
        numbered(world.folder / "source.mp4", frames=FRAMES)
        path = item(world, "source.mp4", "item.mp4", head, tail, **request)
        note = read_note(path)
        assert note is not None
        return ItemClip(path, note, probe(path).audio, channels=2, copies=True)

    return made


def finished(path: Path, size: Size | None = None) -> FinishedClip:
    """A file as it came, at its own rate."""
    info = probe(path)
    video = require_video(info)
    plan = ClipPlan(
        Fraction(0), whole(video.duration), video.displayed, size or video.displayed, video.rate, fit=Fit.CONTAIN
    )
    coding = coding_as(path, video, VideoFormat(video.displayed, video.rate))
    return FinishedClip(path, info, video, plan, channels=2, coding=coding, threads=1)


def numbers(clip: ItemClip, first: int, last: int) -> list[int]:
    return [read_frame_number(_luma(frame), SOURCE, VIEW) for frame in clip.pictures(first, last)]


def _luma(frame: Any) -> np.ndarray:
    return frame.to_ndarray()[: frame.height]


@pytest.mark.parametrize("quality", ["draft", "standard"])
@pytest.mark.parametrize("ends", [(0, 0), (15, 0), (0, 15), (15, 15), (20, 25), (45, 0)])
def test_an_item_gives_any_run_of_its_frames(ends: tuple[int, int], quality: str, rendered: Any):
    clip = rendered(*ends, quality=quality)
    assert [numbers(clip, *run) for run in RUNS] == [list(range(*run)) for run in RUNS]


@pytest.mark.parametrize("asked", [(15, 30), (0, 45), (10, 40)])
def test_the_body_of_an_item_can_be_copied_where_it_is_wanted_whole(asked: tuple[int, int], rendered: Any):
    assert rendered(15, 15).copyable(*asked) == (15, 30)


@pytest.mark.parametrize("asked", [(16, 30), (15, 29), (0, 15), (30, 45)])
def test_a_part_of_a_body_cannot_be_copied(asked: tuple[int, int], rendered: Any):
    first, last = rendered(15, 15).copyable(*asked)
    assert first == last == asked[1]


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
def test_the_packets_of_a_body_carry_every_frame_of_it_once(quality: str, rendered: Any):
    clip = rendered(15, 15, quality=quality)
    found = [(number, bytes(packet)) for number, packet in clip.packets(15, 30)]
    assert sorted(number for number, _ in found) == list(range(15, 30))
    assert [data for _, data in found] == [bytes(packet) for packet in packets(clip.media, 1)]


def test_a_silent_item_has_no_sound(rendered: Any):
    assert replace(rendered(), audio=None).sound() is None
    assert replace(rendered(), channels=None).sound() is None


def test_the_sound_of_an_item_lasts_as_long_as_its_picture(rendered: Any):
    sound = np.concatenate(list(rendered(15, 15, fps=29.97).sound()), axis=1)
    assert sound.shape == (2, round(45 * 48000 * 1001 / 30000))


def test_an_item_with_a_lost_frame_is_an_error_and_no_shorter_reel(rendered: Any):
    clip = rendered(15, 15)
    note = replace(clip.note, frames=clip.note.frames + 1)
    with pytest.raises(CorruptMediaError, match="render it once more"):
        list(replace(clip, note=note).pictures(30, 46))


def closed_starts(clip: FinishedClip) -> list[int]:
    """Where copying may begin, found by asking for every first frame."""
    starts = {clip.copyable(first, clip.frames)[0] for first in range(clip.frames)}
    return sorted(starts - {clip.frames})


@pytest.mark.parametrize(("b_frames", "until"), [(0, 44), (2, 43)])
def test_a_finished_clip_can_be_copied_from_every_closed_group_to_any_closed_prefix(
    b_frames: int, until: int, tmp_path: Path
):
    clip = finished(numbered(tmp_path / "a.mp4", frames=50, gop=15, b_frames=b_frames))
    assert closed_starts(clip) == [0, 15, 30, 45]
    assert clip.copyable(0, 50) == (0, 50)
    assert clip.copyable(1, 50) == (15, 50)
    assert clip.copyable(10, 44) == (15, until)


def test_a_run_within_one_group_cannot_be_copied(tmp_path: Path):
    clip = finished(numbered(tmp_path / "a.mp4", frames=50, gop=15))
    assert clip.copyable(16, 29) == (29, 29)


def test_a_group_that_shows_frames_of_the_one_before_it_is_not_closed(tmp_path: Path):
    clip = finished(numbered(tmp_path / "a.mp4", frames=60, gop=15, b_frames=2, open_gop=True))
    keys = [round(packet.pts * packet.time_base * 30) for packet in packets(tmp_path / "a.mp4") if packet.is_keyframe]
    assert len(keys) > 1
    assert closed_starts(clip) == [0]


def test_frames_that_stand_off_the_constant_rate_are_not_copied(videos: Callable[[str], Path]):
    clip = finished(videos("vfr"))
    assert clip.copyable(0, clip.frames) == (clip.frames, clip.frames)


@pytest.mark.parametrize("run", [(0, 60), (15, 60), (15, 45), (30, 45)])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_the_packets_of_a_run_carry_its_frames_and_no_others(b_frames: int, run: tuple[int, int], tmp_path: Path):
    clip = finished(numbered(tmp_path / "a.mp4", frames=60, gop=15, b_frames=b_frames))
    assert sorted(number for number, _ in clip.packets(*run)) == list(range(*run))


def test_packets_are_found_in_a_file_that_starts_late(tmp_path: Path):
    path = numbered(tmp_path / "a.mp4", frames=60, gop=15, b_frames=2, start=Fraction(3, 2))
    clip = finished(path)
    assert clip.copyable(3, 60) == (15, 60)
    assert sorted(number for number, _ in clip.packets(15, 60)) == list(range(15, 60))


@pytest.mark.parametrize(("b_frames", "ahead"), [(0, 0), (1, 1), (3, 2)])
def test_a_clip_tells_how_far_its_decoding_runs_ahead(b_frames: int, ahead: int, tmp_path: Path):
    clip = finished(numbered(tmp_path / "a.mp4", b_frames=b_frames))
    assert clip.reordering == ahead
    assert replace(clip, coding=None).reordering == 0


def test_the_pictures_of_a_finished_clip_are_fitted_into_the_output(tmp_path: Path):
    clip = finished(numbered(tmp_path / "a.mp4", first=7), Size(320, 320))
    frames = list(clip.pictures(3, 6))
    assert [(frame.width, frame.height) for frame in frames] == [(320, 320)] * 3
    lumas = [_luma(frame) for frame in frames]
    assert [read_frame_number(luma[70:250], SOURCE) for luma in lumas] == [10, 11, 12]
    assert {int(level) for luma in lumas for level in np.unique(np.concatenate([luma[:69], luma[251:]]))} == {16}
