"""What becomes of the samples of a patch: shares of the picture, of its blurred twin and of colours.

*Convention:* the shares are maps over luma samples. Colours and samples count from black, (16, 128, 128), so that a
share of R'G'B' and the same share of Y'CbCr are one sum.
"""

from dataclasses import dataclass, field

import numpy as np

from clipmill.engines.overlay.mask import FloatMap, Floats, Places

EVERYWHERE = slice(None)


@dataclass(eq=False)
class Mixture:
    """``kept`` of the picture + ``blurred`` of its blurred twin + ``added`` of each colour."""

    kept: FloatMap
    blurred: FloatMap | None = None
    gain: FloatMap | None = None
    """What the picture is multiplied by before anything is painted over it; where it is above 1, white may clip."""
    added: dict[str, FloatMap] = field(default_factory=dict[str, FloatMap])

    def cover(self, colour: str, free: Floats, share: Floats, at: Places | slice = EVERYWHERE) -> None:
        """Paint over the flattened patch: ``free`` of what is there stays, ``share`` of the colour comes."""
        painted = self.added.setdefault(colour, np.zeros_like(self.kept))
        for layer in (self.kept, self.blurred, *self.added.values()):
            if layer is not None:
                layer.ravel()[at] *= free
        painted.ravel()[at] += share


def untouched(shape: tuple[int, ...]) -> Mixture:
    return Mixture(np.ones(shape, np.float32))
