import pytest
from tests.engines.upscale.nets import compact, cubic_enlarger, dense, torch

from clipmill.engines.upscale.networks import Compact, DenseResidual, network_of
from clipmill.media.choices import UpscaleModel

PUBLISHED_SIZES = {Compact: 1_213_296, DenseResidual: 16_697_987}
KINDS = {UpscaleModel.GENERAL: compact, UpscaleModel.PLUS: dense}


@pytest.mark.parametrize("kind", PUBLISHED_SIZES)
def test_a_network_has_as_many_numbers_as_the_published_one(kind):
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in kind().parameters()) == PUBLISHED_SIZES[kind]


def test_weights_have_the_published_names():
    with torch.device("meta"):
        plain, residual = Compact().state_dict(), DenseResidual().state_dict()
    assert len(plain) == 2 * 34 + 33
    assert plain["body.66.weight"].shape == (48, 64, 3, 3)
    assert plain["body.1.weight"].shape == (64,)
    assert residual["body.22.rdb3.conv5.weight"].shape == (64, 192, 3, 3)
    assert {name.split(".")[0] for name in residual} == {
        *("conv_first", "body", "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last")
    }


@pytest.mark.parametrize("model", KINDS)
def test_the_sizes_of_a_network_are_read_off_its_weights(model):
    made = KINDS[model](features=6)
    again = network_of(model, made.state_dict())
    picture = torch.rand(1, 3, 9, 7)
    assert torch.equal(again(picture), made(picture))
    assert made(picture).shape == (1, 3, 36, 28)


def test_a_compact_network_adds_what_it_found_to_the_nearest_sample():
    network = compact()
    for parameter in network.parameters():
        parameter.zero_()
    picture = torch.rand(1, 3, 5, 6)
    assert torch.equal(network(picture), picture.repeat_interleave(4, 2).repeat_interleave(4, 3))


def test_weights_set_by_hand_enlarge_as_a_cubic_kernel():
    picture = torch.rand(1, 3, 12, 10)
    theirs = torch.nn.functional.interpolate(picture, scale_factor=4, mode="bicubic", align_corners=False)
    inner = (..., slice(12, -12), slice(12, -12))
    # PyTorch's cubic is another one, a little sharper.
    assert (cubic_enlarger()(picture) - theirs)[inner].abs().max() < 0.1
    ramp = torch.linspace(0, 1, 12)[:, None].expand(1, 3, 12, 10)
    places = torch.linspace(-0.375 / 11, 1 + 0.375 / 11, 48)[:, None].expand(1, 3, 48, 40)
    assert torch.allclose(cubic_enlarger()(ramp)[inner], places[inner], atol=1e-5)
