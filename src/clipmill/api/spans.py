"""Parts of an object, as the ``Range`` header asks for them (RFC 9110, 14).

Convention: bytes count from 0, ends are exclusive here and inclusive in the header.
"""

import re
from dataclasses import dataclass

from clipmill.errors import RangeNotSatisfiableError

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,20})\s*-\s*(\d{0,20})\s*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Span:
    """The bytes ``[start, end)`` of an object of ``size``."""

    start: int
    end: int
    size: int

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def content_range(self) -> str:
        """As the answer tells it.

        >>> Span(0, 10, 100).content_range
        'bytes 0-9/100'
        """
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def span_of(header: str | None, size: int) -> Span | None:
    """The part that is asked for; None where the header names no single part of bytes, so that all of them are sent.

    >>> span_of("bytes=-3", 10)
    Span(start=7, end=10, size=10)
    >>> span_of("bytes=0-1,5-6", 10) is None
    True
    """
    asked = _RANGE.fullmatch(header or "")
    if asked is None or not (asked[1] or asked[2]):
        return None
    if not asked[1]:
        start, end = max(0, size - int(asked[2])), size
    else:
        start, end = int(asked[1]), min(int(asked[2] or size) + 1, size)
        if asked[2] and int(asked[2]) < start:
            return None
    if start >= size or end <= start:
        raise RangeNotSatisfiableError(
            f"Range: expected bytes within 0-{max(size - 1, 0)}, got {header!r:.100}; the object has {size} bytes. Ask "
            "for some of those.",
            details={"size": size},
        )
    return Span(start, end, size)
