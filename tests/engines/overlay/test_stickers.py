from fractions import Fraction

import numpy as np
import pytest
from tests.engines.drawing import copied, frame_of
from tests.engines.overlay.reference import SIX, rounded, to_planes, to_rgb
from tests.engines.overlay.scenes import SIZE, orientation, picture, upright

from clipmill.engines.overlay.canvas import Grid
from clipmill.engines.overlay.painter import DrawnLayer, Painter
from clipmill.engines.overlay.stickers import stamps_of
from clipmill.engines.sticker import Sticker
from clipmill.media.layers import Layer, TextLayer


def sticker(left=11, top=7, width=40, height=30, seed=1) -> Sticker:
    """Coloured noise, every fourth column of it clear."""
    noise = np.random.default_rng(seed)
    alpha = noise.integers(0, 256, (height, width), np.uint8)
    alpha[:, ::4] = 0
    return Sticker(left, top, noise.integers(0, 256, (height, width, 3), np.uint8), alpha)


def layer(opacity=1.0, fade="0", end=4) -> Layer:
    return Layer(Fraction(0), Fraction(end), opacity, Fraction(fade), TextLayer("x", 0, 0), Fraction(0))


def laid(planes, *layers, turned=None, t=1):
    frame = frame_of(planes)
    return copied(
        Painter(None, [DrawnLayer(*drawn) for drawn in layers]).paint(frame, Fraction(t), turned or upright())
    )


def reference(planes, piece, strength, turned):
    """Alpha over R'G'B' at every luma sample; displayed pixels between samples are averaged."""
    shown = turned.displayed
    rgb, alpha = np.zeros((3, shown.height, shown.width)), np.zeros((shown.height, shown.width))
    rows, columns = np.indices(piece.alpha.shape)
    y, x = rows + piece.top, columns + piece.left
    kept = (x >= 0) & (x < shown.width) & (y >= 0) & (y < shown.height)
    alpha[y[kept], x[kept]] = piece.alpha[kept] / 255
    rgb[:, y[kept], x[kept]] = piece.rgb[kept].T * (piece.alpha[kept] / 255)
    coded = turned.coded
    upright_width = coded.height if turned.turns % 2 else coded.width
    upright_height = coded.width if turned.turns % 2 else coded.height

    def shrunk(plane):
        across, down = shown.width // upright_width, shown.height // upright_height
        mean = plane.reshape(upright_height, down, upright_width, across).mean(axis=(1, 3))
        return turned.as_coded(mean)

    weighed, cover = np.stack([shrunk(channel) for channel in rgb]), shrunk(alpha)

    def shade(picture, at):
        return to_planes(to_rgb(*picture) * (1 - strength * cover[at]) + strength * weighed[:, *at])

    planes = [plane.astype(float) for plane in planes]
    height, width = planes[0].shape
    block = np.ix_(np.arange(height) // 2, np.arange(width) // 2)
    luma = shade([planes[0], planes[1][block], planes[2][block]], (slice(None), slice(None)))[0]
    chroma = np.zeros((2, *planes[1].shape))
    for down, across, weight in SIX:
        at = np.ix_(
            np.minimum(2 * np.arange(planes[1].shape[0]) + down, height - 1),
            np.clip(2 * np.arange(planes[1].shape[1]) + across, 0, width - 1),
        )
        chroma += weight * shade([planes[0][at], *planes[1:]], at)[1:]
    return rounded([luma, chroma[0], chroma[1]])


def difference(planes, piece, strength=1.0, turned=None):
    turned = turned or upright()
    got = laid(planes, (layer(opacity=strength), piece), turned=turned)
    wanted = reference(planes, piece, strength, turned)
    return max(np.abs(g.astype(float) - w).max() for g, w in zip(got, wanted, strict=True))


@pytest.mark.parametrize(("left", "top"), [(11, 7), (-13, -9), (80, 50), (0, 0)])
@pytest.mark.parametrize("strength", [1.0, 0.37])
def test_a_sticker_is_laid_over_the_picture(left, top, strength):
    assert difference(picture(), sticker(left, top), strength) <= 1


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("aspect", [1, 2])
def test_stickers_stand_upright_on_turned_mirrored_and_wide_pictures(turns, mirrored, aspect):
    turned = orientation(turns, mirrored=mirrored, aspect=aspect)
    assert difference(picture(), sticker(), turned=turned) <= 1


def test_a_fading_sticker_weakens():
    """The example of the rules: a layer 0..2 with a fade of 0.25 s, at 1.95 s."""
    planes = picture()
    fading = laid(planes, (layer(fade="1/4", end=2), sticker()), t=Fraction("1.95"))
    weak = laid(planes, (layer(opacity=0.2), sticker()))
    assert all((left == right).all() for left, right in zip(fading, weak, strict=True))


def test_later_layers_lie_on_earlier_ones():
    full = np.full((64, 96), 255, np.uint8)
    white, black = (Sticker(0, 0, np.full((64, 96, 3), level, np.uint8), full) for level in (255, 0))
    assert (laid(picture(), (layer(), white), (layer(), black))[0] == 16).all()


def test_a_layer_that_is_over_leaves_the_frame_alone():
    frame = frame_of(picture())
    painter = Painter(None, [DrawnLayer(layer(), sticker())])
    assert [painter.paint(frame, Fraction(t), upright()) is frame for t in (3, 4)] == [False, True]


def test_a_clear_sticker_needs_no_stamp():
    clear = Sticker(0, 0, np.zeros((10, 10, 3), np.uint8), np.zeros((10, 10), np.uint8))
    assert stamps_of(clear, Grid.of(upright())) == ()


def test_a_sticker_beside_the_frame_needs_no_stamp():
    assert stamps_of(sticker(left=SIZE.width + 20), Grid.of(upright())) == ()


def test_empty_rows_between_two_texts_are_not_worked_on():
    piece = sticker(0, 0, 96, 64)
    piece.alpha[10:50] = 0
    patches = [stamp.patch for stamp in stamps_of(piece, Grid.of(upright()))]
    assert len(patches) == 2
    assert patches[0].bottom < 20
    assert patches[1].top > 40
