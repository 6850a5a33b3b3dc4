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
