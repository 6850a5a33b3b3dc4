"""The inverted exclamation mark, which the network does not know: turned upside down, it is one that it knows.

Looked for only in lines that hold an exclamation mark, where their sentences begin.
"""

from collections.abc import Iterator, Sequence

from clipmill.engines.ocr.engine import Rgb
from clipmill.engines.ocr.recognition import LineReader, Sign

OPENING_MARKS = frozenset({"es", "gl"})
"""The languages that write it."""
MARK, TURNED = "\u00a1", "!"
LEAST_SURE = 0.5
OVERLAPS = (0.0, 0.08, 0.15)
"""How far into the first letter the piece is cut, in heights of the line, for its edge is known by columns only."""
_ENDS = ".?!\u2026-"


def with_opening_marks(reader: LineReader, line: Rgb, signs: Sequence[Sign]) -> list[Sign]:
    """The signs of a line, with the opening marks that stand in it."""
    if not any(sign.text == TURNED for sign in signs):
        return list(signs)
    begins = list(_beginnings(signs))
    height, width = line.shape[:2]
    pieces = [
        line[:, int(signs[at - 2].end * width) if at else 0 : max(4, int(signs[at].start * width + part * height))]
        for at in begins
        for part in OVERLAPS
    ]
    readable = [piece[::-1, ::-1] if piece.shape[1] else line[:, :1] for piece in pieces]
    read = reader.read(readable)
    found: dict[int, float] = {}
    for place, at in enumerate(begins):
        seen = [one for signs_of in read[place * len(OVERLAPS) : (place + 1) * len(OVERLAPS)] for one in signs_of]
        sure = max((one.confidence for one in seen if one.text == TURNED), default=0.0)
        if sure >= LEAST_SURE:
            found[at] = sure
    return [one for at, sign in enumerate(signs) for one in _opened(sign, found.get(at))]


def _beginnings(signs: Sequence[Sign]) -> Iterator[int]:
    """Where sentences begin: at the first sign, and behind a space that follows the end of one."""
    for at, sign in enumerate(signs):
        if sign.text.isspace():
            continue
        if at == 0 or (at > 1 and signs[at - 1].text.isspace() and signs[at - 2].text in _ENDS):
            yield at


def _opened(sign: Sign, sureness: float | None) -> Iterator[Sign]:
    if sureness is not None:
        yield Sign(MARK, sureness, sign.start, sign.start)
    yield sign
