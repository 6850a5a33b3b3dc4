"""The ground of the sample match: where a point of the pitch lies on the picture, and the grass, lines and goals there.

Convention: pictures are float arrays (rows, columns, 3) of R'G'B' 0..255; the view is drawn for 1280 x 720 and scaled.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clipmill.engines.sample_match.story import GOAL_DEPTH, GOAL_HEIGHT, GOAL_LINE_HALF, LENGTH, WIDTH, Spot
from clipmill.media.geometry import Size

Values = NDArray[np.floating[Any]]

DESIGN_WIDTH, DESIGN_HEIGHT = 1280, 720
BOARDS_TOP, GRASS_TOP = 148, 186
NEAR_LINE, FAR_LINE = 688, 214
NEAR_SCALE, FAR_SCALE = 20.4, 15.4
LINE_WIDTH = 0.15
STRIPE = 5.0
LIGHT_GRASS, DARK_GRASS = (86, 152, 62), (72, 136, 52)
LINE_COLOUR = (236, 242, 232)


class Pen(NamedTuple):
    """A straight stroke's width in pixels of the design, how much it covers, its colour."""

    width: float
    strength: float
    colour: tuple[int, int, int] = (246, 248, 248)


_NET, _STAY, _POST = Pen(0.8, 0.28), Pen(1.2, 0.7), Pen(3.2, 1.0)


@dataclass(frozen=True, slots=True)
class View:
    """A fixed camera in the stand: pinhole, level, looking across the pitch."""

    size: Size

    @property
    def across(self) -> float:
        return self.size.width / DESIGN_WIDTH

    @property
    def down(self) -> float:
        return self.size.height / DESIGN_HEIGHT

    @property
    def unit(self) -> float:
        """Pixels per pixel of the design, for things that keep their shape."""
        return min(self.across, self.down)

    @staticmethod
    def scale(y: float) -> float:
        """Pixels of the design per metre at a depth."""
        distance = WIDTH * FAR_SCALE / (NEAR_SCALE - FAR_SCALE)
        return NEAR_SCALE * distance / (distance + y)

    def screen(self, x: float, y: float, z: float = 0.0) -> tuple[float, float]:
        """Where a point shows, in pixels."""
        scale = self.scale(y)
        row = NEAR_LINE - _RISE * (NEAR_SCALE - scale) - z * scale
        return (DESIGN_WIDTH / 2 + (x - LENGTH / 2) * scale) * self.across, row * self.down

    def ground(self) -> tuple[Values, Values]:
        """X and Y of the ground under every pixel below the boards; the first row is `first_row`."""
        rows = (np.arange(self.first_row, self.size.height) + 0.5) / self.down
        columns = (np.arange(self.size.width) + 0.5) / self.across
        scale = NEAR_SCALE - (NEAR_LINE - rows) / _RISE
        distance = WIDTH * FAR_SCALE / (NEAR_SCALE - FAR_SCALE)
        depth = NEAR_SCALE * distance / scale - distance
        x = LENGTH / 2 + (columns[None, :] - DESIGN_WIDTH / 2) / scale[:, None]
        return x.astype(np.float32), np.broadcast_to(depth[:, None], x.shape).astype(np.float32)

    @property
    def first_row(self) -> int:
        return round(GRASS_TOP * self.down)


_RISE = (NEAR_LINE - FAR_LINE) / (NEAR_SCALE - FAR_SCALE)


def draw_pitch(picture: Values, view: View, chance: np.random.Generator) -> None:
    """Draw grass, lines and goals below the boards."""
    x, y = view.ground()
    lawn = picture[view.first_row :]
    lawn[:] = _grass(x, y, chance)
    cover = np.zeros(x.shape, np.float32)
    for line, extent in _lines(x, y):
        np.maximum(cover, _line_cover(line) * extent, out=cover)
    lawn += (np.array(LINE_COLOUR, np.float32) - lawn) * (cover * 0.9)[..., None]
    for end in (0.0, LENGTH):
        _draw_goal(picture, view, end)
        for side in (0.0, WIDTH):
            _draw_flag(picture, view, end, side)


