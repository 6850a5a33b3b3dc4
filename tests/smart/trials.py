"""Random requests for a source, and the call of the functions with them.

One is drawn for each source by default, the same one in each run; ``HYPOTHESIS_PROFILE=thorough`` draws many new ones.
"""

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from tests.contexts import FolderContext
from tests.smart.laws import Rendering
from tests.smart.movie import Movie
from tests.smart.rules import Span, drawn, extract_request, extracted, overlay_request

from clipmill.functions.catalog import load_function

SLOW: Any = {"deadline": None, "suppress_health_check": list(HealthCheck)}
FEW = settings(max_examples=1, derandomize=True, database=None, phases=[Phase.generate], **SLOW)
THOROUGH = settings(max_examples=40, **SLOW)
EFFORT = THOROUGH if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else FEW

BESIDE_MS = (0, 1, 0, -1, 7, 0, -13, 20)
REGION_STEPS = (5, 2, 3, 1, 9, 14, 30)
CLIP_STEPS = ((17, 25, 2, 6), (13, 21, 3, 9), (30, 4, 11, 60))

Value = TypeVar("Value")


def for_examples(drawn_from: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    def checked(asked: Any) -> None:
        note(f"asked for {asked}")
        check(asked)

    EFFORT(given(drawn_from)(checked))()


def regions(movie: Movie) -> st.SearchStrategy[list[Span]]:
    """One to three spans, which may overlap."""
    least = 1 + _own(movie, "regions") % 2
    return st.lists(_spans(movie), min_size=least, max_size=3, unique=True)


def cuts(movie: Movie) -> st.SearchStrategy[list[float]]:
    """Two to four times, the edges of neighbouring clips."""
    steps = st.tuples(*(_one_of(movie, lengths) for lengths in CLIP_STEPS))
    first_half = movie.times[: len(movie.times) // 2]
    return st.tuples(_moments(movie, first_half), steps).map(lambda chosen: _edges(movie, *chosen))


def _edges(movie: Movie, start: float, counts: Sequence[int]) -> list[float]:
    edges = [round(edge, 3) for edge in accumulate((count * _step(movie) for count in counts), initial=start)]
    inside = [edge for edge in edges if edge < movie.duration]
    return inside if len(inside) > 1 else [*inside, round(float(movie.duration) + 0.5, 3)]


def _spans(movie: Movie) -> st.SearchStrategy[Span]:
    begins = _moments(movie, movie.times)
    return st.tuples(begins, _one_of(movie, REGION_STEPS)).map(lambda chosen: _span(movie, *chosen))


def _span(movie: Movie, start: float, count: int) -> Span:
    return start, round(start + count * _step(movie), 3)


def _moments(movie: Movie, times: Sequence[Fraction]) -> st.SearchStrategy[float]:
    """Milliseconds on one of the times, or beside it."""
    return st.tuples(_one_of(movie, times), _one_of(movie, BESIDE_MS)).map(lambda chosen: _moment(*chosen))


def _moment(time: Fraction, beside_ms: int) -> float:
    return max(0.0, round(float(time) + beside_ms / 1000, 3))


def _one_of(movie: Movie, values: Sequence[Value]) -> st.SearchStrategy[Value]:
    """One of the values; which of them is the simplest differs from source to source."""
    first = _own(movie, repr(values)) % len(values)
    return st.sampled_from([*values[first:], *values[:first]])


def _own(movie: Movie, purpose: str) -> int:
    """A number that is a source's own, the same one in each run."""
    return crc32(f"{movie.path.stem} {purpose}".encode())


def _step(movie: Movie) -> float:
    return float(movie.duration) / len(movie.times)


def overlaid(folder: Path, movie: Movie, spans: Sequence[Span], **changes: Any) -> Rendering:
    """The source with a spot in these spans."""
    world = _world(folder, movie)
    told = load_function("render_overlay")(overlay_request(movie, spans, **changes), world).to_json()
    output = Movie(world.folder / told["output_key"])
    return Rendering(output, told, movie, range(len(movie.times)), frozenset(drawn(movie, spans)))


def clips(folder: Path, movie: Movie, spans: Sequence[Span], **changes: Any) -> list[Rendering]:
    """The source's clips of these spans."""
    world = _world(folder, movie)
    told = load_function("extract_clips")(extract_request(movie, spans, **changes), world).to_json()
    assert [clip["output_key"] for clip in told["clips"]] == [
        f"clips/clip_{n:03}.mp4" for n in range(1, len(spans) + 1)
    ]
    common = {"audio": told["audio"], "warnings": told["warnings"]}
    return [
        Rendering(Movie(world.folder / clip["output_key"]), common | clip, movie, extracted(movie, span))
        for clip, span in zip(told["clips"], spans, strict=True)
    ]


def _world(folder: Path, movie: Movie) -> FolderContext:
    """A folder of its own: a test may render twice."""
    world = FolderContext(Path(mkdtemp(dir=folder)))
    world.put(movie.path)
    return world
