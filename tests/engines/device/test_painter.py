"""Highlights and layers on a device look as those of the processor's painter."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.engines.device.pictures import HERE
from tests.engines.drawing import copied, frame_of
from tests.engines.overlay.reference import Mark, Settings
from tests.engines.overlay.scenes import NOW, SIZE, highlights, orientation, picture, upright

from clipmill.engines.device.drawing import FramePainter
from clipmill.engines.overlay.painter import DrawnLayer, Painter
from clipmill.engines.sticker import Sticker
from clipmill.media.choices import Effect
from clipmill.media.geometry import Size
from clipmill.media.layers import Layer, TextLayer

PLAYER = Mark(40.3, 31.7, 14.2, 22.9, fill=0.1, colour=(255, 212, 0))
OTHER = Mark(52.9, 36.1, 11.4, 17.2, s=0.6, fill=0.2, colour=(200, 30, 64))
PLACES = {
    "two that overlap and one apart": [PLAYER, OTHER, Mark(80.2, 20.4, 5.3, 6.8, fill=0.2)],
    "over the edge, fading": [replace(PLAYER, x=3.2, y=-4.9, s=0.35)],
    "larger than the frame": [replace(PLAYER, rx=70, ry=60)],
}


def both_ways(marks, settings, turned, layers=()):
    drawn = highlights(marks, settings, turned.displayed)
    frame = frame_of(picture(turned.coded))
    painters = Painter(drawn, layers), FramePainter(drawn, layers, HERE)
    return [copied(painter.paint(frame, NOW, turned)) for painter in painters]


def assert_alike(usual, drawn):
    for left, right in zip(usual, drawn, strict=True):
        difference = np.abs(left.astype(int) - right)
        assert difference.mean() <= 0.2
        assert np.quantile(difference, 0.999) <= 1


@pytest.mark.parametrize("turned", [upright(), orientation(3, mirrored=True)], ids=["upright", "turned"])
@pytest.mark.parametrize("ground", [False, True], ids=["body", "ground"])
@pytest.mark.parametrize("effect", [effect.value for effect in Effect])
def test_every_effect_looks_the_same(effect, ground, turned):
    assert_alike(*both_ways(PLACES["two that overlap and one apart"], Settings(effect, ground, boost=0.7), turned))


@pytest.mark.parametrize("effect", ["spotlight", "brightness_boost", "blur"])
@pytest.mark.parametrize("marks", list(PLACES.values())[1:], ids=list(PLACES)[1:])
def test_spots_at_the_edges_look_the_same(marks, effect):
    assert_alike(*both_ways(marks, Settings(effect), upright()))


@pytest.mark.parametrize("effect", ["brightness_boost", "blur"])
def test_a_frame_of_odd_sides_is_painted_to_its_last_sample(effect):
    mark = replace(PLAYER, x=95.0, y=63.0)
    assert_alike(*both_ways([mark], Settings(effect, boost=0.7), upright(Size(97, 65))))


@pytest.mark.parametrize("sigma", [0.7, 12.0])
def test_every_blur_looks_the_same(sigma):
    assert_alike(*both_ways([PLAYER], replace(Settings("blur"), sigma=sigma), upright()))


def test_a_layer_that_fades_lies_on_top():
    noise = np.random.default_rng(2)
    sticker = Sticker(21, 9, noise.integers(0, 256, (30, 40, 3), np.uint8), noise.integers(0, 256, (30, 40), np.uint8))
    layer = Layer(NOW - 1, NOW + Fraction(1, 10), 1.0, Fraction(1, 5), TextLayer("", 0, 0), Fraction(0))
    layers = [DrawnLayer(layer, sticker)]
    usual, drawn = both_ways([PLAYER], Settings("spotlight"), upright(), layers)
    assert_alike(usual, drawn)
    assert not np.array_equal(drawn[0], both_ways([PLAYER], Settings("spotlight"), upright())[1][0])


def test_a_frame_on_which_nothing_is_drawn_stays_the_same_object():
    frame = frame_of(picture())
    painter = FramePainter(highlights([PLAYER], Settings("blur"), SIZE), (), HERE)
    assert painter.paint(frame, Fraction(1000), upright()) is frame


def test_a_painted_frame_keeps_its_time_and_leaves_the_source_alone():
    frame = frame_of(picture())
    frame.pts, frame.time_base = 7, Fraction(1, 25)
    painted = FramePainter(highlights([PLAYER], Settings("spotlight"), SIZE), (), HERE).paint(frame, NOW, upright())
    assert (painted.pts, painted.time_base, painted.colorspace) == (7, Fraction(1, 25), frame.colorspace)
    assert np.array_equal(copied(frame)[0], picture()[0])
