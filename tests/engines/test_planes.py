from itertools import product

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.drawing import as_displayed

from clipmill.engines.planes import Orientation, Subsampling, corners
from clipmill.media.geometry import Box, Size

WAYS = list(product(range(4), (False, True)))
CODED = Size(12, 8)


def orientation(turns, mirrored, coded=CODED):
    displayed = Size(coded.height, coded.width) if turns % 2 else coded
    return Orientation(coded, displayed, turns, mirrored)


@pytest.mark.parametrize(("turns", "mirrored"), WAYS)
def test_a_displayed_position_is_found_in_the_coded_picture(turns, mirrored):
    stored = np.arange(96).reshape(8, 12)
    shown = as_displayed(stored, turns, mirrored=mirrored)
    way = orientation(turns, mirrored)
    for row, column in np.ndindex(*shown.shape):
        x, y = way.to_coded(column + 0.5, row + 0.5)
        assert stored[int(y), int(x)] == shown[row, column]
        assert (x % 1, y % 1) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(("turns", "mirrored"), WAYS)
def test_what_is_written_into_the_coded_view_is_seen_upright(turns, mirrored):
    stored = np.arange(96).reshape(8, 12)
    way = orientation(turns, mirrored)
    shown = np.zeros((way.displayed.height, way.displayed.width), int)
    way.as_coded(shown)[:] = stored
    assert np.array_equal(shown, as_displayed(stored, turns, mirrored=mirrored))
    assert np.array_equal(way.as_displayed(stored), shown)


def test_wide_pixels_are_narrowed_on_the_way_to_the_coded_picture():
    way = Orientation(Size(320, 360), Size(640, 360), 0, mirrored=False)
    assert way.to_coded(100, 50) == (50, 50)


@pytest.mark.parametrize(
    ("name", "across", "down"), [("yuv420p", 2, 2), ("yuv422p", 2, 1), ("yuv444p", 1, 1), ("yuv440p", 1, 2)]
)
@pytest.mark.parametrize("size", [(320, 180), (321, 181)])
def test_a_chroma_sample_stands_for_as_many_pixels_as_its_format_says(name, across, down, size):
    frame = av.VideoFrame(*size, name)
    assert Subsampling.of(frame, 0) == Subsampling(1, 1)
    assert Subsampling.of(frame, 1) == Subsampling(across, down)


@pytest.mark.parametrize("size", [Size(320, 180), Size(322, 182)])
def test_a_whole_picture_at_its_own_size_is_read_sample_by_sample(size):
    way = Orientation(size, size, 0, mirrored=False)
    whole = Box(0, 0, size.width, size.height)
    for chroma, part in ((False, 1), (True, 2)):
        across, down = corners(whole, size, chroma, way, Subsampling(part, part))
        assert (across.start, across.extent) == pytest.approx((0, size.width / part), abs=1e-9)
        assert (down.start, down.extent) == pytest.approx((0, size.height / part), abs=1e-9)


@given(st.floats(0, 100), st.floats(8, 200), st.sampled_from([90, 180, 360]))
def test_a_colour_is_read_where_its_left_sited_sample_stands(x, width, columns):
    way = orientation(0, False, Size(320, 180))
    across, _ = corners(Box(x, 0, width, 100), Size(columns, 100), True, way, Subsampling(2, 2))
    samples = columns // 2
    for j in (0, samples - 1):
        # The output's sample j colours the middle of its left pixel, the source's sample i that of its own.
        pixel = x + (2 * j + 0.5) * width / columns
        source = across.start + (j + 0.5) * across.extent / samples
        assert 2 * (source - 0.5) + 0.5 == pytest.approx(pixel, abs=1e-9)
