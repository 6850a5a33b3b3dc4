"""Which upscaler draws the pixels of a call: a model whose weights are here, or resampling where that is allowed."""

from dataclasses import dataclass
from typing import Any

from clipmill.engines.upscale.opening import opened
from clipmill.engines.upscale.weights import Asked, Weights, found_weights
from clipmill.errors import ModelDigestMismatchError, ModelMissingError
from clipmill.function.results import UpscaleUse, Warn
from clipmill.function.shapes import RenderOptions, UpscaleWeights
from clipmill.media.choices import Upscale, UpscaleFallback, UpscaleModel
from clipmill.media.framing import ClipPlan
from clipmill.media.info import VideoInfo
from clipmill.media.upscaling import SCALE, Crops, enlarges, samples_of

RESAMPLING = "lanczos"


@dataclass(frozen=True, slots=True)
class Upscaling:
    """What draws the pixels, and what the caller is told of it."""

    use: UpscaleUse
    weights: Weights | None = None
    warnings: tuple[Warn, ...] = ()

    @property
    def canonical(self) -> dict[str, Any]:
        """What the pictures depend on."""
        return {"used": self.use.used, "sha256": self.weights and self.weights.sha256}

    def told(self, plan: ClipPlan, video: VideoInfo) -> dict[str, Any]:
        """The use as plain JSON, and how much of each frame the model sees."""
        if self.weights is None:
            return self.use.model_dump()
        seen = Crops.of(plan, samples_of(video)).shape
        return self.use.model_dump() | {"model_megapixels": seen.width * seen.height / 1e6}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request says of super-resolution."""

    model: UpscaleModel
    weights: UpscaleWeights | None
    fallback: UpscaleFallback

    def upscaling(self, requested: Upscale) -> Upscaling:
        """The model, ready to run; raises where it cannot, unless the request names a fallback."""
        given = self.weights or UpscaleWeights()
        try:
            weights = found_weights(Asked(self.model, given.path, given.url, given.sha256))
            opened(weights)
        except ModelMissingError as fault:
            return self._resampled(requested, fault, Warn(code="model_missing", message=fault.message))
        except ModelDigestMismatchError as fault:
            return self._resampled(requested, fault, Warn(code="model_digest_mismatch", message=fault.message))
        return Upscaling(UpscaleUse(requested=requested.value, used=self.model.value, scale=SCALE), weights)

    def _resampled(self, requested: Upscale, fault: Exception, warning: Warn) -> Upscaling:
        if self.fallback is UpscaleFallback.NONE:
            raise fault
        return Upscaling(UpscaleUse(requested=requested.value, used=RESAMPLING), warnings=(warning,))


def upscaling_of(request: RenderOptions, plan: ClipPlan) -> Upscaling:
    """What draws the pixels of a clip: decided once, for all of its frames."""
    wanted = request.upscale is Upscale.ALWAYS or (request.upscale is Upscale.AUTO and enlarges(plan))
    if not wanted:
        return Upscaling(UpscaleUse(requested=request.upscale.value))
    return Choice(request.upscale_model, request.upscale_weights, request.upscale_fallback).upscaling(request.upscale)
