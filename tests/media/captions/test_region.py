import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.laws import LAW

from clipmill.errors import InvalidParameterError
from clipmill.media.captions.region import CropRegion, PixelRect, pixel_rect
from clipmill.media.geometry import Size

edges = st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True).map(sorted)


def test_a_region_covers_every_pixel_that_it_touches():
    assert pixel_rect(CropRegion(0.1, 0.8, 0.9, 0.95), Size(1920, 1080)) == PixelRect(192, 864, 1536, 162)
    assert pixel_rect(CropRegion(0.3, 0.5, 0.7, 0.75), Size(101, 101)) == PixelRect(30, 50, 42, 26)


def test_an_edge_that_misses_a_pixel_by_rounding_does_not_touch_it():
    third = 1 / 3
    assert pixel_rect(CropRegion(third, 0, 2 * third, 1), Size(300, 100)) == PixelRect(100, 0, 100, 100)


def test_binary_rounding_does_not_move_an_edge_to_another_pixel():
    assert (0.29 * 100, 0.55 * 100) == (28.999999999999996, 55.00000000000001)
    assert pixel_rect(CropRegion(0.29, 0, 0.55, 1), Size(100, 100)) == PixelRect(29, 0, 26, 100)


@pytest.mark.parametrize(("left", "right", "expected"), [
    (0.20, 0.29, PixelRect(20, 0, 10, 100)),  # grows at the right
    (0.91, 1.00, PixelRect(90, 0, 10, 100)),  # no room at the right: at the left
])  # fmt: skip
def test_an_odd_width_grows_where_there_is_room(left, right, expected):
    assert pixel_rect(CropRegion(left, 0, right, 1), Size(100, 100)) == expected


def test_an_odd_frame_loses_a_line_at_the_right_and_bottom():
    assert pixel_rect(CropRegion(0, 0, 1, 1), Size(641, 361)) == PixelRect(0, 0, 640, 360)


@LAW
@given(edges, edges, st.integers(8, 700), st.integers(8, 700))
def test_a_rectangle_is_even_and_lies_inside_the_frame(across, down, width, height):
    (left, right), (top, bottom) = across, down
    try:
        rect = pixel_rect(CropRegion(left, top, right, bottom), Size(width, height))
    except InvalidParameterError:
        assert min((right - left) * width, (bottom - top) * height) < 8
        return
    assert rect.width % 2 == rect.height % 2 == 0
    assert 0 <= rect.left < rect.left + rect.width <= width
    assert 0 <= rect.top < rect.top + rect.height <= height
    assert rect.width >= min((right - left) * width - 2e-6, width - 1)


@pytest.mark.parametrize("region", [CropRegion(0.5, 0, 0.507, 1), CropRegion(0, 0.9, 1, 0.914)])
def test_a_region_below_eight_pixels_is_refused_with_its_size(region):
    with pytest.raises(InvalidParameterError, match="1000x500"):
        pixel_rect(region, Size(1000, 500))


def test_eight_pixels_are_enough():
    assert pixel_rect(CropRegion(0, 0, 0.08, 0.08), Size(100, 100)) == PixelRect(0, 0, 8, 8)


def test_rounding_that_crossed_an_edge_is_clamped():
    assert CropRegion(-1e-6, -5e-7, 1 + 9e-7, 1.0) == CropRegion(0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize("edge", [-2e-6, 1.00001, 192, math.nan, math.inf, -math.inf, "0.5", None, True])
def test_an_edge_that_is_no_fraction_is_a_value_error_that_names_it(edge):
    with pytest.raises(ValueError, match="crop_right") as fault:
        CropRegion(0.1, 0.1, edge, 0.9)
    assert isinstance(fault.value, InvalidParameterError)


@pytest.mark.parametrize("edges", [(0.5, 0, 0.5, 1), (0.6, 0, 0.5, 1), (0, 0.5, 1, 0.5), (0, 0.6, 1, 0.5)])
def test_edges_stand_in_order(edges):
    with pytest.raises(InvalidParameterError, match="crop_left < crop_right"):
        CropRegion(*edges)


def test_a_mapping_is_a_region_when_it_has_exactly_the_four_edges():
    region = CropRegion(0.1, 0.2, 0.3, 0.4)
    assert CropRegion.from_json(region.to_json()) == region
    for edges in ({"crop_left": 0.1}, region.to_json() | {"rotation": 0}):
        with pytest.raises(InvalidParameterError, match="crop_region"):
            CropRegion.from_json(edges)
