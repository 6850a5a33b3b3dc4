"""Frames as R'G'B' and back."""

import numpy as np
import pytest
import torch
from tests.engines.device.pictures import HERE, muted, textured
from tests.engines.drawing import copied, flat, frame_of
from tests.engines.reference import psnr

from clipmill.engines.device.colour import to_rgb, to_yuv420
from clipmill.engines.device.planes import uploaded
from clipmill.engines.resample import samples

BT601, FULL = 6, 2
PURE_RED = {("bt709", 1): (63, 102, 240), ("bt601", BT601): (81, 90, 240)}


@pytest.mark.parametrize(("named", "levels"), PURE_RED.items(), ids=lambda value: str(value[0]))
def test_red_is_red_by_the_matrix_of_its_frame(named, levels):
    frame = frame_of(flat(levels[0], (8, 8), *levels[1:]))
    frame.colorspace = named[1]
    red, green, blue = to_rgb(frame, HERE)[:, 4, 4].tolist()
    assert (red, green, blue) == pytest.approx((1, 0, 0), abs=0.006)


def test_white_of_the_full_range_is_white():
    frame = frame_of(flat(255, (8, 8)))
    frame.color_range = FULL
    assert torch.allclose(to_rgb(frame, HERE), torch.ones(3, 8, 8))


def test_white_of_ten_bits_in_full_range_is_white():
    frame = frame_of(
        [np.full(shape, level, np.uint16) for shape, level in (((8, 8), 1023), ((4, 4), 512), ((4, 4), 512))],
        "yuv420p10le",
    )
    frame.color_range = FULL
    assert torch.allclose(to_rgb(frame, HERE), torch.ones(3, 8, 8), atol=1e-5)


def test_there_and_back_is_the_same_picture():
    there = copied(muted())
    back = copied(to_yuv420(to_rgb(muted(), HERE, torch.float32)))
    assert np.abs(there[0].astype(int) - back[0]).max() <= 2
    # Chroma is spread out and gathered in again.
    assert all(psnr(left, right) >= 38 for left, right in zip(there[1:], back[1:], strict=True))


def test_chroma_lies_on_the_left_of_its_two_columns():
    luma, blue, red = flat(128, (16, 8))
    blue[:] = np.arange(8) * 10 + 60
    levels = to_rgb(frame_of((luma, blue, red)), HERE)[2]
    # Of a straight ramp, column 2i stands on sample i, column 2i + 1 between two.
    steps = np.diff(levels[4, 4:12].numpy())
    assert np.ptp(steps) < 1e-3
    there = copied(to_yuv420(torch.stack((levels, levels, levels))))
    assert there[1][0, 3] == 128
    assert abs(int(copied(to_yuv420(to_rgb(frame_of((luma, blue, red)), HERE)))[1][2, 4]) - int(blue[2, 4])) <= 1


def test_planes_taking_turns_are_told_apart():
    frame = frame_of(flat(90, (8, 8), 40, 200)).reformat(format="nv12")
    planes = uploaded(frame, HERE)
    assert [plane.unique().tolist() for plane in planes.all] == [[90.0], [40.0], [200.0]]


def test_the_dtype_is_the_one_asked_for():
    assert to_rgb(textured(), HERE, torch.bfloat16).dtype == torch.bfloat16
    assert samples(to_yuv420(to_rgb(textured(), HERE, torch.bfloat16)), 0).shape == (120, 160)
