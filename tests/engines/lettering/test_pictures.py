import struct
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.footage import MEDIA, needs_footage
from tests.engines.lettering.ink import FRAME, chunk, extent, on_frame, png, raw_png

from clipmill.engines.lettering import check_layer, layer_sticker
from clipmill.errors import InvalidLayerError
from clipmill.media.geometry import Size
from clipmill.media.layers import ImageLayer

BOMBS = MEDIA / "bad/image_bombs"


def noise(width: int, height: int) -> np.ndarray:
    pixels = np.random.default_rng(5).integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] |= 1
    return pixels


def refusal(data: bytes, **place) -> str:
    with pytest.raises(InvalidLayerError) as refused:
        layer_sticker(ImageLayer(data, **({"x": 0.0} | place)), FRAME, 7)
    assert refused.value.details == {"index": 7}
    assert refused.value.message.startswith("layer 7: ")
    return refused.value.message


def test_a_picture_of_the_frames_size_is_laid_on_it_pixel_by_pixel():
    pixels = noise(320, 180)
    assert np.array_equal(on_frame(layer_sticker(ImageLayer(png(pixels)), FRAME, 0)), pixels)


def test_a_picture_one_pixel_too_wide_is_refused_with_both_sizes():
    data = png(noise(321, 180))
    for draw in (layer_sticker, check_layer):
        with pytest.raises(InvalidLayerError, match=r"321 x 180.*320 x 180") as refused:
            draw(ImageLayer(data), FRAME, 7)
        assert refused.value.details == {"index": 7}


def test_a_placed_picture_keeps_its_pixels():
    pixels = noise(30, 20)
    sticker = layer_sticker(ImageLayer(png(pixels), x=10.4, y=19.5), FRAME, 0)
    assert (sticker.left, sticker.top) == (10, 20)
    assert np.array_equal(np.dstack([sticker.rgb, sticker.alpha]), pixels)


@pytest.mark.parametrize("place", [{"x": -10.0, "y": -5.0}, {"x": 300.0, "y": 170.0}])
def test_a_picture_over_the_edge_is_shown_as_far_as_it_lies_inside(place):
    pixels = noise(30, 20)
    wide = np.zeros((400, 600, 4), np.uint8)
    left, top = int(place["x"]) + 100, int(place["y"]) + 100
    wide[top : top + 20, left : left + 30] = pixels
    picture = on_frame(layer_sticker(ImageLayer(png(pixels), **place), FRAME, 0))
    assert np.array_equal(picture, wide[100:280, 100:420])


@pytest.mark.parametrize("place", [{"x": 320.0}, {"y": -200.0}, {"x": 1e300}, {"x": 400.0, "width": 50.0}])
def test_a_picture_outside_the_frame_is_an_empty_sticker(place):
    assert layer_sticker(ImageLayer(png(noise(30, 20)), **place), FRAME, 0).alpha.size == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 300), st.integers(1, 170))
def test_a_scaled_picture_has_the_size_asked_for(width, height):
    data = png(np.full((40, 60, 4), (200, 100, 50, 255), np.uint8))
    sticker = layer_sticker(ImageLayer(data, x=5.0, y=6.0, width=width, height=height), FRAME, 0)
    assert extent(sticker) == (5, 6, 5 + width, 6 + height)
    assert np.abs(sticker.rgb.astype(int) - (200, 100, 50)).max() <= 1


def test_one_side_alone_leaves_the_other_as_it_is():
    sticker = layer_sticker(ImageLayer(png(np.full((40, 60, 4), 255, np.uint8)), width=30.0), FRAME, 0)
    assert sticker.alpha.shape == (40, 30)


