import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.pair_models.bands import bands

from clipmill.engines.pair_models.planes import CELL_PX, PLANES, planes_of
from clipmill.engines.pair_models.strips import LOWEST_PX, WIDEST_PX, strip_size, strips_of
from clipmill.media.geometry import Size


@given(st.integers(8, 8000), st.integers(8, 4000))
def test_every_band_becomes_a_strip_of_whole_cells_and_bounded_size(width, height):
    size = strip_size(Size(width, height))
    assert size.width % 8 == size.height % 8 == 0
    assert 8 <= size.width <= WIDEST_PX
    assert LOWEST_PX <= size.height <= 64


def test_strips_and_planes_keep_the_order_of_the_frames():
    frames = bands("", "word", width=640, height=80)
    strips = strips_of(frames)
    planes = planes_of(strips)
    assert strips.shape == (2, 56, 448, 3)
    assert planes.shape == (2, PLANES, 56 // CELL_PX, 448 // CELL_PX)
    assert planes[1, 0].sum() > planes[0, 0].sum() + 1000


def test_strokes_of_both_signs_stand_on_their_own_planes():
    strip = np.full((1, 24, 64, 3), 100, np.uint8)
    strip[0, 8:10, :, :] = 200
    strip[0, 16:18, :, :] = 20
    planes = planes_of(strip)[0]
    assert planes[0, 2].mean() > 40 > planes[0, 4].mean()
    assert planes[1, 4].mean() > 30 > planes[1, 2].mean()
