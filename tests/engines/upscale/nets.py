"""Small networks of the published architectures: of random weights, and one that enlarges as a cubic kernel does."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402

from clipmill.engines.upscale.networks import Compact, DenseResidual, Network  # noqa: E402
from clipmill.media.upscaling import SCALE  # noqa: E402

# On a busy machine threads that wait for each other cost more than they bring.
torch.set_num_threads(1)


def compact(seed: int = 0, features: int = 8, convolutions: int = 3) -> Compact:
    torch.manual_seed(seed)
    return Compact(features, convolutions).eval().requires_grad_(False)


def dense(seed: int = 0, features: int = 8, blocks: int = 2, growth: int = 4) -> DenseResidual:
    torch.manual_seed(seed)
    return DenseResidual(features, blocks, growth).eval().requires_grad_(False)


def saved(network: Network, path: Path, wrapper: str | None = "params_ema") -> dict[str, Any]:
    """The weights as a file, and how a request names them."""
    state = network.state_dict()
    torch.save({wrapper: state} if wrapper else state, path)
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def cubic_enlarger() -> Compact:
    """A compact network whose weights are those of a cubic kernel.

    The first convolution sets the nine neighbours of a sample side by side; the last reads five by five samples
    through them. What the network adds to its output by itself, the nearest sample, is taken away.
    """
    network = compact(features=27, convolutions=0)
    first, rectifier, last = network.body
    for parameter in network.parameters():
        parameter.zero_()
    rectifier.weight.fill_(1)
    taps = [cubic_taps((phase + 0.5) / SCALE - 0.5) for phase in range(SCALE)]
    for colour in range(3):
        for neighbour in range(9):
            first.weight[9 * colour + neighbour, colour, neighbour // 3, neighbour % 3] = 1
        for row in range(SCALE):
            for column in range(SCALE):
                kernel = torch.outer(taps[row], taps[column])
                kernel[2, 2] -= 1
                _read(last.weight[(colour * SCALE + row) * SCALE + column, 9 * colour : 9 * colour + 9], kernel)
    return network


def cubic_taps(offset: float) -> Tensor:
    """The weights of five samples around one, for a place ``offset`` from its centre."""
    distance = (torch.arange(-2.0, 3.0) - offset).abs()
    inner = 1.5 * distance**3 - 2.5 * distance**2 + 1
    outer = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return torch.where(distance < 1, inner, torch.where(distance < 2, outer, torch.zeros(5)))


def _read(weights: Tensor, kernel: Tensor) -> None:
    for row in range(5):
        for column in range(5):
            down, across = (min(max(place, 1), 3) for place in (row, column))
            weights[3 * (down - 1) + across - 1, row - down + 1, column - across + 1] += kernel[row, column]
