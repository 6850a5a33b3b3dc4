import numpy as np

from clipmill.engines.ocr.engine import shrunk
from clipmill.engines.ocr.pages import Box, box_around, corners


def test_a_box_is_cut_at_the_edges_of_its_picture():
    assert box_around([(-10, 20), (50, 120), (30, -4)], 100, 100) == Box(0.0, 0.0, 0.5, 1.0)


def test_a_box_that_is_left_empty_is_none():
    assert box_around([(120, 20), (150, 40)], 100, 100) is None
    assert box_around([(10, 20), (30, 20)], 100, 100) is None


def test_corners_stay_in_the_picture_and_in_their_order():
    assert corners([(0, 5), (110, 5), (110, 50), (0, 50)], 100, 50) == ((0.0, 0.1), (1.0, 0.1), (1.0, 1.0), (0.0, 1.0))


def test_only_pictures_with_too_many_pixels_are_made_smaller():
    picture = np.zeros((100, 300, 3), np.uint8)
    assert shrunk(picture, 30_000) is picture
    assert shrunk(picture, 7_500).shape == (50, 150, 3)