@pytest.mark.parametrize("size", [(16, 16), (23, 23), (150, 150), (150, 16), (16, 150)])
def test_scaling_gives_no_fringe_of_the_colour_of_transparent_pixels(size):
    """A grey disc, transparent around it, where the pixels are white."""
    rows, columns = np.mgrid[0:64, 0:64] - 31.5
    disc = np.full((64, 64, 4), (255, 255, 255, 0), np.uint8)
    disc[np.hypot(rows, columns) < 24] = (120, 60, 200, 255)
    sticker = layer_sticker(ImageLayer(png(disc), x=0.0, width=size[0], height=size[1]), FRAME, 0)
    soft = sticker.alpha[(sticker.alpha > 0) & (sticker.alpha < 255)]
    assert soft.size
    assert np.abs(sticker.rgb[sticker.alpha > 8].astype(int) - (120, 60, 200)).max() <= 2
    assert sticker.alpha[sticker.alpha.shape[0] // 2, sticker.alpha.shape[1] // 2] == 255


def test_edges_inside_an_enlarged_picture_stay_light_and_dark():
    """A cubic kernel overshoots there."""
    step = np.zeros((16, 16, 4), np.uint8)
    step[2:14, 2:14, 3] = 255
    step[:, 8:, :3] = 255
    picture = on_frame(layer_sticker(ImageLayer(png(step), x=0.0, y=0.0, width=160.0, height=160.0), FRAME, 0))
    assert picture[30:130, 30:130, 3].min() == 255
    assert picture[30:130, 86:130, :3].min() > 230
    assert picture[30:130, 30:74, :3].max() < 25
    faint = picture[..., 3] > 8
    assert picture[faint & (np.arange(320) > 86), :3].min() > 230


def test_shrinking_averages_all_pixels():
    lines = np.zeros((100, 100, 4), np.uint8)
    lines[..., 3] = 255
    lines[::2, :, :3] = 200
    sticker = layer_sticker(ImageLayer(png(lines), x=0.0, width=10.0, height=10.0), FRAME, 0)
    assert np.abs(sticker.rgb.astype(int) - 100).max() <= 1


def test_growing_keeps_places():
    """A ramp keeps its brightness at every place, also where it is seen only in part."""
    ramp = np.zeros((8, 64, 4), np.uint8)
    ramp[..., :3] = (np.arange(64) * 4)[None, :, None]
    ramp[..., 3] = 255
    picture = on_frame(layer_sticker(ImageLayer(png(ramp), x=-64.0, y=0.0, width=256.0, height=32.0), FRAME, 0))
    expected = ((np.arange(64, 250) + 0.5) / 4 - 0.5) * 4
    assert np.abs(picture[16, :186, 0] - expected).max() <= 1.5


def test_a_large_enlargement_costs_no_more_than_the_frame():
    data = png(noise(64, 64))
    tracemalloc.start()
    try:
        layer_sticker(ImageLayer(data, x=-3000.0, y=-3000.0, width=7680.0, height=7680.0), FRAME, 0)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


def test_the_sticker_ends_where_the_picture_is_transparent():
    pixels = np.zeros((180, 320, 4), np.uint8)
    pixels[20:30, 50:90] = 255
    assert layer_sticker(ImageLayer(png(pixels)), FRAME, 0).alpha.shape == (10, 40)


# What is a PNG with alpha


def test_a_palette_with_alpha_is_read():
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0])) + chunk(b"tRNS", bytes([255, 64]))
    sticker = layer_sticker(ImageLayer(raw_png(2, 1, 8, 3, b"\0\0\1", palette), x=0.0), FRAME, 0)
    assert sticker.rgb.tolist() == [[[255, 0, 0], [0, 255, 0]]]
    assert sticker.alpha.tolist() == [[255, 64]]


@pytest.mark.parametrize(
    ("colour_type", "samples"), [(6, (0x80FF, 0x4000, 0x2001, 0xC000)), (4, (0x8000, 0xC000))], ids=["colour", "grey"]
)
def test_sixteen_bits_are_read(colour_type, samples):
    rows = b"\0" + struct.pack(f">{len(samples)}H", *samples)
    sticker = layer_sticker(ImageLayer(raw_png(1, 1, 16, colour_type, rows), x=0.0), FRAME, 0)
    high = [sample >> 8 for sample in samples]
    assert sticker.rgb.tolist() == [[high[:3] if colour_type == 6 else [high[0]] * 3]]
    assert sticker.alpha.tolist() == [[high[-1]]]


