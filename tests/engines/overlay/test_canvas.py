import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.drawing import frame_of
from tests.engines.overlay.reference import Mark, distance, positions
from tests.engines.overlay.scenes import SIZE, orientation, picture

from clipmill.engines.overlay.canvas import Canvas, Grid, Patch
from clipmill.media.geometry import Size
from clipmill.media.spots import Ellipse

LAW = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("aspect", [1, 2])
def test_samples_lie_where_people_see_them(turns, mirrored, aspect):
    turned = orientation(turns, mirrored=mirrored, aspect=aspect)
    grid = Grid.of(turned)
    columns, rows = grid.columns.positions(0, SIZE.width), grid.rows.positions(0, SIZE.height)
    x, y = positions(turned)
    along, aside = (y, x) if grid.turned else (x, y)
    assert np.allclose(along, columns[None, :])
    assert np.allclose(aside, rows[:, None])


def test_a_canvas_shares_the_frames_memory():
    frame = frame_of(picture())
    Canvas.of(frame, orientation()).planes[1][3, 5] = 77
    assert Canvas.of(frame, orientation()).planes[1][3, 5] == 77


@LAW
@given(
    st.builds(Ellipse, st.floats(-40, 140), st.floats(-40, 110), st.floats(1, 60), st.floats(1, 60)),
    st.floats(0.5, 20),
    st.integers(0, 3),
)
def test_a_patch_holds_every_sample_within_reach(ellipse, reach, turns):
    turned = orientation(turns)
    near = distance(Mark(ellipse.x, ellipse.y, ellipse.radius_x, ellipse.radius_y), *positions(turned)) < reach
    patch = Grid.of(turned).around(ellipse, reach)
    near[patch.top : patch.bottom, patch.left : patch.right] = False
    assert not near.any()


@LAW
@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(1, 60), st.sampled_from([SIZE, Size(95, 63)]))
def test_a_patch_starts_on_even_samples_and_stays_on_the_frame(x, y, radius, size):
    patch = Grid.of(orientation(coded=size)).around(Ellipse(x, y, radius, radius), 3)
    assert patch.is_empty or patch.left % 2 == patch.top % 2 == 0
    assert 0 <= patch.left <= patch.right <= size.width
    assert 0 <= patch.top <= patch.bottom <= size.height


def test_a_patch_of_chroma_holds_the_blocks_it_touches():
    plane = np.zeros((32, 48), np.uint8)
    assert Patch(4, 6, 21, 11).of(plane, 1).shape == (3, 9)


def test_patches_touch_where_they_share_samples():
    patch = Patch(0, 0, 10, 10)
    touching = [patch.touches(other) for other in (Patch(9, 9, 20, 20), Patch(10, 0, 20, 10), Patch(0, 10, 5, 20))]
    assert touching == [True, False, False]


def test_two_patches_are_joined_by_the_rectangle_around_them():
    assert Patch(0, 4, 10, 12).joined(Patch(6, 2, 20, 8)) == Patch(0, 2, 20, 12)
