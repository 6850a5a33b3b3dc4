from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.engines.colour_tags import colour_of, untagged_matrix
from clipmill.media.geometry import Size


def untagged(width, height, **tags):
    colours = {"colorspace": 2, "color_primaries": 2, "color_trc": 2, "color_range": 0} | tags
    return SimpleNamespace(width=width, height=height, format=SimpleNamespace(name="yuv420p", is_rgb=False), **colours)


@pytest.mark.parametrize(
    ("width", "height", "matrix"),
    [
        (1280, 720, "bt709"),
        (720, 1280, "bt709"),
        (1279, 576, "smpte170m"),
        (1279, 577, "bt709"),
        (720, 576, "smpte170m"),
        (642, 642, "bt709"),
    ],
)
def test_an_untagged_picture_has_the_matrix_of_its_size(width, height, matrix):
    assert colour_of(untagged(width, height)).matrix == matrix


def test_an_untagged_matrix_follows_a_wide_gamut():
    assert colour_of(untagged(640, 360, color_primaries=9)).matrix == "bt2020nc"
    assert colour_of(untagged(640, 360, color_trc=16)).matrix == "bt2020nc"


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_turning_a_picture_does_not_change_its_matrix(width, height):
    assert untagged_matrix(Size(width, height)) == untagged_matrix(Size(height, width))
