"""The text of a picture, from the lines that were read on it.

*Convention:* fractions of the picture, y down. Rows are joined by a line break; lines of one row by a space, or by
nothing where a script without spaces meets the seam.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

SMALLEST_OVERLAP = 0.5
"""How much of the smaller of two lines must lie beside the other one for both to stand in one row."""
_ROUNDING = 1e-9

# Han with its radicals, kana, CJK punctuation and the full-width forms.
_WITHOUT_SPACES = (
    (0x2E80, 0x2FDF), (0x3000, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF), (0x1AFF0, 0x1B16F), (0x20000, 0x323AF),
)  # fmt: skip


class ReadLine(Protocol):
    """A line of text and where it stands."""

    @property
    def text(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def left(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def bottom(self) -> float: ...


Line = TypeVar("Line", bound=ReadLine)


def text_of(lines: Iterable[ReadLine]) -> str:
    """What the picture says, row by row."""
    return "\n".join(_joined([line.text.strip() for line in row]) for row in rows_of(lines))


def rows_of(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines with text, from top to bottom in rows, each from left to right."""
    rows: list[list[Line]] = []
    written = (line for line in lines if line.text.strip())
    for line in sorted(written, key=lambda line: ((line.top + line.bottom) / 2, line.left)):
        if rows and _side_by_side(rows[-1][0], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def text_confidence(lines: Iterable[ReadLine]) -> float:
    """How sure the engine is of a text: the mean of its lines, weighted by their visible characters."""
    return weighted_confidence((line.text, line.confidence) for line in lines)


def weighted_confidence(parts: Iterable[tuple[str, float]]) -> float:
    """The mean confidence of texts, weighted by their code points that are not white space; 0.0 without any.

    >>> weighted_confidence([("AB", 0.5), ("C D", 0.75)])
    0.625
    """
    weighted = [(sum(not character.isspace() for character in text), confidence) for text, confidence in parts]
    total = sum(weight for weight, _ in weighted)
    return sum(weight * confidence for weight, confidence in weighted) / total if total else 0.0


def _side_by_side(first: ReadLine, line: ReadLine) -> bool:
    shared = min(first.bottom, line.bottom) - max(first.top, line.top)
    smaller = min(first.bottom - first.top, line.bottom - line.top)
    return shared >= SMALLEST_OVERLAP * smaller - _ROUNDING


def _joined(texts: Sequence[str]) -> str:
    joined = texts[0]
    for text in texts[1:]:
        spaced = not (_without_spaces(joined[-1]) or _without_spaces(text[0]))
        joined += f" {text}" if spaced else text
    return joined


def _without_spaces(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _WITHOUT_SPACES)
