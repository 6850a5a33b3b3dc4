"""A reel of any file: a few windows of it, each in a crop that pans slowly, the last with a slow part."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from clipmill.cli.samples.documents import OUTPUT, clip, document
from clipmill.media.geometry import Box, Size, largest_box
from clipmill.media.info import VideoInfo

MOST_CLIPS = 3
SHORTEST, LONGEST = Fraction(2), Fraction(5)
ROOM_TO_PAN = 0.9
TRAVEL = 0.3
"""How far a crop pans, in its own widths."""


def file_reel(video: VideoInfo, source: str) -> dict[str, Any]:
    """A reel of a file with this picture."""
    found = list(windows(video.duration))
    clips: list[dict[str, Any]] = []
    for index, (start, end) in enumerate(found):
        middle, length = (end - start) / 2, end - start
        slow = (
            (middle - Fraction(1, 2), middle + Fraction(1, 2)) if length >= SHORTEST and end == found[-1][1] else None
        )
        left, right = pan(video.displayed)
        ends = (left, right) if index % 2 == 0 else (right, left)
        keyframes = [(Fraction(0), ends[0]), (length, ends[1])]
        clips.append(clip(f"Part {index + 1}", (start, end), keyframes, slow))
    return document(source, clips)


def windows(duration: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    """Up to three windows, spread from the beginning of a file to its end; a short file has fewer.

    >>> [(str(start), str(end)) for start, end in windows(Fraction(60))]
    [('0', '5'), ('55/2', '65/2'), ('55', '60')]
    """
    count = max(1, min(MOST_CLIPS, int(duration / SHORTEST)))
    length = min(LONGEST, duration / count)
    for index in range(count):
        start = (duration - length) * index / max(1, count - 1)
        yield start, start + length


def pan(frame: Size) -> tuple[Box, Box]:
    """The ends of a pan: boxes of the output's shape, left and right of the middle."""
    whole = largest_box(frame, OUTPUT.ratio)
    zoom = 1.0 if frame.width - whole.width > TRAVEL * whole.width else ROOM_TO_PAN
    width, height = whole.width * zoom, whole.height * zoom
    travel = min(TRAVEL * width, frame.width - width)
    y = (frame.height - height) / 2
    middle = (frame.width - width) / 2
    return Box(middle - travel / 2, y, width, height), Box(middle + travel / 2, y, width, height)
