"""The marks of drawn videos: a frame's own number as black and white cells, a bar that stands where the time is, a beep.

Convention: positions are pixels of the picture as displayed (turned upright, square pixels). Marks are sized and placed by the
displayed size alone, so a reader needs that size and the part of it that the picture shows (a box), at any resolution.
The code lies centred, 1/2 x 1/4 of the shorter side: every centred crop down to 9:16 of a 16:9 picture holds it whole.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import cos, radians, sin
from typing import NamedTuple

import numpy as np

COLUMNS, ROWS = 6, 3
NUMBER_BITS, CHECK_BITS = 12, 4
LARGEST_NUMBER = (1 << NUMBER_BITS) - 1
BLACK, WHITE = 20, 230
LEAST_CONTRAST = 24
MARKER_PERIOD = Fraction(4)
BAND_TOP, BAND_BOTTOM = 0.80, 0.92
BAND_LUMA, MARKER_LUMA = 40, 220
FLASH_LUMA = 235
BEEP_SECONDS = 0.06
BEEP_FROM_HZ, BEEP_TO_HZ = 800.0, 4000.0


class Box(NamedTuple):
    """A part of the displayed picture; it may reach outside, as the box of a letterboxed picture does."""

    x: float
    y: float
    width: float
    height: float


class UnreadableError(ValueError):
    """The picture shows no whole, intact mark."""


def code_bits(number: int) -> list[int]:
    """The cells of a number, row by row: a white one, the number, its check, a black one."""
    if not 0 <= number <= LARGEST_NUMBER:
        raise ValueError(f"number: expected 0 to {LARGEST_NUMBER}, got {number}")
    word = number << CHECK_BITS | _check(number)
    bits = [word >> place & 1 for place in reversed(range(NUMBER_BITS + CHECK_BITS))]
    return [1, *bits, 0]


def _check(number: int) -> int:
    """CRC-4-ITU of the number, inverted so that a picture of one colour is no code."""
    value = number << CHECK_BITS
    for place in reversed(range(CHECK_BITS, NUMBER_BITS + CHECK_BITS)):
        if value >> place & 1:
            value ^= 0b10011 << (place - CHECK_BITS)
    return value ^ 0b1111


def code_box(size: tuple[int, int]) -> Box:
    """Where the code lies on a displayed picture."""
    cell = min(size) / 12
    return Box((size[0] - COLUMNS * cell) / 2, (size[1] - ROWS * cell) / 2, COLUMNS * cell, ROWS * cell)


def draw_code(luma: np.ndarray, size: tuple[int, int], number: int) -> None:
    """Draw a number on a plane that shows the whole displayed picture, whatever its own resolution."""
    box = code_box(size)
    rows, row_cells = _cells(luma.shape[0], size[1], box.y, box.height, ROWS)
    columns, column_cells = _cells(luma.shape[1], size[0], box.x, box.width, COLUMNS)
    levels = np.where(np.reshape(code_bits(number), (ROWS, COLUMNS)), WHITE, BLACK)
    luma[rows, columns] = levels[np.ix_(row_cells, column_cells)]


def _cells(samples: int, length: int, start: float, extent: float, count: int) -> tuple[slice, np.ndarray]:
    """The samples of one axis that lie in the code, and the cell of each."""
    centres = (np.arange(samples) + 0.5) * length / samples
    cell = np.floor((centres - start) / extent * count).astype(int)
    inside = np.flatnonzero((cell >= 0) & (cell < count))
    part = slice(int(inside[0]), int(inside[-1]) + 1)
    return part, cell[part]


def read_frame_number(
    luma: np.ndarray,
    size: tuple[int, int] | None = None,
    box: Box | Iterable[float] | None = None,
    degrees: float = 0.0,
) -> int:
    """The number that a picture carries.

    ``size`` is the displayed size of the drawn video (the picture's own if it is shown whole), ``box`` the part that the picture
    shows, ``degrees`` how far the drawn picture was turned counter-clockwise about its centre before the box was cut.
    """
    size = size or (luma.shape[1], luma.shape[0])
    area = code_box(size)
    # Points of the inner half of each cell: blurred borders do not count.
    inner = np.linspace(0.25, 0.75, 7)
    x = area.x + area.width * (np.arange(COLUMNS)[:, None] + inner).ravel() / COLUMNS
    y = area.y + area.height * (np.arange(ROWS)[:, None] + inner).ravel() / ROWS
    points = _sample(luma, size, box, degrees, np.meshgrid(x, y))
    cells = points.reshape(ROWS, len(inner), COLUMNS, len(inner)).mean(axis=(1, 3)).ravel()
    white, black = cells[0], cells[-1]
    if white - black < LEAST_CONTRAST:
        raise UnreadableError(f"no code: its white cell is {white:.0f}, its black cell {black:.0f}")
    word = int("".join("1" if cell > (white + black) / 2 else "0" for cell in cells[1:-1]), 2)
    number = word >> CHECK_BITS
    if word & 0b1111 != _check(number):
        raise UnreadableError(f"damaged code: {word:016b}")
    return number


def _sample(
    luma: np.ndarray, size: tuple[int, int], box: Box | Iterable[float] | None, degrees: float, points: list[np.ndarray]
) -> np.ndarray:
    """The picture at points of the displayed source."""
    view = Box(*box) if box else Box(0, 0, *size)
    across, down = points[0] - size[0] / 2, points[1] - size[1] / 2
    turn, rise = cos(radians(degrees)), sin(radians(degrees))
    x = (size[0] / 2 + across * turn + down * rise - view.x) * luma.shape[1] / view.width
    y = (size[1] / 2 - across * rise + down * turn - view.y) * luma.shape[0] / view.height
    if x.min() < 0 or y.min() < 0 or x.max() >= luma.shape[1] or y.max() >= luma.shape[0]:
        raise UnreadableError("the mark lies outside the picture")
    return luma[y.astype(int), x.astype(int)]


def marker_x(time: Fraction, width: int) -> float:
    """Where the bar's centre stands at a time: it crosses the picture once in four seconds."""
    return width * (1 / 16 + 7 / 8 * float(time % MARKER_PERIOD / MARKER_PERIOD))


def draw_marker(luma: np.ndarray, size: tuple[int, int], time: Fraction) -> None:
    """Draw the bar, with its edges between pixels, on a plane that shows the whole displayed picture."""
    height, width = luma.shape
    middle, half = marker_x(time, size[0]) * width / size[0], width / 64
    edges = np.arange(width + 1)
    covered = np.clip(np.minimum(edges[1:], middle + half) - np.maximum(edges[:-1], middle - half), 0, 1)
    band = slice(round(height * BAND_TOP), round(height * BAND_BOTTOM))
    luma[band] = np.rint(BAND_LUMA + (MARKER_LUMA - BAND_LUMA) * covered)


def read_marker(
    luma: np.ndarray, size: tuple[int, int] | None = None, box: Box | Iterable[float] | None = None
) -> float:
    """Where the bar's centre stands, in pixels of the displayed source, to about a fifth of a pixel."""
    size = size or (luma.shape[1], luma.shape[0])
    view = Box(*box) if box else Box(0, 0, *size)
    scale = luma.shape[0] / view.height
    inner = (BAND_BOTTOM - BAND_TOP) / 4
    top, bottom = ((size[1] * edge - view.y) * scale for edge in (BAND_TOP + inner, BAND_BOTTOM - inner))
    if top < 0 or bottom > luma.shape[0]:
        raise UnreadableError("the marker's band lies outside the picture")
    profile = luma[int(top) : max(int(bottom), int(top) + 1)].mean(axis=0)
    ground, peak = float(np.median(profile)), float(profile.max())
    if peak - ground < LEAST_CONTRAST:
        raise UnreadableError(f"no marker: the band is {ground:.0f}, its brightest column {peak:.0f}")
    weights = np.clip((profile - ground) / (peak - ground), 0, 1)
    weights[weights < 0.1] = 0
    if weights[0] or weights[-1]:
        raise UnreadableError("the marker is cut by the picture's edge")
    centre = float((weights * (np.arange(len(weights)) + 0.5)).sum() / weights.sum())
    return view.x + centre * view.width / luma.shape[1]


def patch_box(displayed: tuple[int, int], index: int, count: int) -> Box:
    """Where one of ``count`` colour patches lies on the displayed picture."""
    width = displayed[0] / count
    return Box(index * width, 0, width, displayed[1] / 6)


def beep(rate: int) -> np.ndarray:
    """A rising tone: unlike a steady one it fits itself at one position only."""
    seconds = np.arange(round(BEEP_SECONDS * rate)) / rate
    slope = (BEEP_TO_HZ - BEEP_FROM_HZ) / BEEP_SECONDS
    return np.sin(2 * np.pi * (BEEP_FROM_HZ + slope / 2 * seconds) * seconds)
