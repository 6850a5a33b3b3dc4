"""What every reader of text can do."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.ocr.pages import OcrFailure, OcrPage

Rgb = NDArray[np.uint8]
"""Height x width x 3, 8-bit RGB."""
Page = OcrPage | OcrFailure


class OcrEngine(Protocol):
    """One way to read text; a raised error means that no picture of the batch was read."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def languages(self) -> frozenset[str]:
        """The languages it can read, as the first part of their BCP-47 tags; empty where it takes any."""
        ...

    @property
    def max_pixels(self) -> int:
        """Larger pictures are made smaller first; places stay fractions."""
        ...

    @property
    def max_bytes(self) -> int:
        """How large an encoded picture may be on its way to the engine; 0 where it takes pixels."""
        ...

    @property
    def batch_size(self) -> int:
        """How many pictures are handed over at once."""
        ...

    def recognize(self, images: Sequence[Rgb], languages: Sequence[str]) -> Sequence[Page]:
        """Read pictures; one answer for each, in their order."""
        ...

    def close(self) -> None:
        """Give back what the engine holds; it reads no more."""
        ...


def shrunk(image: Rgb, most_pixels: int) -> Rgb:
    """The picture with at most that many pixels; the same object where it has no more."""
    import cv2

    height, width = image.shape[:2]
    if height * width <= most_pixels:
        return image
    scale = (most_pixels / (height * width)) ** 0.5
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    small: Any = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small
