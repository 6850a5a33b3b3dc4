"""A line of text as runs of one face each, in the order in which they stand from left to right."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from clipmill.engines.lettering.fonts import CHAINS, Face, is_invisible, signs
from clipmill.media.layers import Weight

_STRONG = {"L": False, "R": True, "AL": True}
"""Directions that a sign brings with it: whether it runs from right to left."""


@dataclass(frozen=True, slots=True)
class Run:
    text: str
    face: Face
    leftward: bool
    """Whether it is read from right to left."""


def runs(line: str, weight: Weight) -> list[Run]:
    """The runs of a line from left to right; within a run the layout orders the letters."""
    if line.isascii():
        # By far the most frequent case, and many times as fast.
        return [Run(line, CHAINS[weight][0], leftward=False)]
    leftward = _leftward(line, otherwise=False)
    parts = [
        (face, "".join(part for _, part in group)) for face, group in groupby(_placed(line, weight), lambda p: p[0])
    ]
    found = [Run(text, face, _leftward(text, otherwise=leftward)) for face, text in parts]
    blocks = [list(block)[:: -1 if back else 1] for back, block in groupby(found, lambda run: run.leftward)]
    return [run for block in (reversed(blocks) if leftward else blocks) for run in block]


def clusters(text: str) -> Iterator[str]:
    """Yield each sign with the marks and joiners that follow it."""
    cluster = ""
    for sign in text:
        if cluster and not (is_invisible(sign) or unicodedata.category(sign).startswith("M")):
            yield cluster
            cluster = ""
        cluster += sign
    if cluster:
        yield cluster


def _placed(line: str, weight: Weight) -> Iterator[tuple[Face, str]]:
    chain = CHAINS[weight]
    face = chain[0]
    for cluster in clusters(line):
        # A space stays with its neighbour, so that words of one script are laid out together.
        if not cluster.isspace():
            face = _first_with(cluster, chain) or _first_with(cluster[0], chain) or chain[0]
        yield face, cluster


def _first_with(text: str, chain: tuple[Face, ...]) -> Face | None:
    visible = {ord(sign) for sign in text if not is_invisible(sign)}
    return next((face for face in chain if visible <= signs(face)), None)


def _leftward(text: str, *, otherwise: bool) -> bool:
    classes = (unicodedata.bidirectional(sign) for sign in text)
    return next((_STRONG[name] for name in classes if name in _STRONG), otherwise)
