"""A patch ready to be pressed on frames: one product and one sum for each sample, rounded once."""

from dataclasses import dataclass

import cv2
import numpy as np

from clipmill.engines.blend import BLACK
from clipmill.engines.overlay.canvas import Patch, Planes3
from clipmill.engines.overlay.levels import hex_above_black
from clipmill.engines.overlay.mask import FloatMap, six_sample_mean
from clipmill.engines.overlay.mixture import Mixture

Maps3 = tuple[FloatMap, FloatMap, FloatMap]


@dataclass(frozen=True, eq=False)
class Stamp:
    """New samples of a patch = ``kept`` * old + ``blurred`` * those of the blurred twin + ``offsets``."""

    patch: Patch
    kept: Maps3
    offsets: Maps3
    blurred: Maps3 | None = None

    def press(self, source: Planes3, target: Planes3, twin: Planes3 | None = None, spared: Maps3 | None = None) -> None:
        """Fill the patch of ``target`` from ``source``; ``spared`` is subtracted before rounding."""
        for index in range(3):
            total = cv2.multiply(self.patch.of(source[index], index), self.kept[index], dtype=cv2.CV_32F)
            if self.blurred is not None and twin is not None:
                total += cv2.multiply(self.patch.of(twin[index], index), self.blurred[index], dtype=cv2.CV_32F)
            if spared is not None:
                total -= spared[index]
            cv2.add(total, self.offsets[index], dst=self.patch.of(target[index], index), dtype=cv2.CV_8U)

    def faded(self, strength: float) -> "Stamp":
        """The same stamp, so much weaker."""
        share = np.float32(strength)
        kept = tuple((factor - 1) * share + 1 for factor in self.kept[:2])
        offsets = tuple(offset * share for offset in self.offsets)
        return Stamp(self.patch, (kept[0], kept[1], kept[1]), offsets)  # pyright: ignore[reportArgumentType]


def stamp_of(patch: Patch, mixture: Mixture) -> Stamp:
    """The stamp of a mixture; chroma takes the means of its maps."""
    kept = _on_planes(mixture.kept)
    blurred = None if mixture.blurred is None else _on_planes(mixture.blurred)
    added = [(hex_above_black(colour), _on_planes(share)) for colour, share in mixture.added.items()]
    offsets: list[FloatMap] = []
    for index, black in enumerate(BLACK):
        offset = kept[index] * np.float32(-black)
        offset += np.float32(black)
        if blurred is not None:
            cv2.scaleAdd(blurred[index], -black, offset, dst=offset)
        for levels, shares in added:
            if levels[index]:
                cv2.scaleAdd(shares[index], levels[index], offset, dst=offset)
        offsets.append(offset)
    return Stamp(patch, kept, (offsets[0], offsets[1], offsets[2]), blurred)


def _on_planes(luma: FloatMap) -> Maps3:
    chroma = six_sample_mean(luma)
    return luma, chroma, chroma
