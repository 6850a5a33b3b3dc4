"""Which of many texts are alike: one text is compared with all others at a time.

*Convention:* the similarity of two texts is 1 for equal ones and 0 for those with nothing in common: edits (characters
inserted, deleted or replaced; Levenshtein) against the length of the longer one.

A column of the table of edits is two sets of bits, its steps up and down (Myers 1999, in the form of Hyyrö 2003). Here the
others stand side by side in one whole number, at least one free bit between two of them, past which no carry gets: a
character costs a few operations on whole numbers, however many the others are.
"""


class AlikeTexts:
    """Texts that were added, and which of them have a similarity of at least ``least`` to another one."""

    def __init__(self, least: float) -> None:
        self._least = least
        self._added: dict[str, int] = {}
        """Where each begins, in bytes."""
        self._end = 0
        self._places: dict[str, int] = {}
        self._every = self._first = 0
        self._found: dict[str, tuple[int, list[str]]] = {}

    def add(self, text: str) -> None:
        """Let a text be found from now on."""
        if text in self._added:
            return
        start = 8 * self._end
        self._added[text] = self._end
        self._end += len(text) // 8 + 1
        self._first |= 1 << start
        self._every |= (1 << len(text)) - 1 << start
        for place, character in enumerate(text, start):
            self._places[character] = self._places.get(character, 0) | 1 << place

    def near(self, text: str) -> list[str]:
        """The added texts that are alike to this one, in the order of their adding."""
        seen, found = self._found.get(text, (0, []))
        if seen < self._end:
            found += self._alike(text, seen)
            self._found[text] = self._end, found
        return found

    def _alike(self, text: str, seen: int) -> list[str]:
        """Those that begin at or behind a byte."""
        up, down = (bits.to_bytes(self._end - seen, "little") for bits in self._steps(text, 8 * seen))
        found: list[str] = []
        for other, start in reversed(self._added.items()):
            if start < seen:
                break
            own = slice(start - seen, start - seen + len(other) // 8 + 1)
            edits = len(text) + _bits(up[own]) - _bits(down[own])
            if 1 - edits / max(len(text), len(other), 1) >= self._least:
                found.append(other)
        return found[::-1]

    def _steps(self, text: str, skipped: int) -> tuple[int, int]:
        """The steps up and down in the last column of every table of edits."""
        every, first = self._every >> skipped, self._first >> skipped
        up, down = every, 0
        for character in text:
            equal = self._places.get(character, 0) >> skipped
            diagonal = ((equal & up) + up ^ up) & every | equal | down
            rising, falling = down | every & ~(diagonal | up), up & diagonal
            rising = (rising << 1 | first) & every
            up, down = (falling << 1 | ~(diagonal | rising)) & every, rising & diagonal
        return up, down


def _bits(data: bytes) -> int:
    return int.from_bytes(data).bit_count()
