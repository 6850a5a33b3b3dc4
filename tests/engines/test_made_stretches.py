from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.engines.made_stretches import LOOKED_AHEAD, timed

steps = st.lists(st.integers(1, 5000), min_size=1, max_size=200)


@st.composite
def decoding_order(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Display times of a stretch with its end, and the same times in an order that a coding could store them in."""
    times = [0]
    for step in draw(steps):
        times.append(times[-1] + step)
    shown = times[:-1]
    size = draw(st.integers(1, LOOKED_AHEAD // 2))
    groups = [shown[first : first + size] for first in range(0, len(shown), size)]
    return times, [time for group in groups for time in (group[-1], *group[:-1])]


@LAW
@given(decoding_order())
def test_every_picture_stays_until_the_next_one_whatever_order_they_are_stored_in(drawn: tuple[list[int], list[int]]):
    times, stored = drawn
    packets = list(timed(((time, None) for time in stored), times[-1]))  # pyright: ignore[reportArgumentType]
    assert [packet.shown for packet in packets] == stored
    lasting = {packet.shown: packet.duration for packet in packets}
    assert lasting == {time: following - time for time, following in pairwise(times)}
