"""Chapters: where each clip begins, what it is called, and how players are told.

Convention: whole milliseconds, rounded up, so that a jump to a chapter never shows the clip before; ends are exclusive.
"""

import html
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

LONGEST_TITLE = 255
"""Bytes of UTF-8."""

_MEDIA_EXTENSION = re.compile(r"\.(mp4|m4v|mov|mkv|webm|avi|mts|m2ts|ts|mpg|mpeg|wmv|flv|3gp|mxf)$", re.IGNORECASE)
_FFMETADATA_SPECIAL = re.compile(r"[=;#\\\n]")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A titled stretch of a file."""

    index: int
    title: str
    start_ms: int
    end_ms: int


def chapter_title(name: str | None, file_name: str | None, position: int) -> str:
    """What a clip is called: its name, its file's name, or its place in the list (``position`` counts from 0).

    >>> chapter_title(None, "Corner no. 3.mov", 0), chapter_title(" ", None, 1)
    ('Corner no. 3', 'Clip 2')
    """
    stem = _MEDIA_EXTENSION.sub("", re.split(r"[/\\]", file_name.strip())[-1]) if file_name else ""
    return _one_line(name or "") or _one_line(stem) or f"Clip {position + 1}"


def _one_line(text: str) -> str:
    # JSON can carry half a surrogate pair, which no file can: it becomes a question mark.
    encoded = " ".join(text.split()).encode("utf-8", "replace")
    return encoded[:LONGEST_TITLE].decode("utf-8", "ignore").rstrip()


def chapters(starts: Sequence[int], total_frames: int, fps: Fraction, titles: Sequence[str]) -> tuple[Chapter, ...]:
    """One chapter per clip, from the clips' first output frames; none for a single clip."""
    if len(starts) < 2:
        return ()
    edges = pairwise(math.ceil(frame / fps * 1000) for frame in (*starts, total_frames))
    return tuple(
        Chapter(index, title, start, end) for index, (title, (start, end)) in enumerate(zip(titles, edges, strict=True))
    )


def webvtt(marks: Iterable[Chapter]) -> str:
    """The chapters as a WebVTT file."""
    cues = (
        f"\n{number}\n{_vtt_time(mark.start_ms)} --> {_vtt_time(mark.end_ms)}\n{html.escape(mark.title, quote=False)}\n"
        for number, mark in enumerate(marks, 1)
    )
    return "WEBVTT\n" + "".join(cues)


def plain_lines(marks: Iterable[Chapter]) -> str:
    """The chapters as people paste them under a video: ``M:SS Title``."""
    return "".join(f"{_short_time(mark.start_ms)} {mark.title}\n" for mark in marks)


def escape_ffmetadata(text: str) -> str:
    r"""The text with a backslash before what ffmetadata reads as its own signs.

    >>> print(escape_ffmetadata("a=b;c#d"))
    a\=b\;c\#d
    """
    return _FFMETADATA_SPECIAL.sub(lambda sign: "\\" + sign[0], text)


def ffmetadata(marks: Iterable[Chapter]) -> str:
    """The chapters as an ffmetadata file."""
    parts = (
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={mark.start_ms}\nEND={mark.end_ms}\ntitle={escape_ffmetadata(mark.title)}\n"
        for mark in marks
    )
    return ";FFMETADATA1\n" + "".join(parts)


def _vtt_time(milliseconds: int) -> str:
    hours, minutes, seconds = _clock(milliseconds)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds % 1000:03}"


def _short_time(milliseconds: int) -> str:
    hours, minutes, seconds = _clock(milliseconds)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _clock(milliseconds: int) -> tuple[int, int, int]:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return *divmod(minutes, 60), seconds
