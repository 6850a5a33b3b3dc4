"""One patch: stretches of copied and drawn pictures in one file, and what it leaves behind where that fails."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from tests.engines.damage import damaged
from tests.engines.drawing import picture_of
from tests.engines.sabotage import with_picture_set
from tests.media_factory import frame_numbers
from tests.media_reading import pictures

from clipmill.engines.coded import NotCopyableError
from clipmill.engines.encoders import VideoFormat
from clipmill.engines.painted import painted_as_they_lie
from clipmill.engines.patch import Patch, PatchSound, PatchWriter, each
from clipmill.engines.picture_times import PictureTimes
from clipmill.engines.planes import Orientation
from clipmill.engines.smart import SmartPlan, plan_smart
from clipmill.errors import CorruptMediaError, EncoderFailedError
from clipmill.media.choices import Quality
from clipmill.media.copying import Encoded, Span

Structures = Callable[[str], Path]
CHANGED = [(Fraction(1), Fraction(6, 5))]


def planned(path: Path, changed: Any = CHANGED) -> SmartPlan:
    times = PictureTimes(path, picture_of(path))
    return plan_smart(times, Span(times.first, times.end), changed)


def patch_of(plan: SmartPlan, drawn: list[Fraction] | None = None) -> Patch:
    """The plan's patch, in which every drawn picture is noted and left as it is."""
    video, coding = plan.times.video, plan.coding
    noted = [] if drawn is None else drawn

    def paint(frame: av.VideoFrame, t: Fraction, _orientation: Orientation) -> av.VideoFrame:
        noted.append(t)
        return frame

    encoding = VideoFormat(video.size, video.rate, Quality.DRAFT, threads=1, clock=plan.times.tick)
    if coding:
        encoding = replace(encoding, beside=coding.beside)
    draw = each(painted_as_they_lie(paint, Orientation.of(video)))
    return Patch(plan.times, plan.window, plan.stretches, encoding, draw, coding)


def written(patch: Patch, path: Path, on_frame: Any = lambda _: None) -> PatchWriter:
    writer = PatchWriter(patch, PatchSound(), on_frame)
    writer.write(path)
    return writer


@pytest.mark.parametrize("name", ["closed", "variable_rate", "mkv", "baseline"])
def test_only_the_pictures_of_encoded_stretches_are_drawn(name: str, structures: Structures, tmp_path: Path):
    plan, drawn = planned(structures(name)), list[Fraction]()
    writer = written(patch_of(plan, drawn), tmp_path / "patch.mp4")
    ranges = [(s.start, s.end) for s in plan.stretches if isinstance(s, Encoded)]
    tick, first = plan.times.tick, plan.times.first
    expected = [t for a, b in ranges for t in plan.times.shown(a, b)]
    assert 0 < len(expected) < 40
    assert [round(time / tick) + first for time in drawn] == expected
    assert frame_numbers(tmp_path / "patch.mp4") == list(range(plan.count_frames()))
    assert sorted(writer.shown) == [time - first for time in plan.times.shown(first, plan.times.end)]


def test_progress_counts_every_picture_once(structures: Structures, tmp_path: Path):
    told: list[int] = []
    written(patch_of(planned(structures("closed"))), tmp_path / "patch.mp4", told.append)
    assert told == list(range(1, 61))


def test_both_encoders_parameters_stand_beside_the_pictures(structures: Structures, tmp_path: Path):
    plan = planned(structures("closed"))
    written(patch_of(plan), tmp_path / "patch.mp4")
    with av.open(str(tmp_path / "patch.mp4")) as container:
        headers = bytes(container.streams.video[0].codec_context.extradata)
    assert plan.coding
    assert plan.coding.configuration.sequences[0] in headers
    assert headers[5] & 31 == 2


@pytest.mark.parametrize("name", ["two_parameter_sets", "two_sample_entries"])
def test_a_source_that_changes_its_parameters_leaves_no_file(name: str, structures: Structures, tmp_path: Path):
    with pytest.raises(NotCopyableError, match="parameter sets"):
        written(patch_of(planned(structures(name), [])), tmp_path / "patch.mp4")
    assert list(tmp_path.iterdir()) == []


def test_parameters_that_come_with_a_picture_in_mid_group_are_seen(structures: Structures, tmp_path: Path):
    source = structures("no_b_frames")
    plan = planned(source)
    assert plan.coding
    unit = plan.coding.configuration.pictures[0] + b"\x80"
    changed = with_picture_set(source, tmp_path / "changed.mp4", 40, unit)
    with pytest.raises(NotCopyableError, match="parameter sets"):
        written(patch_of(planned(changed)), tmp_path / "patch.mp4")


def test_an_order_that_runs_further_ahead_than_the_header_says_is_an_error(structures: Structures, tmp_path: Path):
    plan = planned(structures("deep_b_frames"), [])
    assert plan.coding
    lying = replace(plan, coding=replace(plan.coding, beside=replace(plan.coding.beside, reordering=0)))
    with pytest.raises(EncoderFailedError, match="ahead"):
        written(patch_of(lying), tmp_path / "patch.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_cannot_be_drawn_on_is_counted(structures: Structures, tmp_path: Path):
    hurt = damaged(structures("no_b_frames"), tmp_path / "hurt.mp4", [35], kept=0)
    writer = written(patch_of(planned(hurt, [(Fraction(1), Fraction(8, 5))])), tmp_path / "patch.mp4")
    assert writer.concealment.concealed == 1
    assert len(writer.shown) == 60


def test_too_much_damage_leaves_no_file(structures: Structures, tmp_path: Path):
    hurt = damaged(structures("no_b_frames"), tmp_path / "hurt.mp4", range(25, 60), kept=0)
    with pytest.raises(CorruptMediaError, match="in a row"):
        written(patch_of(planned(hurt, [(Fraction(0), Fraction(9))])), tmp_path / "patch.mp4")
    assert not (tmp_path / "patch.mp4").exists()


def test_pictures_keep_their_times_and_the_file_its_duration(structures: Structures, tmp_path: Path):
    source = structures("variable_rate")
    written(patch_of(planned(source)), tmp_path / "patch.mp4")
    kept, expected = ([picture.time for picture in pictures(path)] for path in (tmp_path / "patch.mp4", source))
    assert kept == expected
    assert picture_of(tmp_path / "patch.mp4").duration == picture_of(source).duration
