import numpy as np
import pytest
from tests.engines.overlay.reference import gaussian

from clipmill.engines.overlay.blur import PlaneBlur

SIGMAS = [0.5, 1.0, 3.0, 3.4, 4.0, 6.9, 8.0, 13.7, 20.0]


def scenes():
    """Noise, hard bars, and the finest pattern there is, with odd sides."""
    noise = np.random.default_rng(3).integers(0, 256, (91, 133), np.uint8)
    bars = np.zeros((91, 133), np.uint8)
    bars[:, ::7], bars[40:50], bars[:, 0] = 255, 235, 255
    checks = (np.indices((91, 133)).sum(0) % 2 * 255).astype(np.uint8)
    return [noise, bars, checks]


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_blur_is_a_gaussian_with_repeated_edges(sigma):
    for plane in scenes():
        wanted = np.floor(gaussian(plane, sigma, sigma) + 0.5)
        assert np.abs(PlaneBlur(sigma, sigma).blurred(plane) - wanted).max() <= 1


def test_the_two_axes_may_differ():
    for plane in scenes():
        wanted = np.floor(gaussian(plane, 4.0, 8.0) + 0.5)
        assert np.abs(PlaneBlur(4.0, 8.0).blurred(plane) - wanted).max() <= 1


def test_one_colour_stays_what_it_is():
    assert (PlaneBlur(9, 9).blurred(np.full((50, 70), 173, np.uint8)) == 173).all()


def test_the_second_plane_shows_nothing_of_the_first():
    first, second, _ = scenes()
    blur = PlaneBlur(5, 5)
    blur.blurred(first)
    assert (blur.blurred(second) == PlaneBlur(5, 5).blurred(second)).all()
