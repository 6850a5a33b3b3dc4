"""A card draws what the processor draws: the same plans, each drawn both ways."""

from dataclasses import replace
from fractions import Fraction

import pytest
from tests.engines.device.pictures import SIZE, assert_alike, both_ways, muted, textured
from tests.engines.drawing import copied, lossless_video, picture_of
from tests.engines.reference import psnr

from clipmill.media.geometry import Box, Fit, Placement, Size, place
from clipmill.media.info import Colour, VideoInfo

TALL = Size(54, 96)
BOXES = {
    "shrunk": (Box(31.3, 10.6, 59.7, 106.1), TALL),
    "shrunk much": (Box(20.3, 0.0, 67.5, 120.0), Size(18, 32)),
    "enlarged": (Box(40.2, 30.7, 33.4, 59.4), TALL),
    "moved by less than a pixel": (Box(41.37, 12.61, 54.0, 96.0), TALL),
    "over the edge": (Box(-9.3, -12.2, 54.0, 96.0), TALL),
    "as it is": (Box(0.0, 0.0, 160.0, 120.0), SIZE),
    "stretched": (Box(10.0, 20.0, 120.0, 40.5), TALL),
}
SOURCES = [Colour(matrix, None, None, full) for matrix in ("smpte170m", "smpte240m", "bt709") for full in (False, True)]
WIDE = Colour("bt2020nc", "bt2020", None, full_range=False)


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> VideoInfo:
    frame = copied(textured())
    return picture_of(lossless_video(tmp_path_factory.mktemp("device") / "textured.mp4", [frame]))


@pytest.mark.parametrize("rotation", [0.0, 17.5, -8.0])
@pytest.mark.parametrize(("box", "output"), BOXES.values(), ids=BOXES)
def test_a_box_is_drawn_as_the_processor_draws_it(video, box, output, rotation):
    placement = Placement(box, output, 0, 0)
    assert_alike(*both_ways(textured(), video, output, placement, rotation=rotation))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_phone_picture_is_drawn_the_way_it_was_held(video, rotation, mirrored):
    shown = Size(120, 160) if rotation % 180 else SIZE
    turned = replace(video, rotation=rotation, mirrored=mirrored, displayed=shown)
    placement = Placement(Box(20.3, 11.2, 50.1, 89.1), TALL, 0, 0)
    assert_alike(*both_ways(textured(), turned, TALL, placement))


@pytest.mark.parametrize(
    "name", ["yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "nv12", "p010le", "gray", "rgb24", "yuva420p"]
)
def test_any_kind_of_frame_is_read(video, name):
    frame = textured(name) if name.startswith("yuv4") else textured().reformat(format=name)
    assert_alike(*both_ways(frame, video, TALL, Placement(Box(31.3, 10.6, 59.7, 106.1), TALL, 0, 0)))


def test_a_frame_of_odd_sides_is_read_to_its_last_sample(video):
    size = Size(101, 75)
    odd = replace(video, size=size, displayed=size)
    placement = Placement(Box(0.0, 0.0, 101.0, 75.0), Size(102, 76), 0, 0)
    assert_alike(*both_ways(textured("yuv420p", size), odd, Size(102, 76), placement))


@pytest.mark.parametrize("colour", SOURCES, ids=lambda colour: f"{colour.matrix}, full {colour.full_range}")
def test_colours_become_those_of_outputs(video, colour):
    source = replace(video, colour=colour)
    assert_alike(*both_ways(textured(), source, TALL, Placement(Box(31.3, 10.6, 59.7, 106.1), TALL, 0, 0)))


def test_a_wide_gamut_is_brought_into_the_narrow_one(video):
    source = replace(video, colour=WIDE)
    assert_alike(*both_ways(muted(), source, TALL, Placement(Box(31.3, 10.6, 59.7, 106.1), TALL, 0, 0)))


@pytest.mark.parametrize(("hdr", "transfer"), [("pq", "smpte2084"), ("hlg", "arib-std-b67")])
def test_high_dynamic_range_is_tone_mapped_alike(video, hdr, transfer):
    source = replace(video, bit_depth=10, hdr=hdr, colour=replace(WIDE, transfer=transfer))
    assert_alike(*both_ways(muted("yuv420p10le"), source, TALL, Placement(Box(31.3, 10.6, 59.7, 106.1), TALL, 0, 0)))


def test_a_contained_picture_lies_on_the_same_ground(video):
    placement = place(Box(20.5, 10.0, 100.0, 100.0), Fit.CONTAIN, TALL)
    usual, drawn = both_ways(textured(), video, TALL, placement, pad_color="#C82828")
    assert_alike(usual, drawn)
    assert [plane[0, 0] for plane in drawn] == [80, 112, 198]


def test_a_tenth_of_a_pixel_moves_the_picture(video):
    here, there = (
        both_ways(textured(), video, TALL, Placement(Box(x, 10.0, 54.0, 96.0), TALL, 0, 0))[1][0] for x in (40.0, 40.1)
    )
    assert 35 < psnr(here, there) < 60


def test_no_sample_is_lost_where_nothing_changes(video):
    usual, drawn = both_ways(textured(), video, SIZE, Placement(Box(0.0, 0.0, 160.0, 120.0), SIZE, 0, 0))
    assert all((left == right).all() for left, right in zip(usual, drawn, strict=True))
    assert Fraction(drawn[0].shape[1], drawn[0].shape[0]) == SIZE.ratio
