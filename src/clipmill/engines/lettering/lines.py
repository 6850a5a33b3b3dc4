"""Where a text breaks into lines, and how a line that is too wide ends.

*Convention:* a ``Measure`` tells the width of a line in pixels. Nothing in a text is a command: quotes, per cent signs
and backslashes are signs like any other.
"""

import re
from collections.abc import Callable, Iterator

from clipmill.engines.lettering.fonts import drawable
from clipmill.engines.lettering.runs import clusters

Measure = Callable[[str], float]

ELLIPSIS = "…"
_BREAK = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")


def broken(text: str) -> list[str]:
    r"""The lines of a text by its own line breaks.

    >>> broken("one\r\ntwo")
    ['one', 'two']
    """
    return _BREAK.split(drawable(text))


def wrapped(line: str, measure: Measure, max_width: float) -> Iterator[str]:
    """Yield the line in parts no wider than ``max_width``, broken at spaces; a longer word stays whole.

    >>> list(wrapped("to be or not", len, 5))
    ['to be', 'or', 'not']
    """
    part = ""
    for spaces, word in re.findall("( *)([^ ]*)", line):
        if part.strip(" ") and word and measure(part + spaces + word) > max_width:
            yield part
            part = word
        elif word:
            part += spaces + word
    yield part


def shortened(line: str, measure: Measure, max_width: float) -> str:
    """The line, cut and ended with an ellipsis where it is wider than ``max_width``.

    >>> shortened("penalty kick", len, 8)
    'penalty…'
    """
    if measure(line) <= max_width:
        return line
    signs = list(clusters(line))
    fits, too_many = 0, len(signs)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        wide = measure("".join(signs[:middle]).rstrip() + ELLIPSIS) > max_width
        fits, too_many = (fits, middle) if wide else (middle, too_many)
    return "".join(signs[:fits]).rstrip() + ELLIPSIS
