"""R'G'B' as levels of Y'CbCr above black, and back.

*Convention:* R'G'B' is 0..1 (or any multiple: both ways are linear); levels are 8-bit BT.709 limited range, counted from
black, (16, 128, 128).
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.floating]
Amount = TypeVar("Amount", float, Levels)

WHITE_LUMA = 219
CHROMA_SPAN = 224
BLUE_SCALE, RED_SCALE = 1.8556, 1.5748


def above_black(red: Amount, green: Amount, blue: Amount) -> tuple[Amount, Amount, Amount]:
    """Levels of a colour.

    >>> above_black(1.0, 1.0, 1.0)
    (219.0, 0.0, 0.0)
    """
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (
        WHITE_LUMA * luma,
        CHROMA_SPAN / BLUE_SCALE * (blue - luma),
        CHROMA_SPAN / RED_SCALE * (red - luma),
    )


def hex_above_black(colour: str) -> tuple[float, float, float]:
    """Levels of a ``#RRGGBB`` colour, unrounded."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return above_black(red, green, blue)


def chroma_parts(blue: Levels, red: Levels) -> tuple[Levels, Levels, Levels]:
    """What chroma levels add to each of R', G', B' beside the luma: R' = luma / 219 + part."""
    red_part, blue_part = red * np.float32(RED_SCALE / CHROMA_SPAN), blue * np.float32(BLUE_SCALE / CHROMA_SPAN)
    green_part = red_part * np.float32(-0.2126 / 0.7152) - blue_part * np.float32(0.0722 / 0.7152)
    return red_part, green_part, blue_part
