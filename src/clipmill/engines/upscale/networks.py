"""The two networks, written from their published description; weights load under their published names.

Convention: pictures are (batch, 3, rows, columns), R'G'B' in 0..1; the output has four times the rows and columns.
Source: X. Wang et al., "Real-ESRGAN" (2021) and "ESRGAN" (2018).
"""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from clipmill.media.choices import UpscaleModel
from clipmill.media.upscaling import SCALE

SLOPE = 0.2
"""Of the leaky rectifiers."""
RESIDUE = 0.2
"""How much of what a block found is added to what it was given."""

State = Mapping[str, Tensor]


class Network(nn.Module):
    """A network that enlarges, and what a run of it costs."""

    reach: int
    """Samples around a pixel that its colour can depend on to a degree that can be seen."""
    values_per_sample: int
    """Numbers that are held at a time, at most, for each sample of what it sees."""


class Compact(Network):
    """A plain row of convolutions at the size of the source, and one step up at the end."""

    def __init__(self, features: int = 64, convolutions: int = 32) -> None:
        super().__init__()
        self.reach = convolutions + 2
        self.values_per_sample = 4 * max(features, 3 * SCALE**2)
        layers: list[nn.Module] = [_convolution(3, features), nn.PReLU(features)]
        for _ in range(convolutions):
            layers += [_convolution(features, features), nn.PReLU(features)]
        self.body = nn.ModuleList([*layers, _convolution(features, 3 * SCALE**2)])

    def forward(self, picture: Tensor) -> Tensor:
        found = picture
        for layer in self.body:
            found = layer(found)
        nearest = functional.interpolate(picture, scale_factor=SCALE, mode="nearest")
        return functional.pixel_shuffle(found, SCALE).add_(nearest)

    @classmethod
    def like(cls, state: State) -> "Compact":
        """A network of the sizes that weights have."""
        last = max(int(name.split(".")[1]) for name in state if name.startswith("body."))
        return cls(state["body.0.weight"].shape[0], last // 2 - 1)


class Dense(nn.Module):
    """Five convolutions, each of which sees what all before it found."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = _convolution(features, growth)
        self.conv2 = _convolution(features + growth, growth)
        self.conv3 = _convolution(features + 2 * growth, growth)
        self.conv4 = _convolution(features + 3 * growth, growth)
        self.conv5 = _convolution(features + 4 * growth, features)

    def forward(self, given: Tensor) -> Tensor:
        found = given
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            found = torch.cat((found, _rectified(convolution(found))), 1)
        return self.conv5(found).mul_(RESIDUE).add_(given)


class ResidualInResidual(nn.Module):
    """Three dense blocks in a row."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = Dense(features, growth)
        self.rdb2 = Dense(features, growth)
        self.rdb3 = Dense(features, growth)

    def forward(self, given: Tensor) -> Tensor:
        return self.rdb3(self.rdb2(self.rdb1(given))).mul_(RESIDUE).add_(given)


class DenseResidual(Network):
    """Residual-in-residual dense blocks, then two steps up by nearest neighbours and convolutions."""

    reach = 32

    def __init__(self, features: int = 64, blocks: int = 23, growth: int = 32) -> None:
        super().__init__()
        self.values_per_sample = 3 * SCALE**2 * features
        self.conv_first = _convolution(3, features)
        self.body = nn.Sequential(*(ResidualInResidual(features, growth) for _ in range(blocks)))
        self.conv_body = _convolution(features, features)
        self.conv_up1 = _convolution(features, features)
        self.conv_up2 = _convolution(features, features)
        self.conv_hr = _convolution(features, features)
        self.conv_last = _convolution(features, 3)

    def forward(self, picture: Tensor) -> Tensor:
        first = self.conv_first(picture)
        found = self.conv_body(self.body(first)).add_(first)
        for convolution in (self.conv_up1, self.conv_up2):
            found = _rectified(convolution(functional.interpolate(found, scale_factor=2, mode="nearest")))
        return self.conv_last(_rectified(self.conv_hr(found)))

    @classmethod
    def like(cls, state: State) -> "DenseResidual":
        """A network of the sizes that weights have."""
        growth, features = state["body.0.rdb1.conv1.weight"].shape[:2]
        return cls(features, 1 + max(int(name.split(".")[1]) for name in state if name.startswith("body.")), growth)


def network_of(model: UpscaleModel, state: State) -> Network:
    """The network with these weights; `KeyError`, `ValueError` or `RuntimeError` where they are not of that model."""
    kind = Compact if model is UpscaleModel.GENERAL else DenseResidual
    network = kind.like(state)
    network.load_state_dict(state, strict=True)
    return cast("Network", network.eval().requires_grad_(requires_grad=False))


def _convolution(given: int, found: int) -> nn.Conv2d:
    return nn.Conv2d(given, found, 3, padding=1)


def _rectified(found: Tensor) -> Tensor:
    return functional.leaky_relu_(found, SLOPE)
