"""What highlights do to the picture: dim, brighten or blur it, around the spots and in them."""

import cv2
import numpy as np

from clipmill.engines.blend import BLACK
from clipmill.engines.overlay.canvas import Planes3
from clipmill.engines.overlay.mask import FloatMap
from clipmill.engines.overlay.mixture import Mixture, untouched
from clipmill.media.choices import Effect
from clipmill.media.spots import Look


def fill_surroundings(look: Look, strongest: float, source: Planes3, target: Planes3, twin: Planes3 | None) -> None:
    """Fill whole planes the way they look away from every spot; ``strongest`` is the outside weight there."""
    loss = look.loss * strongest
    for black, old, new, soft in zip(BLACK, source, target, twin or source, strict=True):
        if loss:
            cv2.convertScaleAbs(old, dst=new, alpha=1 - loss, beta=black * loss)
        elif twin is not None and strongest < 1:
            cv2.addWeighted(old, 1 - strongest, soft, strongest, 0.0, dst=new)
        else:
            np.copyto(new, soft)


def effect_of(look: Look, strongest: float, inside: FloatMap) -> Mixture:
    """What the effect makes of a patch; ``inside`` is max(s * M) of the spots, the outside weight its rest."""
    match look.effect:
        case Effect.DARK_OVERLAY | Effect.SPOTLIGHT:
            inside *= np.float32(look.loss)
            inside += np.float32(1 - look.loss * strongest)
            return Mixture(inside)
        case Effect.BRIGHTNESS_BOOST:
            inside *= np.float32(look.gain)
            inside += 1
            return Mixture(inside.copy(), gain=inside)
        case Effect.BLUR:
            outside = np.float32(strongest) - inside
            inside += np.float32(1 - strongest)
            return Mixture(inside, blurred=outside)
        case Effect.ORIGINAL:
            return untouched(inside.shape)
