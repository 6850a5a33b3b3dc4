"""Weights as ONNX: ``python -m training.textchange.export --folder DATA --into src/clipmill/engines/pair_models/weights``."""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from clipmill.engines.pair_models.planes import PLANES
from training.textchange.network import TextChange

OPSET = 17
BIAS = (0.0, -2.0, 0.0, -2.0, -2.0)
"""Added to the logits of the five classes: what happens in every fourth pair of training happens in every thirtieth of a film."""


class Released(nn.Module):
    """The network with probabilities as its answers; a bias pays for events being rarer in films than in training."""

    def __init__(self, network: TextChange, bias: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("forward_bias", torch.tensor(bias))

    def forward(self, planes: Tensor, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        forward, backward, _ = self.network(planes, left, right)
        bias: Tensor = self.forward_bias  # pyright: ignore[reportAssignmentType]
        return (forward + bias).softmax(1), (backward + bias).softmax(1)


def export(weights: Path, target: Path, bias: Sequence[float]) -> str:
    """Write the network and return its SHA-256, once ONNX Runtime was seen to answer as torch does."""
    network = TextChange().eval()
    network.load_state_dict(torch.load(weights, map_location="cpu"))
    released = Released(network, bias).eval()
    planes = torch.randint(0, 256, (3, PLANES, 12, 112), dtype=torch.uint8)
    pairs = (torch.tensor([0, 1]), torch.tensor([1, 2]))
    free = {"planes": {0: "strips", 2: "height", 3: "width"}, "left": {0: "pairs"}, "right": {0: "pairs"}}
    free |= {"forward": {0: "pairs"}, "backward": {0: "pairs"}}
    torch.onnx.export(
        released, (planes, *pairs), str(target), dynamo=False, opset_version=OPSET, dynamic_axes=free,
        input_names=["planes", "left", "right"], output_names=["forward", "backward"],
    )  # fmt: skip
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    given = {"planes": planes.numpy(), "left": pairs[0].numpy(), "right": pairs[1].numpy()}
    with torch.inference_mode():
        for answer, wanted in zip(session.run(None, given), released(planes, *pairs), strict=True):
            np.testing.assert_allclose(answer, wanted.numpy(), atol=1e-4)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def main() -> None:
    """Export the best weights of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--bias", type=float, nargs=5, default=BIAS, help="added to the logits of the five classes")
    chosen = parser.parse_args()
    target = chosen.into / "textchange.onnx"
    digest = export(chosen.folder / "best.pt", target, chosen.bias)
    print(f"{target}: {target.stat().st_size} bytes, SHA-256 {digest}")


if __name__ == "__main__":
    main()
