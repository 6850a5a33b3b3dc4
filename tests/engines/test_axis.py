import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.axis import KERNEL_REACH, AxisWindow, axis_window

COUNTS = st.sampled_from([16, 45, 90, 135, 270, 304, 540, 608, 960, 1080, 1920])
LIMIT = 1920


@st.composite
def stretches(draw):
    """A stretch of a row, and how many samples it becomes: any step, and those just beside a simple ratio."""
    count = draw(COUNTS)
    beside = st.builds(
        lambda ratio, offset: count * ratio + offset,
        st.sampled_from([0.25, 0.5, 2 / 3, 1, 1.5, 2]),
        st.floats(-2, 2),
    )
    extent = draw(st.one_of(st.floats(2, LIMIT), beside).filter(lambda extent: 2 <= extent <= LIMIT))
    return draw(st.floats(0, LIMIT - extent)), extent, count


@given(stretches())
def test_the_middle_of_an_output_is_read_where_it_was_asked(asked):
    start, extent, count = asked
    window = axis_window(start, extent, count, LIMIT)
    assert window.position((count - 1) / 2) == pytest.approx(start + extent / 2, abs=1e-6)


@given(stretches())
def test_the_ends_of_an_output_miss_their_place_by_no_more_than_their_drift(asked):
    start, extent, count = asked
    step = extent / count
    window = axis_window(start, extent, count, LIMIT)
    drift = window.drift(step, count)
    assert drift <= 0.3 * max(1.0, step)
    for j in (0, count - 1):
        assert window.position(j) == pytest.approx(start + (j + 0.5) * step, abs=drift + 1e-6)


@given(stretches())
def test_the_kernel_finds_all_its_samples_within_the_window(asked):
    start, extent, count = asked
    window = axis_window(start, extent, count, LIMIT)
    reach = int(KERNEL_REACH * max(1.0, count / extent))
    assert (start == 0 and extent == LIMIT) or window.skip >= reach
    assert (start == 0 and extent == LIMIT) or window.scaled - window.skip - count >= reach


@given(stretches())
def test_a_scaled_sample_knows_where_it_was_read(asked):
    window = axis_window(*asked, LIMIT)
    for j in (0, asked[2] - 1):
        assert window.scaled_index(window.position(j)) == pytest.approx(j + window.skip, abs=1e-6)


def test_a_usual_crop_keeps_one_window_size_wherever_it_stands():
    windows = [axis_window(100 + place / 97, 607.5, 1080, LIMIT) for place in range(300)]
    assert len({(window.length, window.scaled) for window in windows}) == 1
    assert max(abs(window.shift) for window in windows) <= 1 / 30


def test_a_whole_row_is_scaled_as_it_is():
    assert axis_window(0, 1920, 608, 1920) == AxisWindow(0, 1920, 608, 0, 0.0)


@pytest.mark.parametrize("start", [10.25, 10.5, 10.75])
def test_what_a_simple_ratio_cannot_reach_is_left_as_a_shift(start):
    window = axis_window(start, 200, 200, LIMIT)
    assert window.length == window.scaled
    assert abs(window.shift) == pytest.approx(abs((start + 0.5) % 1 - 0.5))
    assert window.position(0) == pytest.approx(start + 0.5)


def test_a_window_may_leave_the_row_at_both_ends():
    assert axis_window(0.3, 1919, 1080, LIMIT).first < 0
    window = axis_window(0.3, 1919, 1080, LIMIT)
    assert window.first + window.length > LIMIT
