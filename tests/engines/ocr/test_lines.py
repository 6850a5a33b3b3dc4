import numpy as np
import pytest

from clipmill.engines.ocr.lines import cut_lines

GREY = np.full((100, 400, 3), 90, np.uint8)


def piece(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def found(*pieces):
    return [tuple(float(side) for side in (*cut.found[0], *cut.found[2])) for cut in cut_lines(GREY, pieces)]


def test_pieces_side_by_side_are_one_line_whatever_their_order():
    assert found(piece(200, 42, 260, 60), piece(100, 40, 190, 60)) == [(100, 40, 260, 60)]


def test_pieces_far_apart_or_above_each_other_are_lines_of_their_own():
    apart = [piece(10, 40, 60, 60), piece(100, 40, 190, 60), piece(10, 62, 60, 82)]
    assert found(*apart) == [(10, 40, 60, 60), (100, 40, 190, 60), (10, 62, 60, 82)]


def test_a_large_title_does_not_swallow_small_print_beside_it():
    assert len(found(piece(10, 20, 200, 80), piece(205, 40, 260, 55))) == 2


def test_a_line_is_cut_with_room_at_its_ends_inside_the_picture():
    (cut,) = cut_lines(GREY, [piece(2, 40, 200, 60)])
    assert cut.image.shape == (20, 204, 3)
    assert cut.corners.tolist() == [[0, 40], [204, 40], [204, 60], [0, 60]]


@pytest.mark.parametrize("degrees", [30, 90])
def test_a_turned_line_is_cut_along_its_own_edges(degrees):
    turn = np.radians(degrees)
    along, across = np.array([np.cos(turn), np.sin(turn)]) * 60, np.array([-np.sin(turn), np.cos(turn)]) * 20
    first = np.array([200.0, 20.0])
    corners = np.array([first, first + along, first + along + across, first + across], np.float32)
    if degrees == 90:
        corners = np.roll(corners, 1, axis=0)
    (cut,) = cut_lines(GREY, [corners])
    assert cut.image.shape == (20, 60, 3)
