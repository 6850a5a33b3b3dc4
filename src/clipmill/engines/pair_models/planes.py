"""What the network sees of a strip: how strongly, where, for how long and in which colour thin strokes stand out.

*Convention:* planes are uint8 of shape (n, 17, height / 4, width / 4); signed values have their zero at 128. Strokes that don't
last (`persistence`) are wiped from the strip; of what is left come, in order: bright strokes, dark strokes, steps across, steps
down, luma, two colour differences, and the sum of bright and negative dark strokes in the four quarters of each cell. Six
planes of bright and dark strokes follow: those that last long, the strongest lasting ones around, those that were wiped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.pair_models.model import Frames
from clipmill.engines.pair_models.persistence import REACH, SHORT, LastingStrokes, Strokes, lasting

CELL_PX = 4
STILL = 11
"""Planes of the wiped strip."""
PLANES = STILL + 6
STROKE_PX = 9
"""Wider than the strokes of letters are in a strip."""

Planes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class StripReading:
    """One strip: itself, its luma and its strokes pixel by pixel, and its colours by cells, (height / 4, width / 4, 2)."""

    strip: NDArray[np.uint8]
    luma: NDArray[np.uint8]
    strokes: Strokes
    colours: NDArray[np.uint8]


def planes_of(strips: Frames) -> Planes:
    """The planes of strips that are a whole video."""
    readings = [reading_of(strip) for strip in strips]
    return joined_planes(readings, range(len(readings)))


def joined_planes(readings: Sequence[StripReading], wanted: range) -> Planes:
    """The planes of the wanted strips out of strips that follow one another."""
    return planes_with(readings[wanted.start : wanted.stop], lasting_in(readings, wanted))


def lasting_in(readings: Sequence[StripReading], wanted: range) -> LastingStrokes:
    """What lasts in the wanted strips out of strips that follow one another."""
    return lasting(
        np.stack([strokes_at(readings, place) for place in range(wanted.start - REACH, wanted.stop + REACH)])
    )


def planes_with(readings: Sequence[StripReading], lasts: LastingStrokes) -> Planes:
    """The planes of strips of which this is said to last."""
    return np.stack([_planes(reading, lasts, number) for number, reading in enumerate(readings)])


def strokes_at(readings: Sequence[StripReading], place: int) -> Strokes:
    """Beyond its ends a video shows nothing; strips that are too few to tell what lasts are held."""
    if len(readings) < SHORT:
        return readings[min(max(place, 0), len(readings) - 1)].strokes
    return readings[place].strokes if 0 <= place < len(readings) else np.zeros_like(readings[0].strokes)


def reading_of(strip: NDArray[np.uint8]) -> StripReading:
    """What one strip shows."""
    import cv2

    kernel = np.ones((STROKE_PX, STROKE_PX), np.uint8)
    colours: Any = cv2.cvtColor(strip, cv2.COLOR_RGB2YCrCb)
    luma: Any = np.ascontiguousarray(colours[..., 0])
    strokes: Any = cv2.merge([cv2.morphologyEx(luma, how, kernel) for how in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)])
    return StripReading(strip, luma, strokes, _cells(colours)[..., 1:])


def _planes(reading: StripReading, lasts: LastingStrokes, number: int) -> Planes:
    import cv2

    kept = lasts.short[number]
    gone: Any = cv2.subtract(reading.strokes, kept)
    luma: Any = cv2.add(cv2.subtract(reading.luma, gone[..., 0]), gone[..., 1])
    across, down = np.zeros_like(luma), np.zeros_like(luma)
    cv2.absdiff(luma[:, 1:], luma[:, :-1], dst=across[:, 1:])
    cv2.absdiff(luma[1:], luma[:-1], dst=down[1:])
    signed: Any = cv2.addWeighted(kept[..., 0], 0.5, kept[..., 1], -0.5, 128.0)
    fine = _cells(signed, CELL_PX // 2)
    height, width = fine.shape[0] // 2, fine.shape[1] // 2
    quarters = fine.reshape(height, 2, width, 2).transpose(1, 3, 0, 2).reshape(4, height, width)
    steps: Any = cv2.merge([across, down, luma])
    parts = [_cells(kept), _cells(steps), reading.colours]
    others = [_cells(part) for part in (lasts.long[number], lasts.around[number], gone)]
    return np.concatenate([*map(_first, parts), quarters, *map(_first, others)])


def _cells(pixels: NDArray[np.uint8], side_px: int = CELL_PX) -> NDArray[np.uint8]:
    """Means of cells of so many pixels in both directions."""
    import cv2

    size = (pixels.shape[1] // side_px, pixels.shape[0] // side_px)
    means: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return means


def _first(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The last direction made the first."""
    return np.moveaxis(values, 2, 0)
