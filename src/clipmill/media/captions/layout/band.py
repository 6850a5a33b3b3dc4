"""Which rows are the captions: the best one, and at most two more lines beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from clipmill.media.captions.layout.boxes import ROUNDING
from clipmill.media.captions.layout.rows import Row, frames_weighted, similar_heights
from clipmill.media.captions.layout.spread import median_deviation

USUAL_CENTRE = 0.85
"""Where captions stand most often."""
LOOSE_EDGE = 0.05
"""How far edges may spread before a row loses half of its score."""
MOST_LINES = 3
SMALLEST_SHARE = 0.1
"""Of the best score, for another line of the band."""
FARTHEST_LINE = 2.2
"""From a line of the band to the next, in heights of the best row."""


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A row and how much it looks like captions, 0..1."""

    row: Row
    score: float
    centre: float
    height: float


def scored(rows: Sequence[Row]) -> list[ScoredRow]:
    """Every row with its score among them."""
    frames = frames_weighted(box for row in rows for box in row.boxes)
    return [ScoredRow(row, _score(row, frames), row.centre, row.height) for row in rows]


def band_of(rows: Sequence[ScoredRow]) -> list[ScoredRow]:
    """The rows of the captions, the best one first."""
    best = _highest(rows)
    band = [best]
    while len(band) < MOST_LINES:
        lines = [row for row in rows if row not in band and _continues(row, band)]
        if not lines:
            break
        band.append(_highest(lines))
    return band


def _score(row: Row, frames: int) -> float:
    share = row.support / frames
    distinct = row.texts / len(row.boxes)
    position = 1 - 0.5 * abs(row.centre - USUAL_CENTRE) / USUAL_CENTRE
    edges = ([box.left for box in row.boxes], [box.centre_x for box in row.boxes], [box.right for box in row.boxes])
    alignment = 1 / (1 + min(map(median_deviation, edges)) / LOOSE_EDGE)
    return share * distinct * position * alignment


def _highest(rows: Sequence[ScoredRow]) -> ScoredRow:
    top = max(row.score for row in rows)
    return max((row for row in rows if row.score >= top - ROUNDING), key=lambda row: row.centre)


def _continues(row: ScoredRow, band: Sequence[ScoredRow]) -> bool:
    best = band[0]
    reach = FARTHEST_LINE * best.height + ROUNDING
    return (
        row.score >= SMALLEST_SHARE * best.score - ROUNDING
        and similar_heights(row.height, best.height)
        and any(abs(row.centre - line.centre) <= reach for line in band)
    )
