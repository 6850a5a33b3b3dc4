"""Values as people read them."""

import unicodedata
from collections.abc import Iterable, Sequence

_KEPT = frozenset("\n\t")
_TURNS_TEXT_ROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    r"""The text with control characters shown, so that a file's own words can't steer a terminal.

    >>> print(printable("a title\x1b[2J"))
    a title\x1b[2J
    """
    return "".join(_escaped(sign) if _steers(sign) else sign for sign in text)


def _steers(sign: str) -> bool:
    return sign in _TURNS_TEXT_ROUND or (sign not in _KEPT and unicodedata.category(sign) in {"Cc", "Cs"})


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def columns(rows: Iterable[Sequence[str]], gap: str = "  ") -> str:
    """Rows of cells as aligned lines.

    >>> print(columns([("size", "12 B"), ("duration", "1 s")]))
    size      12 B
    duration  1 s
    """
    table = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    )


def size_text(count: int) -> str:
    """A number of bytes, rounded.

    >>> size_text(4868817)
    '4.6 MiB'
    """
    if count < 1024:
        return f"{count} B"
    value, units = count / 1024, ["KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.1f} {units[0]}"


def seconds_text(seconds: float) -> str:
    """A duration as a number of seconds, or as a clock from a minute on.

    >>> seconds_text(4.5), seconds_text(3725.25)
    ('4.5 s', '1:02:05.25')
    """
    if seconds < 60:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest / 1000:06.3f}".rstrip("0").rstrip(".")
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"


def dollars_text(dollars: float) -> str:
    """An amount of money: to the cent, or as exact as it was counted where it is less than one.

    >>> dollars_text(12.3456), dollars_text(0.000459), dollars_text(0)
    ('12.35 USD', '0.000459 USD', '0.00 USD')
    """
    return f"{dollars:.6f} USD" if 0 < dollars < 0.01 else f"{dollars:.2f} USD"


def rate_text(rate: str) -> str:
    """Frames per second from an exact ratio.

    >>> rate_text("30000/1001"), rate_text("25/1")
    ('29.97', '25')
    """
    top, _, bottom = rate.partition("/")
    return f"{round(int(top) / int(bottom or 1), 3):g}"
