"""Boxes with fractional edges, read by weights."""

import numpy as np
import pytest
import torch
from tests.engines.device.pictures import textured
from tests.engines.drawing import copied
from tests.engines.reference import cropped, psnr

from clipmill.engines.device.resample import resample
from clipmill.media.geometry import Box


def test_a_ramp_keeps_its_slope_whatever_the_box():
    ramp = torch.arange(60.0).expand(40, 60)
    read = resample(ramp, Box(10.3, 5.0, 20.5, 20.0), (41, 10))
    assert torch.allclose(read, (10.3 - 0.5 + (torch.arange(41) + 0.5) / 2).expand(10, 41), atol=0.01)


@pytest.mark.parametrize("box", [(20.3, 10.7, 60.0, 90.2), (20.3, 10.7, 20.1, 30.4), (-8.5, 60.2, 120.0, 80.0)])
def test_a_box_comes_within_40_db_of_lanczos_3(box):
    luma = copied(textured())[0]
    read = resample(torch.from_numpy(luma.astype(np.float32)), Box(*box), (40, 60))
    assert psnr(read.numpy(), cropped(luma, box, (60, 40))) >= 40


def test_beyond_the_edge_the_edge_repeats():
    read = resample(torch.tensor([[10.0, 20.0]]), Box(-20.0, 0.0, 10.0, 1.0), (10, 3))
    assert torch.allclose(read, torch.full((3, 10), 10.0))


def test_pictures_of_a_batch_are_read_like_one():
    batch = torch.rand((2, 3, 20, 30), generator=torch.Generator().manual_seed(1))
    box = Box(2.5, 1.25, 20.0, 15.0)
    assert torch.allclose(resample(batch, box, (9, 7))[1, 2], resample(batch[1, 2], box, (9, 7)))


def test_the_whole_of_a_picture_at_its_size_is_the_picture():
    picture = torch.rand((3, 8, 9))
    assert torch.equal(resample(picture, Box(0.0, 0.0, 9.0, 8.0), (9, 8)), picture)
