"""A look at the joints finds what is wrong there, and nothing where nothing is."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from tests.engines.damage import damaged
from tests.engines.drawing import picture_of
from tests.engines.sabotage import stored_packets, with_times_swapped, without, without_content

from clipmill.engines.joints import fault_at_joints

Structures = Callable[[str], Path]
TICK = Fraction(1, 25)
NUMBERS = range(60)


def fault(path: Path, *joints: int, expected: range = NUMBERS) -> str | None:
    return fault_at_joints(path, joints, expected, TICK)


@pytest.mark.parametrize("name", ["closed", "deep_b_frames", "intra_only", "many_references", "no_b_frames"])
def test_a_whole_file_has_no_fault_wherever_one_looks(name: str, structures: Structures):
    assert fault(structures(name), 1, 7, 12, 13, 35, 48, 59) is None


def test_without_joints_only_the_frames_are_counted(structures: Structures):
    assert fault(structures("closed")) is None
    assert fault(structures("closed"), expected=range(61)) == "the file holds 60 frames, 61 were due"


def test_a_frame_too_few_is_a_fault(structures: Structures, tmp_path: Path):
    path = without(structures("no_b_frames"), tmp_path / "short.mp4", 23)
    assert fault(path, 24) == "the file holds 59 frames, 60 were due"


def test_a_frame_at_another_time_is_a_fault(structures: Structures):
    late = [*range(24), *range(25, 61)]
    assert fault_at_joints(structures("closed"), [24], late, TICK) == "a frame is shown at 12288 where 12800 was due"


def exchangeable(path: Path, first: int) -> tuple[int, int]:
    """Two neighbours from a packet on, each of which is shown after the other was decoded."""
    pairs = enumerate(pairwise(stored_packets(path)))
    return next((n, n + 1) for n, (one, other) in pairs if n >= first and one.dts < one.pts >= other.dts <= other.pts)


def test_frames_in_another_order_are_a_fault(structures: Structures, tmp_path: Path):
    source = structures("deep_b_frames")
    path = with_times_swapped(source, tmp_path / "swapped.mp4", *exchangeable(source, 20))
    assert fault(path, 20)


def test_a_fault_far_from_every_joint_is_nobodys(structures: Structures, tmp_path: Path):
    source = structures("deep_b_frames")
    path = with_times_swapped(source, tmp_path / "swapped.mp4", *exchangeable(source, 50))
    assert fault(path, 20) is None


@pytest.mark.parametrize("number", [22, 23, 24, 26])
def test_a_packet_that_no_decoder_takes_is_a_fault(number: int, structures: Structures, tmp_path: Path):
    path = without_content(structures("no_b_frames"), tmp_path / "empty.mp4", number)
    assert fault(path, 24) == "a frame cannot be decoded"


@pytest.mark.parametrize("number", [23, 24, 25])
def test_a_frame_that_cannot_be_decoded_is_a_fault(number: int, structures: Structures, tmp_path: Path):
    path = damaged(structures("no_b_frames"), tmp_path / "damaged.mp4", [number], kept=0)
    assert fault(path, 24)


def test_frames_that_are_missing_at_the_end_are_a_fault(structures: Structures, tmp_path: Path):
    path = damaged(structures("no_b_frames"), tmp_path / "damaged.mp4", range(54, 60), kept=0)
    assert fault(path, 50)


def test_a_clock_finer_than_the_plan_s_is_read_as_well(structures: Structures):
    path = structures("ticks_of_12800")
    assert picture_of(path).tick == Fraction(1, 12_800)
    assert fault(path, 12, 24) is None
    assert fault_at_joints(path, [12 * 512], range(0, 60 * 512, 512), Fraction(1, 12_800)) is None


def test_variable_times_are_compared_tick_by_tick(structures: Structures):
    path = structures("variable_rate")
    times = sorted(stored.pts for stored in stored_packets(path))
    moved = [*times[:9], times[9] + 1, *times[10:]]
    tick, joints = picture_of(path).tick, [times[8], times[9], times[17]]
    assert fault_at_joints(path, joints, times, tick) is None
    assert fault_at_joints(path, joints, moved, tick)
