"""The network of ``textchange``: what is written in each strip, compared place by place.

It gets the planes of `clipmill.engines.pair_models.planes`, of any height and width; every frame is read once, however many
pairs it is in. Planes, and so the answers, are the same for a video that runs backwards. Nothing depends on the other pairs of a batch.
"""

import torch
from torch import Tensor, nn

from clipmill.engines.pair_models.planes import PLANES, STILL

CLASSES = 5
NARROW, BROAD = 32, 48
ZEROS = (*(0,) * 4, *(128,) * 7, *(0,) * 6)
SCALES = (*(24,) * 4, 64, 32, 32, *(24,) * 10)


def _block(before: int, after: int, side: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, side, stride, side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


def pooled(seen: Tensor) -> Tensor:
    """Mean and maximum over the strip: a change of one word is a maximum, a changed strip a mean."""
    return torch.cat([seen.mean((2, 3), keepdim=True), seen.amax((2, 3), keepdim=True)], 1)


class Reader(nn.Module):
    """A strip as one vector that says whether there is a caption."""

    def __init__(self) -> None:
        super().__init__()
        self.words = _block(PLANES, NARROW, stride=2)
        self.lines = _block(NARROW, BROAD)

    def forward(self, planes: Tensor) -> Tensor:
        return pooled(self.lines(self.words(planes)))


class Comparison(nn.Module):
    """Two strips as one vector, the same in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.places = _block(2 * PLANES, NARROW, side=1)
        self.words = _block(NARROW, NARROW, stride=2)
        self.lines = _block(NARROW, BROAD)
        self.weight = nn.Conv2d(BROAD, 1, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        found = self.lines(self.words(self.places(torch.cat([(left - right).abs(), left + right], 1))))
        weight = torch.sigmoid(self.weight(found)) + 1e-4
        written = (found * weight).sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True)
        return torch.cat([pooled(found), written], 1)


class TextChange(nn.Module):
    """Logits of the five classes for pairs of strips, forward and backward."""

    zeros: Tensor
    scales: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("zeros", torch.tensor(ZEROS).float().view(1, PLANES, 1, 1))
        self.register_buffer("scales", torch.tensor(SCALES).float().view(1, PLANES, 1, 1))
        self.reader = Reader()
        self.comparison = Comparison()
        self.presence = nn.Conv2d(2 * BROAD, 1, 1)
        self.verdict = nn.Sequential(nn.Conv2d(7 * BROAD, 64, 1), nn.ReLU(inplace=True), nn.Conv2d(64, CLASSES, 1))

    def forward(self, planes: Tensor, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pairs are numbers of strips; the third answer is the logit of a caption in each strip."""
        seen = (planes.float() - self.zeros) / self.scales
        vectors = self.reader(seen)
        compared = self.comparison(seen[left], seen[right])
        first, second = vectors[left], vectors[right]
        forward = self.verdict(torch.cat([first, second, compared], 1)).flatten(1)
        backward = self.verdict(torch.cat([second, first, compared], 1)).flatten(1)
        return forward, backward, self.presence(vectors).flatten()

    def begin_with(self, earlier: dict[str, Tensor]) -> None:
        """Take over the weights of a network that saw only the planes of single strips; it answers as that one did."""
        own = self.state_dict()
        for name, weights in earlier.items():
            if own[name].shape != weights.shape:
                grown = own[name].zero_().unflatten(1, (-1, PLANES))
                grown[:, :, :STILL] = weights.unflatten(1, (-1, STILL))
            else:
                own[name].copy_(weights)