def _grass(x: Values, y: Values, chance: np.random.Generator) -> Values:
    wave = np.sin(x * np.float32(math.pi / STRIPE))
    stripes = np.clip(wave * 6, -1, 1) * 0.5 + 0.5
    inside = (x > -1.5) & (x < LENGTH + 1.5) & (y > -1.2) & (y < WIDTH + 1.2)
    light, dark = np.array(LIGHT_GRASS, np.float32), np.array(DARK_GRASS, np.float32)
    lawn = dark + (light - dark) * np.where(inside, stripes, 0.2)[..., None]
    shade = np.where(inside, 1.0, 0.86) * (0.92 + 0.12 * y / WIDTH)
    # Mottled in two grains: patches of a metre, blades of a pixel.
    coarse = chance.normal(0, 1, (x.shape[0] // 12 + 2, x.shape[1] // 20 + 2))
    patches = np.kron(coarse, np.ones((12, 20)))[: x.shape[0], : x.shape[1]]
    shade = shade * (1 + 0.035 * _blurred(patches.astype(np.float32), 8)) + chance.normal(0, 0.018, x.shape)
    corners = ((x - LENGTH / 2) / 46) ** 2 + ((y - WIDTH * 0.6) / 52) ** 2
    return (lawn * (shade * (1.04 - 0.2 * corners))[..., None]).astype(np.float32)


def _blurred(plane: Values, reach: int) -> Values:
    for axis in (0, 1):
        padded = np.pad(plane, [(reach, reach) if axis == each else (0, 0) for each in (0, 1)], mode="edge")
        summed = np.cumsum(padded, axis=axis)
        ahead, behind = np.roll(summed, -reach, axis), np.roll(summed, reach, axis)
        plane = np.take((ahead - behind) / (2 * reach), range(reach, reach + plane.shape[axis]), axis=axis)
    return plane


def _lines(x: Values, y: Values) -> list[tuple[Values, Values]]:
    """Signed distance to each line in metres, and where it is drawn."""
    half = LINE_WIDTH / 2
    along = ((x > -half) & (x < LENGTH + half)).astype(np.float32)
    over = ((y > -half) & (y < WIDTH + half)).astype(np.float32)
    centre = np.hypot(x - LENGTH / 2, y - WIDTH / 2)
    lines = [(y, along), (y - WIDTH, along), (x, over), (x - LENGTH, over), (x - LENGTH / 2, over), (centre - 6, along)]
    lines.append((np.maximum(centre - 0.2, 0), along))
    for from_line in (x, LENGTH - x):
        lines.extend(_box_lines(from_line, y, half))
    return lines


def _box_lines(from_line: Values, y: Values, half: float) -> list[tuple[Values, Values]]:
    lines: list[tuple[Values, Values]] = []
    off = y - WIDTH / 2
    for depth, reach in ((9.5, 12.0), (3.6, 6.0)):
        inside = ((from_line > 0) & (from_line < depth + half)).astype(np.float32)
        between = (np.abs(off) < reach + half).astype(np.float32)
        lines += [(np.abs(off) - reach, inside), (from_line - depth, between)]
    spot = np.hypot(from_line - 7, off)
    beyond = (from_line > 9.5).astype(np.float32)
    return [*lines, (spot - 5, beyond), (np.maximum(spot - 0.18, 0), np.ones_like(off))]


def _line_cover(distance: Values) -> Values:
    """How much of each pixel a line covers: its width against the pixel's own size in metres."""
    down, across = np.gradient(distance)
    pixel = np.maximum(np.hypot(down, across), 1e-4)
    return np.clip(0.5 + (LINE_WIDTH / 2 - np.abs(distance)) / pixel, 0, 1)


def _draw_goal(picture: Values, view: View, end: float) -> None:
    out = -GOAL_DEPTH if end == 0 else GOAL_DEPTH
    near, far = WIDTH / 2 - GOAL_LINE_HALF, WIDTH / 2 + GOAL_LINE_HALF
    back, top = end + out, GOAL_HEIGHT
    for step in np.linspace(0, 1, 13):
        y, z = near + (far - near) * step, top * step
        _stroke(picture, view, ((back, y, 0), (back, y, top * 0.8)), _NET)
        _stroke(picture, view, ((end, y, top), (back, y, top * 0.8)), _NET)
        _stroke(picture, view, ((back, near, z * 0.8), (back, far, z * 0.8)), _NET)
        for side in (far, near):
            _stroke(picture, view, ((end, side, z), (back, side, z * 0.8)), _NET)
    for side in (far, near):
        _stroke(picture, view, ((back, side, 0), (back, side, top * 0.8)), _STAY)
        _stroke(picture, view, ((back, side, top * 0.8), (end, side, top)), _STAY)
    frame: list[Spot] = [(end, far, 0), (end, far, top), (end, near, top), (end, near, 0)]
    for start, stop in pairwise(frame):
        _stroke(picture, view, (start, stop), _POST)


def _draw_flag(picture: Values, view: View, x: float, y: float) -> None:
    _stroke(picture, view, ((x, y, 0), (x, y, 1.9)), Pen(1.6, 0.9))
    _stroke(picture, view, ((x + 0.1, y, 1.75), (x + 0.8, y, 1.6)), Pen(6.0, 1.0, (230, 190, 40)))


def _stroke(picture: Values, view: View, ends: tuple[Spot, Spot], pen: Pen) -> None:
    """Draw a straight line between two points of the pitch."""
    (ax, ay), (bx, by) = (view.screen(*end) for end in ends)
    radius = max(pen.width * view.unit, 0.6) / 2
    left, right = max(0, int(min(ax, bx) - radius - 1)), int(max(ax, bx) + radius + 2)
    top, bottom = max(0, int(min(ay, by) - radius - 1)), int(max(ay, by) + radius + 2)
    part = picture[top:bottom, left:right]
    x = np.arange(part.shape[1])[None, :] + left + 0.5 - ax
    y = np.arange(part.shape[0])[:, None] + top + 0.5 - ay
    dx, dy = bx - ax, by - ay
    along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-6), 0, 1)
    cover = np.clip(radius + 0.5 - np.hypot(x - along * dx, y - along * dy), 0, 1) * pen.strength
    part += (np.array(pen.colour, np.float32) - part) * cover[..., None].astype(np.float32)
