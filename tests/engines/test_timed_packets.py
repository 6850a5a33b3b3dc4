"""Packets found by time are those that the whole file has, wherever one begins."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.damage import cut_off
from tests.engines.drawing import picture_of
from tests.engines.sabotage import Stored, stored_packets
from tests.media.laws import LAW
from tests.media_factory import Recipe, make_video

from clipmill.engines.source import open_container
from clipmill.engines.timed_packets import TimedPackets

NAMES = ("closed", "open", "deep_b_frames", "variable_rate", "mkv", "fragmented", "negative_offsets", "late_start")
Structures = Callable[[str], Path]


@contextmanager
def opened(path: Path) -> Generator[TimedPackets]:
    with open_container(path) as container:
        yield TimedPackets(container, picture_of(path).index)


def shown_by_hand(packets: list[Stored], start: int, end: int) -> list[int]:
    return sorted(stored.pts for stored in packets if start <= stored.pts < end)


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_found_in_any_range_in_the_order_they_are_shown(name: str, structures: Structures):
    path = structures(name)
    packets = stored_packets(path)
    last = max(stored.pts for stored in packets)

    with opened(path) as found:

        @LAW
        @given(st.integers(-last // 5, last * 6 // 5), st.integers(0, last))
        def law(start: int, lasting: int) -> None:
            assert list(found.shown(start, start + lasting)) == shown_by_hand(packets, start, start + lasting)
            assert found.last_shown(start) == max(
                (stored.pts for stored in packets if stored.pts <= start), default=None
            )

        law()


@pytest.mark.parametrize("name", NAMES)
def test_packets_come_from_a_key_frame_before_the_asked_time_in_decoding_order(name: str, structures: Structures):
    path = structures(name)
    packets = stored_packets(path)
    with opened(path) as found:
        for tick in sorted(stored.pts for stored in packets)[::7]:
            run = list(found.starting(tick))
            assert run[0].is_key
            assert run[0].pts <= tick
            assert [timed.pts for timed in run] == [stored.pts for stored in packets[-len(run) :]]


@pytest.mark.parametrize("name", NAMES)
def test_no_later_packet_is_shown_before_a_decoding_time(name: str, structures: Structures):
    with opened(structures(name)) as found:
        run = list(found.starting(0))
    assert all(later.pts >= timed.dts for place, timed in enumerate(run) for later in run[place:])


def test_before_the_first_picture_the_first_packet_begins(structures: Structures):
    path = structures("late_start")
    with opened(path) as found:
        assert next(found.starting(0)).pts == stored_packets(path)[0].pts > 0
        assert found.last_shown(0) is None


def test_what_an_edit_list_hides_is_not_shown(structures: Structures):
    path = structures("pre_roll")
    video = picture_of(path)
    with opened(path) as found:
        first = round(video.start / found.tick)
        assert next(found.shown(-(10**6), 10**6)) == first
        assert found.last_shown(first - 1) is None
        assert len(list(found.shown(first, 10**9))) == 60


def test_a_long_pause_is_bridged(tmp_path: Path):
    pts = (Fraction(0), Fraction(1, 25), Fraction(2, 25), Fraction(20), Fraction(501, 25))
    path = make_video(tmp_path / "paused.mp4", Recipe(size=(160, 90), pts=pts, sound=None, b_frames=2))
    with opened(path) as found:
        for asked in (Fraction(3, 25), Fraction(5), Fraction(19)):
            assert found.last_shown(round(asked / found.tick)) * found.tick == Fraction(2, 25)


def test_a_file_that_is_cut_off_ends_where_it_is_cut(structures: Structures, tmp_path: Path):
    path = structures("no_b_frames")
    short = cut_off(path, tmp_path / "short.mp4", 0.6)
    with opened(short) as found:
        times = list(found.shown(0, 10**9))
    assert 0 < len(times) < 60
    assert times == [stored.pts for stored in stored_packets(path)[: len(times)]]


def test_only_the_packets_around_a_place_are_read(tmp_path: Path):
    path = make_video(tmp_path / "long.mp4", Recipe(size=(160, 90), frames=900, sound=None, gop=30))
    with opened(path) as found:
        tick = round(20 / found.tick)
        run = found.starting(tick)
        assert next(run).pts == tick
