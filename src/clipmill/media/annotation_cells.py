"""The cells of an annotation table: how each column is written, and read back.

Convention: a reader takes the text of a cell and raises ValueError with what was expected and what came. A start is
``M:SS`` or ``H:MM:SS`` with up to three decimals, a length is seconds. There is no quoting.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from clipmill.media.annotations import Annotation, Rating, name_complaint, notes_complaint, tag_complaint
from clipmill.media.time import round_half_up

COLUMNS = ("start_time", "rating", "tags", "clip_name", "clip_duration", "notes", "video_sequence")

_START = re.compile(r"(?:(\d{1,15}):([0-5]\d)|(\d{1,15})):([0-5]\d(?:\.\d{1,3})?)", re.ASCII)
_LENGTH = re.compile(r"\d{1,15}(?:\.\d{1,3})?", re.ASCII)
_SEQUENCE = re.compile(r"\d{1,15}", re.ASCII)
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")

Reader = Callable[[str], Any]


def readers(allowed_tags: Collection[str] | None, duration: Fraction | None) -> Mapping[str, Reader]:
    """How each column is read; starts lie before ``duration``, the end of the video."""
    return {
        "start_time": partial(_start, duration),
        "rating": _rating,
        "tags": partial(_tags, allowed_tags),
        "clip_name": partial(_text, name_complaint),
        "clip_duration": _length,
        "notes": partial(_text, notes_complaint),
        "video_sequence": _sequence,
    }


def written(annotation: Annotation) -> tuple[str, ...]:
    """The cells of an annotation, in the order of `COLUMNS`."""
    start_ms, end_ms = (round_half_up(time * 1000) for time in (annotation.start, annotation.end))
    if start_ms == end_ms:
        # Shorter than can be written: the millisecond that holds its end.
        end_ms = math.ceil(annotation.end * 1000)
        start_ms = end_ms - 1
    return (
        _start_text(start_ms),
        str(annotation.rating.value),
        ",".join(map(_flat, annotation.tags)),
        _flat(annotation.name),
        _length_text(end_ms - start_ms),
        _flat(annotation.notes),
        str(annotation.video_sequence or ""),
    )


def _start(duration: Fraction | None, cell: str) -> Fraction:
    found = _START.fullmatch(cell)
    if not found:
        raise ValueError(f"expected a time such as 75:04, 1:15:04 or 0:07.25, got {cell!r:.60}")
    hours, minutes = int(found[1] or 0), int(found[2] or found[3])
    start = (hours * 60 + minutes) * 60 + Fraction(found[4])
    if duration is not None and start >= duration:
        raise ValueError(
            f"expected a time before the end of the video, {_start_text(round_half_up(duration * 1000))}, got {cell}"
        )
    return start


def _rating(cell: str) -> Rating:
    if cell not in {"1", "2", "3", "4", "5"}:
        raise ValueError(f"expected a digit from 1 to 5, got {cell!r:.60}")
    return Rating(int(cell))


def _tags(allowed: Collection[str] | None, cell: str) -> tuple[str, ...]:
    tags = tuple(tag for part in cell.split(",") if (tag := part.strip()))
    for tag in tags:
        _text(tag_complaint, tag)
        if allowed is not None and tag not in allowed:
            raise ValueError(f"expected tags out of {', '.join(sorted(allowed)):.200}, got {tag!r}")
    return tags


def _text(complaint_about: Callable[[str], str | None], cell: str) -> str:
    if complaint := complaint_about(cell):
        raise ValueError(complaint)
    return cell


def _length(cell: str) -> Fraction:
    if not _LENGTH.fullmatch(cell) or not (length := Fraction(cell)):
        raise ValueError(f"expected seconds above 0 with at most 3 decimals, such as 4.5, got {cell!r:.60}")
    return length


def _sequence(cell: str) -> int | None:
    if not cell:
        return None
    if not _SEQUENCE.fullmatch(cell) or not (number := int(cell)):
        raise ValueError(f"expected nothing or a whole number from 1, got {cell!r:.60}")
    return number


def _flat(text: str) -> str:
    """The text without what ends a cell or a row."""
    return _BREAKS.sub(" ", text).encode("utf-8", "replace").decode()


def _start_text(milliseconds: int) -> str:
    """Minutes and seconds.

    >>> _start_text(75_250), _start_text(6_000_000)
    ('1:15.25', '100:00')
    """
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes}:{seconds:02}" + f".{thousandths:03}".rstrip("0").rstrip(".")


def _length_text(milliseconds: int) -> str:
    """Seconds with one to three decimals.

    >>> _length_text(5_000), _length_text(4_125)
    ('5.0', '4.125')
    """
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds}.{thousandths // 100}" + f"{thousandths % 100:02}".rstrip("0")
