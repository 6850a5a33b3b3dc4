"""Reads lines of text, sign by sign, with the place of each.

The network says for every column of a line how likely each sign is, or that nothing new stands there. Spaces are weak
in it: between two signs there is one as soon as a column gives it `SPACE` of the probability, likeliest or not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from unicodedata import east_asian_width, normalize

import cv2
import numpy as np
from numpy.typing import NDArray

from clipmill.engines.ocr.detection import signals
from clipmill.engines.ocr.engine import Rgb
from clipmill.engines.ocr.networks import Network

LINE_HEIGHT = 48
WIDTHS = 64
"""Widths are filled up to multiples of this, and at least to `NARROWEST`: a line reads the same in any company."""
NARROWEST = 320
MOST_AT_ONCE = 8
SPACE = 0.08
"""Told apart on 7,000 gaps of drawn captions: 3 of 1,600 spaces missed, none of 5,500 invented."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A character, how sure the network is of it, and where it begins and ends, in widths of the line."""

    text: str
    confidence: float
    start: float
    end: float


class LineReader:
    """Reads lines that were cut out upright."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._alphabet = ("", *network.metadata["character"].splitlines(), " ")

    @property
    def alphabet(self) -> frozenset[str]:
        """Every sign it knows."""
        return frozenset(self._alphabet)

    def read(self, lines: Sequence[Rgb]) -> list[list[Sign]]:
        """The signs of each line, a space being one of them; those of equal width are read together."""
        shaped = [_shaped(line) for line in lines]
        found: list[list[Sign]] = [[] for _ in lines]
        by_width: dict[int, list[int]] = {}
        for at, line in enumerate(shaped):
            by_width.setdefault(_filled_width(line), []).append(at)
        for width, places in by_width.items():
            for first in range(0, len(places), MOST_AT_ONCE):
                chosen = places[first : first + MOST_AT_ONCE]
                chances = self._network(np.stack([_filled(shaped[at], width) for at in chosen]))
                for at, columns in zip(chosen, chances, strict=True):
                    found[at] = self._signs(columns, width / shaped[at].shape[1])
        return found

    def _signs(self, columns: NDArray[np.float32], filled: float) -> list[Sign]:
        """The likeliest signs; ``filled`` is the width that was read, in widths of the line."""
        runs = _runs(columns.argmax(axis=1), ignored={0, len(self._alphabet) - 1})
        unit = filled / len(columns)
        edges = [0.0, *((one[2] + other[1]) / 2 * unit for one, other in pairwise(runs)), 1.0]
        signs: list[Sign] = []
        for place, (sign, start, end) in enumerate(runs):
            if place and self._has_space(columns, runs[place - 1][2], start):
                signs.append(Sign(" ", 1.0, edges[place], edges[place]))
            half = (end - start) / 2 + 1
            middle = (start + end) / 2
            left, right = max(edges[place], (middle - half) * unit), min(edges[place + 1], (middle + half) * unit)
            signs.append(Sign(self._alphabet[sign], float(columns[start, sign]), min(left, 1.0), min(right, 1.0)))
        return _in_usual_forms(signs)

    def _has_space(self, columns: NDArray[np.float32], after: int, before: int) -> bool:
        """Whether a space stands between a sign that ends before a column and one that starts at a column."""
        return float(columns[after - 1 : before + 1, -1].max()) >= SPACE


def _runs(likeliest: NDArray[Any], ignored: set[int]) -> list[tuple[int, int, int]]:
    """Signs that fill columns: which one, from which column on, up to which; a sign is new where another came before."""
    borders = [0, *(np.flatnonzero(np.diff(likeliest)) + 1).tolist(), len(likeliest)]
    return [
        (int(likeliest[start]), start, end) for start, end in pairwise(borders) if int(likeliest[start]) not in ignored
    ]


def _in_usual_forms(signs: list[Sign]) -> list[Sign]:
    """Full-width punctuation as the usual one in a line without any East Asian sign, for there only the font differs."""
    if any(east_asian_width(sign.text) == "W" for sign in signs):
        return signs
    return [replace(sign, text=normalize("NFKC", sign.text)) if _is_full(sign) else sign for sign in signs]


def _is_full(sign: Sign) -> bool:
    return east_asian_width(sign.text) == "F"


def _shaped(line: Rgb) -> Rgb:
    height, width = line.shape[:2]
    size = (max(8, math.ceil(LINE_HEIGHT * width / height)), LINE_HEIGHT)
    shaped: Any = cv2.resize(line, size, interpolation=cv2.INTER_LINEAR)
    return shaped


def _filled_width(line: Rgb) -> int:
    return max(NARROWEST, math.ceil(line.shape[1] / WIDTHS) * WIDTHS)


def _filled(line: Rgb, width: int) -> NDArray[np.float32]:
    """The line as the network wants it, nothing behind its end."""
    values = np.zeros((3, LINE_HEIGHT, width), np.float32)
    values[:, :, : line.shape[1]] = signals(line)
    return values
