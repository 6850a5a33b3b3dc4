"""Which stretches are copied: laws over random groups of pictures, and the cases that can be worked out by hand."""

from dataclasses import dataclass
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.media.copying import Copied, Encoded, Span, Stretch, copied_ticks, joints, merged, plan_stretches


@dataclass(frozen=True)
class Coded:
    """The packets of a video in decoding order: when each is shown, and whether a group begins with it."""

    shown: tuple[int, ...]
    entries: frozenset[int]
    end: int

    def entry_from(self, tick: int, limit: int) -> int | None:
        return min((entry for entry in self.entries if tick <= entry < limit), default=None)

    def closed_until(self, tick: int) -> int:
        """The start of what follows the longest closed prefix that is shown before ``tick``."""
        return max(end for end in self.closed if all(time < tick for time in self.shown if time < end))

    @property
    def closed(self) -> set[int]:
        """Where a prefix of the packets ends before everything that follows it."""
        splits = ((self.shown[:place], self.shown[place:]) for place in range(len(self.shown) + 1))
        edges = ((max(before, default=-1), min(after, default=self.end)) for before, after in splits)
        return {behind for last, behind in edges if last < behind}

    def pictures(self, start: int, end: int) -> set[int]:
        return {time for time in self.shown if start <= time < end}


@st.composite
def videos(draw: st.DrawFn) -> Coded:
    """Groups of one to six pictures in any decoding order, some of them open, at uneven times."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    steps = draw(st.lists(st.integers(1, 4), min_size=sum(sizes), max_size=sum(sizes)))
    times = list(accumulate(steps, initial=draw(st.integers(0, 3))))
    shown: list[int] = []
    entries: set[int] = set()
    for first, last in pairwise(accumulate(sizes, initial=0)):
        key = draw(st.integers(first, last - 1)) if first and draw(st.booleans()) else first
        others = [time for time in times[first:last] if time != times[key]]
        shown += [times[key], *draw(st.permutations(others))]
        entries |= {times[key]} if key == first else set()
    return Coded(tuple(shown), frozenset(entries), times[-1])


@st.composite
def plans(draw: st.DrawFn) -> tuple[Coded, Span, list[Span], tuple[Stretch, ...]]:
    video = draw(videos())
    edges = sorted({*video.shown, video.end})
    start = draw(st.sampled_from(edges[:-1]))
    window = Span(start, draw(st.sampled_from([edge for edge in edges if edge > start])))
    ticks = st.integers(min(edges) - 3, max(edges) + 3)
    changed = [Span(*pair) for pair in draw(st.lists(st.tuples(ticks, ticks), max_size=3))]
    return video, window, changed, plan_stretches(window, changed, video)


@LAW
@given(plans())
def test_the_stretches_tile_the_window(planned: tuple[Coded, Span, list[Span], tuple[Stretch, ...]]):
    _, window, _, stretches = planned
    edges = [window.start, *(stretch.end for stretch in stretches)]
    assert [stretch.start for stretch in stretches] == edges[:-1]
    assert edges[-1] == window.end
    assert not any(stretch.empty for stretch in stretches)
    assert joints(stretches) == edges[1:-1]


@LAW
@given(plans())
def test_no_picture_that_changes_is_copied(planned: tuple[Coded, Span, list[Span], tuple[Stretch, ...]]):
    video, _, changed, stretches = planned
    touched = {time for span in changed for time in video.pictures(span.start, span.end)}
    copied = {time for start, end in copied_ticks(stretches) for time in video.pictures(start, end)}
    assert not touched & copied


@LAW
@given(plans())
def test_a_copied_stretch_is_a_run_of_packets_from_a_group_on(
    planned: tuple[Coded, Span, list[Span], tuple[Stretch, ...]],
):
    video, _, _, stretches = planned
    for stretch in stretches:
        if isinstance(stretch, Copied):
            assert stretch.start in video.entries
            assert stretch.end in video.closed


@LAW
@given(plans())
def test_everything_that_can_be_copied_is_copied(planned: tuple[Coded, Span, list[Span], tuple[Stretch, ...]]):
    video, window, changed, stretches = planned
    touched = {time for span in changed for time in video.pictures(span.start, span.end)}
    copied = {time for start, end in copied_ticks(stretches) for time in video.pictures(start, end)}
    for entry in video.entries:
        for end in video.closed:
            run = video.pictures(entry, end)
            if window.start <= entry < end <= window.end and not run & touched:
                assert run <= copied


times = st.integers(-20, 20)


@LAW
@given(st.lists(st.builds(Span, times, times), max_size=6))
def test_merged_spans_hold_the_same_ticks_apart_from_each_other(spans: list[Span]):
    joined = merged(spans)
    assert {t for span in joined for t in range(span.start, span.end)} == {
        t for span in spans for t in range(span.start, span.end)
    }
    assert all(before.end < after.start for before, after in pairwise(joined))


def test_an_edge_between_two_pictures_belongs_to_the_next_one():
    video = Coded((0, 10, 20, 30), frozenset({0, 20}), 40)
    assert plan_stretches(Span(0, 40), [Span(11, 21)], video) == (Copied(0, 20), Encoded(20, 40))


def test_a_change_between_two_pictures_changes_none():
    video = Coded((0, 10, 20, 30), frozenset({0}), 40)
    assert plan_stretches(Span(0, 40), [Span(11, 19), Span(21, 22)], video) == (Copied(0, 40),)


def test_a_group_is_copied_only_as_far_as_its_order_allows():
    video = Coded((0, 30, 10, 20, 40, 50), frozenset({0, 40}), 60)
    assert plan_stretches(Span(0, 60), [Span(20, 21)], video) == (
        Copied(0, 10),
        Encoded(10, 40),
        Copied(40, 60),
    )


def test_a_window_without_a_group_is_encoded():
    video = Coded((0, 10, 20), frozenset({0}), 30)
    assert plan_stretches(Span(10, 30), [], video) == (Encoded(10, 30),)
