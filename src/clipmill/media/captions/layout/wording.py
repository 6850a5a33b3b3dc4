"""Texts compared for what they say: letters and numbers, whatever the case, width, spacing or time on a clock."""

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)
def wording(text: str) -> str:
    """The letters and numbers of a text, folded; every decimal digit is the same.

    >>> wording("Ｌive  12:34 — time!")
    'live####time'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join("#" if character.isdecimal() else character for character in folded if _counts(character))


def _counts(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def similarity(one: str, other: str) -> float:
    """1 for equal texts, 0 for texts with nothing in common: edits against the length of the longer one."""
    longer = max(len(one), len(other))
    return 1 - edits(one, other) / longer if longer else 1.0


def edits(one: str, other: str) -> int:
    """How many characters must be inserted, deleted or replaced to make one text the other (Levenshtein).

    A column of the table is two bit sets, its steps up and down, so that a character costs a few operations on whole
    numbers (Myers 1999, in the form of Hyyrö 2003).

    >>> edits("kitten", "sitting")
    3
    """
    if not one or not other:
        return len(one) or len(other)
    places: dict[str, int] = {}
    for place, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << place
    every, last = (1 << len(one)) - 1, 1 << len(one) - 1
    up, down, distance = every, 0, len(one)
    for character in other:
        equal = places.get(character, 0)
        diagonal = ((equal & up) + up ^ up) | equal | down
        rising, falling = down | ~(diagonal | up) & every, up & diagonal
        distance += bool(rising & last) - bool(falling & last)
        rising = rising << 1 | 1
        up = (falling << 1 | ~(diagonal | rising)) & every
        down = rising & diagonal & every
    return distance
