from dataclasses import replace

import av
import numpy as np
import pytest
from tests.media_recipes import BT601, BT709, BT2020, PATCHES
from tests.media_recipes import Colour as Coded

from clipmill.engines.colour import ColourConverter, pad_levels
from clipmill.engines.layout import planes_of
from clipmill.engines.resample import samples
from clipmill.media.info import Colour

PLAIN = Colour("bt709", "bt709", "bt709", full_range=False)
SIZE = (64, 36)
CODED = {"bt709": BT709, "smpte170m": BT601, "bt470bg": BT601}


def flat(levels, name: str = "yuv420p", size: tuple[int, int] = SIZE) -> av.VideoFrame:
    frame = av.VideoFrame(*size, name)
    for index, level in enumerate(levels):
        samples(frame, index)[:] = level
    return frame


def converted(colour: Colour, frame: av.VideoFrame, hdr: str | None = None) -> list[float]:
    drawn = ColourConverter(colour, hdr).converted(frame, planes_of(frame))
    assert drawn.format.name == "yuv420p"
    return [float(samples(drawn, index).mean()) for index in range(3)]


@pytest.mark.parametrize("rgb", PATCHES)
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", CODED)
def test_other_matrices_and_ranges_keep_their_colours_within_2_levels(matrix, full_range, rgb):
    colour = replace(PLAIN, matrix=matrix, full_range=full_range)
    levels = Coded(CODED[matrix], full_range).levels(rgb)
    assert converted(colour, flat(levels)) == pytest.approx(Coded(BT709).levels(rgb), abs=2)


def displayed(levels) -> np.ndarray:
    """The R'G'B' of Y, Cb, Cr as a screen shows them."""
    luma, blue, red = (levels[0] - 16) / 219, (levels[1] - 128) / 224, (levels[2] - 128) / 224
    rgb = luma + 1.5748 * red, luma - 0.18732 * blue - 0.46812 * red, luma + 1.8556 * blue
    return np.clip(rgb, 0, 1) * 255


def to_709(rgb) -> np.ndarray:
    """R'G'B' of BT.2020 as R'G'B' of BT.709, both with its transfer."""
    coded = np.array(rgb) / 255
    light = np.where(coded < 0.081, coded / 4.5, ((coded + 0.099) / 1.099) ** (1 / 0.45))
    table = [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]]
    inside = np.clip(np.array(table) @ light, 0, 1)
    return np.where(inside < 0.018, 4.5 * inside, 1.099 * inside**0.45 - 0.099) * 255


@pytest.mark.parametrize("rgb", [(255, 255, 255), (0, 0, 0), (150, 120, 110), (90, 140, 100), (110, 120, 180)])
def test_bt_2020_colours_are_brought_to_bt_709(rgb):
    colour = Colour("bt2020nc", "bt2020", "bt2020-10", full_range=False)
    deep = converted(colour, flat(Coded(BT2020).levels(rgb, 10), "yuv420p10le"))
    assert displayed(deep) == pytest.approx(to_709(rgb), abs=2.5)
    assert converted(colour, flat(Coded(BT2020).levels(rgb))) == pytest.approx(deep, abs=2)


def test_a_frame_in_output_colours_is_left_alone():
    frame = flat((100, 90, 150))
    assert ColourConverter(PLAIN, None).converted(frame, planes_of(frame)) is frame


def test_rgb_was_converted_already_and_is_left_alone():
    rgb = av.VideoFrame.from_ndarray(np.zeros((36, 64, 3), np.uint8), "rgb24")
    frame = flat((100, 90, 150))
    converter = ColourConverter(Colour("gbr", None, None, full_range=True), None)
    assert converter.converted(frame, planes_of(rgb)) is frame


def test_a_converter_follows_frames_of_another_size():
    converter = ColourConverter(replace(PLAIN, full_range=True), None)
    for size in (SIZE, (32, 18), SIZE):
        frame = flat((255, 128, 128), size=size)
        drawn = converter.converted(frame, planes_of(frame))
        assert (drawn.width, drawn.height) == size
        assert set(samples(drawn, 0).ravel()) == {235}


@pytest.mark.parametrize(
    ("colour", "name", "bits"),
    [
        (PLAIN, "yuv420p10le", 8),
        (Colour("bt2020nc", "bt2020", "bt2020-10", full_range=False), "yuv420p10le", 10),
        (Colour("bt2020nc", "bt2020", "bt2020-10", full_range=False), "yuv420p", 8),
    ],
)
def test_ten_bits_are_kept_where_a_conversion_would_show_bands(colour, name, bits):
    assert ColourConverter(colour, None).working_bits(planes_of(av.VideoFrame(*SIZE, name))) == bits


@pytest.mark.parametrize("hdr", ["pq", "hlg"])
def test_high_dynamic_range_grows_brighter_with_every_step_of_the_signal(hdr):
    transfer = {"pq": "smpte2084", "hlg": "arib-std-b67"}[hdr]
    colour = Colour("bt2020nc", "bt2020", transfer, full_range=False)
    lumas = [converted(colour, flat((level, 512, 512), "yuv420p10le"), hdr) for level in range(64, 941, 73)]
    brightness = [luma for luma, _, _ in lumas]
    assert brightness == sorted(brightness)
    assert brightness[0] == 16
    assert brightness[-1] == pytest.approx(235, abs=1)
    assert len(set(brightness)) >= len(brightness) - 1
    assert all(colours == pytest.approx([128, 128], abs=1) for _, *colours in lumas)


@pytest.mark.parametrize("rgb", PATCHES)
def test_the_ground_of_a_letterbox_has_the_colour_asked(rgb):
    text = "#{:02x}{:02x}{:02x}".format(*rgb)
    assert pad_levels(text) == pytest.approx(Coded(BT709).levels(rgb), abs=1)
    assert displayed(pad_levels(text)) == pytest.approx(rgb, abs=2)
