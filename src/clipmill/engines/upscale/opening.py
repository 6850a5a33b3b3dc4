"""From weights to what draws with them. PyTorch is loaded here at the earliest, and its absence told."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from clipmill.engines.device.choice import device
from clipmill.engines.upscale.weights import Weights
from clipmill.errors import ModelMissingError
from clipmill.media.framing import ClipPlan
from clipmill.media.info import VideoInfo

if TYPE_CHECKING:
    from clipmill.engines.upscale.networks import Network
    from clipmill.engines.upscale.placing import EnlargedPlacer

LIBRARIES = ("torch", "safetensors")


def opened(weights: Weights) -> "Network":
    """The network of weights, ready to run; raises where it cannot be had on this machine."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise ModelMissingError(
            f"super-resolution needs {' and '.join(missing)}, which are not installed here. Install "
            'clipmill[upscale], or send upscale_fallback "lanczos".',
            details={"model": weights.model.value},
        )
    from clipmill.engines.upscale.loading import loaded

    return loaded(weights, device())


def enlarged_placer(plan: ClipPlan, video: VideoInfo, weights: Weights) -> "EnlargedPlacer":
    """What draws the pictures of a clip out of those of the network."""
    network = opened(weights)
    from clipmill.engines.upscale.enlarging import Enlarger
    from clipmill.engines.upscale.placing import EnlargedPlacer

    return EnlargedPlacer(plan, video, Enlarger(network))