def test_grey_with_alpha_is_read():
    sticker = layer_sticker(ImageLayer(png(np.array([[[10, 200]]], np.uint8)), x=0.0), FRAME, 0)
    assert (sticker.rgb.tolist(), sticker.alpha.tolist()) == ([[[10, 10, 10]]], [[200]])


def test_a_transparent_colour_counts_as_alpha():
    rows = b"\0" + bytes([1, 2, 3, 9, 9, 9])
    sticker = layer_sticker(
        ImageLayer(raw_png(2, 1, 8, 2, rows, chunk(b"tRNS", bytes([0, 1, 0, 2, 0, 3]))), x=0.0), FRAME, 0
    )
    assert (sticker.left, sticker.rgb.tolist(), sticker.alpha.tolist()) == (1, [[[9, 9, 9]]], [[255]])


@pytest.mark.parametrize(
    "data",
    [
        png(np.full((4, 4, 3), 200, np.uint8)),
        png(np.full((4, 4), 200, np.uint8)),
        raw_png(1, 1, 8, 3, b"\0\0", chunk(b"PLTE", bytes(3))),
        raw_png(1, 1, 16, 2, bytes(7), chunk(b"tRNS", bytes(6))),
    ],
    ids=["colour", "grey", "palette", "transparent colour of 16 bits"],
)
def test_a_picture_without_alpha_is_refused(data):
    assert "no alpha" in refusal(data)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0 named logo.png", b"GIF89a", b"<svg/>"])
def test_anything_but_png_is_refused_whatever_it_is_called(data):
    assert "expected a PNG file" in refusal(data)


WHOLE = png(noise(40, 40))


@pytest.mark.parametrize("length", [8, 20, 33, 40, 200, len(WHOLE) // 2, len(WHOLE) - 100])
def test_a_truncated_picture_is_refused(length):
    assert "damaged" in refusal(WHOLE[:length])


@settings(max_examples=60, deadline=None)
@given(st.integers(8, len(WHOLE) - 13), st.integers(1, 255))
def test_a_damaged_picture_is_drawn_or_refused(place, change):
    hurt = bytearray(WHOLE)
    hurt[place] ^= change
    with suppress(InvalidLayerError):
        layer_sticker(ImageLayer(bytes(hurt), x=0.0), FRAME, 0)


@pytest.mark.parametrize("size", [(60_000, 60_000), (0, 5), (7681, 4320), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size):
    data = raw_png(*size, 8, 6, bytes(1000))
    tracemalloc.start()
    try:
        assert f"{size[0]} x {size[1]}" in refusal(data, width=10.0)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("side", "said"), [(50, "two headers"), (60_000, "damaged")])
def test_a_second_header_does_not_smuggle_a_larger_picture_in(side, said):
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
    assert said in refusal(raw_png(4, 4, 8, 6, bytes(68), second))


@needs_footage
@pytest.mark.parametrize("name", ["png_decompression_dos.png", "truncated_jpeg.jpg", "decompression_bomb.gif"])
def test_the_bombs_of_the_collection_are_refused(name):
    assert refusal((BOMBS / name).read_bytes())


def test_a_picture_that_was_not_fetched_is_a_bug_of_the_caller():
    with pytest.raises(ValueError, match=r"logo\.png"):
        layer_sticker(ImageLayer(key="logo.png"), FRAME, 0)


def test_the_check_decodes_no_pixels():
    hurt = WHOLE[: len(WHOLE) // 2]
    check_layer(ImageLayer(hurt, x=0.0), Size(64, 64), 0)
    assert "damaged" in refusal(hurt)
