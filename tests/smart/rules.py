"""What an overlay and an extract must show, worked out from the pictures of the source: plain sums, no code of the product.

Convention: times are exact seconds from the source's first displayed picture; pictures are counted from 0; ends are exclusive.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.smart.movie import Movie

Span = tuple[float, float]
"""From when to when, as a request says it."""

COPIED_SOUND = ("aac", "mp3", "opus")
SPOT = (0.16, 0.45, 0.08, 0.13)
"""Centre and radii of the ellipse that is drawn, in parts of the displayed width and height: no mark lies there."""
SPOT_LEVELS = (63, 102, 240)
"""The Y, Cb, Cr of its red."""


def exact(value: float) -> Fraction:
    """The number that a JSON float means: its shortest decimal form."""
    return Fraction(str(value))


def within(movie: Movie, span: Span) -> set[int]:
    """The pictures of a span."""
    start, end = (exact(value) - movie.tolerance for value in span)
    return {index for index, time in enumerate(movie.times) if start <= time < end}


def extracted(movie: Movie, span: Span) -> list[int]:
    """The pictures of a clip: those of its span, or the one on screen when it begins."""
    latest = max(index for index, time in enumerate(movie.times) if time <= exact(span[0]) + movie.tolerance)
    return sorted(within(movie, span)) or [latest]


def drawn(movie: Movie, regions: Iterable[Span]) -> set[int]:
    """The pictures that something is drawn on."""
    return set().union(*(within(movie, region) for region in regions))


def shown(movie: Movie, kept: Sequence[int]) -> list[tuple[Fraction, int]]:
    """When each number of these pictures is shown, counted from the first of them."""
    return [(movie.times[index] - movie.times[kept[0]], movie.numbers[index]) for index in kept]


def length(movie: Movie, kept: Sequence[int]) -> Fraction:
    """From the first of these pictures until the last one goes."""
    after = kept[-1] + 1
    return (movie.times[after] if after < len(movie.times) else movie.duration) - movie.times[kept[0]]


def longest_step(movie: Movie) -> Fraction:
    """How far the pictures' times differ from a constant rate."""
    steps = [after - before for before, after in pairwise(movie.times)]
    return max(steps) - min(steps)


def can_be_copied(movie: Movie) -> bool:
    """Whether closed groups of this source must be copied: as a deliverable is, with one set of parameters beside the pictures."""
    look = movie.look
    found = (movie.codec, look.pixel_format, look.matrix, look.primaries, look.transfer, look.full_range)
    plain = (look.sample_aspect, look.rotation, look.entries) == (1, 0, 1)
    brought = {unit for coded in movie.coded for unit in coded.sequence_sets}
    return found == ("h264", "yuv420p", 1, 1, 1, False) and plain and look.out_of_band and len(brought) < 2


def untouched_groups(movie: Movie, kept: Sequence[int], changed: set[int]) -> list[tuple[Fraction, Fraction]]:
    """The closed groups of which every picture is kept and none is drawn on."""
    whole = set(kept) - changed
    return [
        (start, end)
        for start, end in movie.closed_groups
        if all(index in whole for index, time in enumerate(movie.times) if start <= time < end)
    ]


def overlay_request(movie: Movie, regions: Sequence[Span], **changes: Any) -> dict[str, Any]:
    """A red spot while a region lasts, and nothing else."""
    width, height = movie.pictures[0].displayed
    across, down, wide, tall = SPOT
    place = {"x": across * width, "y": down * height, "radius_x": wide * width, "radius_y": tall * height}
    return {
        "input_key": movie.path.name,
        "output_key": "overlay.mp4",
        "highlight_regions": [
            {"start_time": start, "end_time": end, "exit_fade": 0, "keyframes": [{"time": start, **place}]}
            for start, end in regions
        ],
        "effect_type": "original",
        "overlay_settings": {
            "fill_enabled": True,
            "fill_opacity": 1,
            "stroke_width": 0,
            "highlight_color": "#FF0000",
        },
        "smart_render": True,
        "encoder": "x264",
    } | changes


def extract_request(movie: Movie, spans: Sequence[Span], **changes: Any) -> dict[str, Any]:
    return {
        "input_key": movie.path.name,
        "output_prefix": "clips",
        "outputs": ["clips"],
        "clips": [{"start_time": start, "end_time": end, "name": f"Part {start}"} for start, end in spans],
    } | changes
