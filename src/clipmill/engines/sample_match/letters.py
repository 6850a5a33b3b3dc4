"""A small typeface of 5 x 7 dots, for the scoreboard and the boards of the sample match."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.floating[Any]]

GLYPH_WIDTH, GLYPH_HEIGHT = 5, 7

# Seven rows of five dots for each sign, two hexadecimal digits a row.
_SIGNS = {
    " ": "00000000000000", "-": "0000000E000000", ":": "00040000040000", "!": "04040404040004",
    "0": "0E11131519110E", "1": "040C040404040E", "2": "0E11010204081F", "3": "1F02040201110E",
    "4": "02060A121F0202", "5": "1F101E0101110E", "6": "0608101E11110E", "7": "1F010204080808",
    "8": "0E11110E11110E", "9": "0E11110F01020C", "A": "0E11111F111111", "B": "1E11111E11111E",
    "C": "0E11101010110E", "D": "1C12111111121C", "E": "1F10101E10101F", "F": "1F10101E101010",
    "G": "0E11101711110F", "H": "1111111F111111", "I": "0E04040404040E", "J": "0702020202120C",
    "K": "11121418141211", "L": "1010101010101F", "M": "111B1515111111", "N": "11111915131111",
    "O": "0E11111111110E", "P": "1E11111E101010", "Q": "0E11111115120D", "R": "1E11111E141211",
    "S": "0F10100E01011E", "T": "1F040404040404", "U": "1111111111110E", "V": "11111111110A04",
    "W": "1111111515150A", "X": "11110A040A1111", "Y": "1111110A040404", "Z": "1F01020408101F",
}  # fmt: skip


def text_mask(text: str, dot: int) -> Mask:
    """The text as a mask of 0 and 1, each dot a square of ``dot`` pixels.

    >>> text_mask("1:0", 2).shape
    (14, 34)
    """
    gap = np.zeros((GLYPH_HEIGHT, 1), np.float32)
    columns = [part for sign in text for part in (_glyph(sign), gap)][:-1]
    dots = np.concatenate(columns, axis=1)
    return np.repeat(np.repeat(dots, dot, axis=0), dot, axis=1)


def _glyph(sign: str) -> Mask:
    rows = bytes.fromhex(_SIGNS[sign])
    return np.array(
        [[row >> (GLYPH_WIDTH - 1 - column) & 1 for column in range(GLYPH_WIDTH)] for row in rows], np.float32
    )


def write_text(picture: Mask, text: str, corner: tuple[int, int], dot: int, colour: tuple[int, int, int]) -> None:
    """Write text on a picture (rows, columns, 3) from its left upper corner (x, y), as far as it lies inside."""
    left, top = corner
    part = picture[max(0, top) : top + GLYPH_HEIGHT * dot, max(0, left) :]
    mask = text_mask(text, dot)[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]]
    part = part[: mask.shape[0], : mask.shape[1]]
    part += (np.array(colour, np.float32) - part) * mask[..., None]
