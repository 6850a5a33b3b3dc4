from dataclasses import replace

import numpy as np
from tests.engines.drawing import flat
from tests.engines.overlay.reference import Mark, Settings
from tests.engines.overlay.scenes import painted

MARK = Mark(48.5, 32.5, 24, 16)
ROW, CENTRE, RIGHT = 32, 48, 72
"""The row through the centre, the column there, and the column on the line."""


def row(mark=MARK, **settings):
    """Luma along a row of black through the ellipse."""
    return painted(flat(16), [mark], Settings("original", **settings))[0][ROW]


def test_a_stroke_is_as_wide_as_asked_and_centred_on_the_ellipse():
    lit = np.flatnonzero(row(replace(MARK, stroke=1.0), stroke_px=4) > 200)
    right = lit[lit > CENTRE]
    assert (right.min(), right.max()) == (RIGHT - 1, RIGHT + 1)


def test_an_explicit_zero_opacity_draws_no_stroke_but_its_outline():
    """Regression 53."""
    luma = row(replace(MARK, stroke=0.0))
    assert luma.max() == 16 + round(219 * 0.3 * 0.5)


def test_no_width_draws_neither_stroke_nor_outline():
    planes = painted(flat(16), [replace(MARK, fill=0.5)], Settings("original", stroke_px=0))
    assert set(np.unique(planes[0][ROW, 60:])) <= {16, *range(17, 127)}
    assert planes[0][ROW, RIGHT + 2] == 16


def test_a_fill_covers_the_inside_only():
    luma = row(replace(MARK, fill=0.5), stroke_px=0)
    assert (luma[CENTRE], luma[RIGHT + 3]) == (126, 16)


def test_a_later_stroke_lies_on_an_earlier_one():
    first, second = replace(MARK, stroke=1.0, colour=(255, 0, 0)), replace(MARK, stroke=1.0, colour=(255, 255, 255))
    luma = painted(flat(16), [first, second], Settings("original", stroke_px=4))[0]
    assert luma[ROW, RIGHT] == 235


def test_strength_weakens_every_paint():
    strong, weak = (row(replace(MARK, s=s, fill=0.2), stroke_px=4).astype(int) - 16 for s in (1.0, 0.5))
    assert 0 < weak[CENTRE] < strong[CENTRE]
    assert 0 < weak[RIGHT] < strong[RIGHT]


def test_lines_have_soft_edges():
    ramp = np.unique(painted(flat(16), [replace(MARK, stroke=1.0)], Settings("original"))[0])
    assert len(ramp) > 20
