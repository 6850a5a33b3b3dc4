import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.overlay.reference import Mark, arc, distance, positions
from tests.engines.overlay.scenes import SIZE, upright

from clipmill.engines.overlay.canvas import Grid, Patch
from clipmill.engines.overlay.mask import coverage, front_arc, line_coverage, rim_of, six_sample_mean, soft_mask
from clipmill.media.spots import Ellipse

LAW = settings(max_examples=40, deadline=None)
WHOLE = Patch(0, 0, SIZE.width, SIZE.height)
GRID = Grid.of(upright())


@LAW
@given(st.floats(0, 96), st.floats(0, 64), st.floats(1, 60), st.floats(1, 60), st.floats(0.5, 12))
def test_the_rim_holds_all_within_reach_at_its_distance(x, y, rx, ry, reach):
    rim = rim_of(Ellipse(x, y, rx, ry), GRID, WHOLE, reach)
    wanted = distance(Mark(x, y, rx, ry), *positions(upright())).ravel()
    on_rim = np.zeros(wanted.size, bool)
    on_rim[rim.at] = True
    assert (np.abs(wanted[~on_rim]) > reach - 1e-3).all()
    assert np.allclose(rim.distance, wanted[rim.at], atol=5e-3)


def test_the_centre_is_as_far_inside_as_the_smaller_radius():
    rim = rim_of(Ellipse(20.5, 20.5, 9, 6), GRID, WHOLE, 6.5)
    (centre,) = np.flatnonzero(rim.at == 20 * SIZE.width + 20)
    assert rim.distance[centre] == pytest.approx(-6, abs=1e-4)


def test_samples_off_the_rim_are_wholly_inside_or_outside():
    rim = rim_of(Ellipse(48, 32, 30, 20), GRID, WHOLE, 2)
    spread = rim.spread(np.full(rim.at.size, 0.5, np.float32))
    assert (spread[32, 48], spread[0, 0]) == (1, 0)
    assert (spread == 0.5).sum() == rim.at.size


def test_the_soft_mask_matches_the_example():
    assert soft_mask(np.array([1.25], np.float32), 5)[0] == 0.15625


@LAW
@given(st.floats(-50, 50), st.floats(1, 40))
def test_the_soft_mask_is_half_on_the_line_and_symmetric(d, feather):
    near, far = soft_mask(np.array([d, -d], np.float32), feather)
    assert near + far == pytest.approx(1, abs=1e-5)


def test_a_hard_edge_is_smooth_over_a_pixel():
    assert list(coverage(np.array([-0.5, 0, 0.25, 0.5], np.float32))) == [1, 0.5, 0.25, 0]


def test_a_line_covers_its_width():
    assert list(line_coverage(np.array([0, 1.5, -2, 2.5], np.float32), 4)) == [1, 1, 0.5, 0]


def test_the_arc_runs_in_front_of_the_ends():
    mark = Mark(48, 30, 30, 12)
    rim = rim_of(Ellipse(48, 30, 30, 12), GRID, WHOLE, 3)
    wanted = arc(mark, *positions(upright())).ravel()[rim.at]
    assert np.allclose(front_arc(Ellipse(48, 30, 30, 12), rim), wanted, atol=2e-3)


def test_the_arc_is_open_from_210_to_330_degrees():
    ellipse = Ellipse(48, 32, 30, 20)
    rim = rim_of(ellipse, GRID, WHOLE, 2)
    angles = np.degrees(np.arctan2(rim.below, rim.beside)) % 360
    drawn = front_arc(ellipse, rim)
    assert (drawn[(angles > 210) & (angles < 330)] == 0).all()
    assert (drawn[(angles > 2) & (angles < 178)] == 1).all()


def test_a_chroma_sample_takes_the_mean_of_its_six():
    luma = np.random.default_rng(1).random((5, 7), np.float32)
    padded = np.pad(luma, ((0, 1), (1, 1)), mode="edge")
    for i, j in ((0, 0), (1, 1), (2, 3)):
        six = padded[2 * i : 2 * i + 2, 2 * j : 2 * j + 3]
        wanted = (six * np.array([1, 2, 1])).sum() / 8
        assert math.isclose(six_sample_mean(luma)[i, j], wanted, rel_tol=1e-5)
