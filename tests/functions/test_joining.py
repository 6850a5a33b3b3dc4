"""Whose packets stand side by side in a join, and what becomes of copies that do not hold."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.contexts import FolderContext
from tests.engines.sabotage import without_content
from tests.media_factory import frame_numbers

from clipmill.engines.coded import Coding
from clipmill.engines.encoders import VideoFormat
from clipmill.functions.concatenate import concatenate_clips
from clipmill.functions.joining import Packets, join_warnings, shared_packets
from clipmill.functions.planning import Source, open_source
from clipmill.media.choices import Quality
from clipmill.media.geometry import Size

Structures = Callable[[str], Path]
ENCODING = VideoFormat(Size(160, 96), Fraction(25), Quality.DRAFT, threads=1)


def sources_of(world: FolderContext, structures: Structures, *names: str) -> list[Source]:
    return [open_source(world, world.put(structures(name))) for name in names]


def shared(sources: list[Source], frames: list[int] | None = None) -> Packets:
    return shared_packets(sources, [None] * len(sources), frames or [60] * len(sources), ENCODING)


def copied(packets: Packets) -> list[bool]:
    return [isinstance(coding, Coding) for coding in packets.codings]


def test_clips_that_are_coded_alike_are_all_copied(world: FolderContext, structures: Structures):
    packets = shared(sources_of(world, structures, "no_b_frames", "no_b_frames"))
    assert copied(packets) == [True, True]
    assert packets.encoding.beside
    assert packets.encoding.brief
    assert packets.headers


@pytest.mark.parametrize(
    ("names", "frames", "expected"),
    [
        (("no_b_frames", "main", "main"), [60, 60, 60], [False, True, True]),
        (("no_b_frames", "main", "main"), [90, 40, 40], [True, False, False]),
        (("x265_closed", "no_b_frames", "bt601"), [60, 60, 60], [False, True, False]),
        (("rate_50", "variable_rate"), [60, 60], [False, False]),
    ],
)
def test_of_clips_coded_differently_the_group_with_the_most_frames_is_copied(
    names: tuple[str, ...], frames: list[int], expected: list[bool], world: FolderContext, structures: Structures
):
    packets = shared(sources_of(world, structures, *names), frames)
    assert copied(packets) == expected
    assert packets.foreign is any(expected)
    assert not packets.encoding.brief


def test_without_copies_nothing_stands_beside_anything(world: FolderContext, structures: Structures):
    packets = shared(sources_of(world, structures, "x265_closed"))
    assert (packets.encoding, packets.headers, packets.foreign) == (ENCODING, None, False)


def test_giving_up_copies_of_strangers_leaves_none(world: FolderContext, structures: Structures):
    packets = shared(sources_of(world, structures, "no_b_frames", "no_b_frames")).without_foreign(ENCODING)
    assert packets == Packets((None, None), ENCODING)


def joined(world: FolderContext, *sources: Path, **more: Any) -> dict[str, Any]:
    keys = [world.put(path) for path in sources]
    request = {"clip_keys": keys, "output_key": "joined.mp4", "quality": "draft", "encoder": "x264"}
    return concatenate_clips(request | more, world).to_json()


def test_copies_that_hold_are_told_and_need_no_warning(world: FolderContext, structures: Structures):
    told = joined(world, structures("no_b_frames"), structures("no_b_frames"), include_audio=False)
    assert told["copied_ranges"]
    assert "smart_render_fallback" not in [warning["code"] for warning in told["warnings"]]
    assert frame_numbers(world.folder / "joined.mp4") == [*range(60), *range(60)]


@pytest.mark.parametrize("fault", ["parameters", "content"])
def test_where_copies_do_not_hold_all_is_encoded_and_told(
    fault: str, world: FolderContext, structures: Structures, tmp_path: Path
):
    """Parameters that change on the way, or a picture beside a joint that no decoder takes."""
    if fault == "parameters":
        first = structures("two_parameter_sets")
        second, expected = structures("two_sample_entries"), [*range(60), *range(60)]
    else:
        first = without_content(structures("intra_only"), tmp_path / "hurt.mp4", 59)
        second, expected = structures("intra_only"), [*range(59), 58, *range(60)]
    told = joined(
        world,
        first,
        second,
        include_audio=False,
        transition_type="fade" if fault == "content" else "cut",
        transition_duration=0,
    )
    warnings = [warning["code"] for warning in told["warnings"]]
    assert "smart_render_fallback" in warnings
    assert told["copied_ranges"] == []
    assert frame_numbers(world.folder / "joined.mp4") == expected
    assert world.left_behind == []


def test_a_join_without_a_fault_has_nothing_to_say():
    assert join_warnings(None) == []
    (warning,) = join_warnings("a frame is shown twice")
    assert warning.code == "smart_render_fallback"
    assert "a frame is shown twice" in warning.message
