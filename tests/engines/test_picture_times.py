"""When pictures are shown, asked in any range; windows against times worked out by hand."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.drawing import picture_of
from tests.media.laws import LAW
from tests.media_factory import Recipe, make_video
from tests.media_reading import pictures

from clipmill.engines.picture_times import PictureTimes
from clipmill.media.copying import Span

NAMES = ("closed", "open", "variable_rate", "mkv", "transport_stream", "pre_roll", "late_start", "rate_23_976")
PAUSES = (*(Fraction(n, 25) for n in range(5)), Fraction(4), Fraction(101, 25), Fraction(9))
Structures = Callable[[str], Path]


def times_of(path: Path) -> PictureTimes:
    return PictureTimes(path, picture_of(path))


def by_hand(path: Path) -> list[Fraction]:
    """When a player shows the pictures, from the first one on."""
    shown = [picture.time for picture in pictures(path)]
    return [time - shown[0] for time in shown]


def seconds(times: PictureTimes, ticks: list[int]) -> list[Fraction]:
    return [time * times.tick - times.video.start for time in ticks]


@pytest.mark.parametrize("name", NAMES)
def test_all_pictures_are_shown_when_a_player_shows_them(name: str, structures: Structures):
    times = times_of(structures(name))
    assert seconds(times, list(times.shown(times.first, times.end))) == by_hand(structures(name))


@pytest.mark.parametrize("name", NAMES)
def test_times_by_packets_and_by_decoding_agree(name: str, structures: Structures):
    times = times_of(structures(name))
    half = (times.first + times.end) // 2
    assert list(times._decoded(half, times.end)) == list(times.shown(half, times.end))


def test_nothing_is_shown_before_the_first_picture_or_behind_the_end(structures: Structures):
    times = times_of(structures("pre_roll"))
    assert list(times.shown(-(10**9), 10**9)) == list(times.shown(times.first, times.end))


@pytest.mark.parametrize("name", ["closed", "variable_rate", "mkv", "late_start"])
def test_a_window_holds_the_pictures_of_its_range_and_at_least_one(name: str, structures: Structures):
    path = structures(name)
    check_windows(times_of(path), by_hand(path))


def test_a_window_in_a_pause_holds_the_picture_that_stays(tmp_path: Path):
    path = make_video(tmp_path / "paused.mp4", Recipe(size=(160, 90), pts=PAUSES, sound=None, b_frames=2))
    check_windows(times_of(path), list(PAUSES))


def check_windows(times: PictureTimes, shown: list[Fraction]) -> None:
    tolerance = min(Fraction(1, 1000), 1 / (4 * times.video.rate))
    asked = st.tuples(*[st.fractions(0, shown[-1] + Fraction(1, 50), max_denominator=1000)] * 2).map(sorted)

    @LAW
    @given(asked)
    def law(pair: list[Fraction]) -> None:
        start, end = pair
        inside = [n for n, time in enumerate(shown) if start <= time + tolerance < end]
        on_screen = [n for n, time in enumerate(shown) if time <= start + tolerance][-1:]
        kept = inside or on_screen
        window = times.window(start, end)
        last = times.end if kept[-1] + 1 == len(shown) else tick(shown[kept[-1] + 1])
        assert window == Span(tick(shown[kept[0]]), last)

    def tick(time: Fraction) -> int:
        return round((time + times.video.start) / times.tick)

    law()


def test_a_window_shorter_than_the_tolerance_holds_the_picture_that_comes_up(structures: Structures):
    times = times_of(structures("closed"))
    shown = list(times.shown(times.first, times.end))
    assert times.window(Fraction(1), Fraction(1) + Fraction(1, 2000)) == Span(shown[25], shown[26])


def test_neighbouring_windows_share_no_picture_and_lose_none(structures: Structures):
    times = times_of(structures("variable_rate"))
    edges = [Fraction(n, 10) for n in range(12)]
    windows = [times.window(start, end) for start, end in pairwise(edges)]
    filled = [window for window in windows if len(list(times.shown(window.start, window.end))) > 1]
    assert len(filled) > 3
    assert all(before.end <= after.start for before, after in pairwise(filled))


def test_a_clock_that_no_track_can_count_by_is_replaced(structures: Structures):
    path = structures("closed")
    times = PictureTimes(path, replace(picture_of(path), tick=Fraction(1, 10_000_000)))
    assert times.tick == Fraction(1, 90_000)
    assert seconds(times, list(times.shown(times.first, times.end))) == by_hand(path)


def test_a_source_is_opened_once_for_all_that_is_asked_inside(structures: Structures):
    times = times_of(structures("closed"))
    with times.opened() as outer, times.opened() as inner:
        assert inner is outer
    with times.opened() as again:
        assert again is not outer
