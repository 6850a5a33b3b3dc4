"""The overlay rules written down plainly: every sample by itself, in double precision, on R'G'B' of 0..255.

A chroma sample is the mean (1 2 1 across, 1 1 down) of what its colour becomes under the six luma samples it stands for.
"""

import math
from dataclasses import dataclass

import numpy as np

SIX = [(down, across, weight) for down in (0, 1) for across, weight in ((-1, 1 / 8), (0, 1 / 4), (1, 1 / 8))]


@dataclass(frozen=True)
class Mark:
    """One ellipse."""

    x: float
    y: float
    rx: float
    ry: float
    s: float = 1.0
    stroke: float = 0.85
    fill: float = 0.0
    colour: tuple[int, int, int] = (255, 255, 255)


@dataclass(frozen=True)
class Settings:
    effect: str = "original"
    ground: bool = False
    stroke_px: int = 2
    dim: float = 0.2
    boost: float = 0.2
    sigma: float = 8.0
    feather: float = 0.1


def to_rgb(y, cb, cr):
    luma, blue, red = (y - 16) / 219, (cb - 128) / 224 * 1.8556, (cr - 128) / 224 * 1.5748
    r, b = luma + red, luma + blue
    return np.stack([r, (luma - 0.2126 * r - 0.0722 * b) / 0.7152, b]) * 255


def to_planes(rgb):
    r, g, b = rgb / 255
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return np.stack([16 + 219 * luma, 128 + 224 * (b - luma) / 1.8556, 128 + 224 * (r - luma) / 1.5748])


def distance(mark, x, y):
    dx, dy = x - mark.x, y - mark.y
    rho = np.hypot(dx / mark.rx, dy / mark.ry)
    slope = np.hypot(dx / mark.rx**2, dy / mark.ry**2)
    centre = slope == 0
    return np.where(centre, -min(mark.rx, mark.ry), (rho - 1) * rho / np.where(centre, 1, slope))


def mask(mark, settings, d):
    w = np.clip(0.5 - d / max(1.0, settings.feather * min(mark.rx, mark.ry)), 0, 1)
    return w**2 * (3 - 2 * w)


def arc(mark, x, y):
    """From -30 to 210 degrees clockwise; the ends fade over a pixel, inside."""

    def ahead(x, y):
        return (y - mark.y) / mark.ry + 0.5 * np.hypot((x - mark.x) / mark.rx, (y - mark.y) / mark.ry)

    step = 1e-4
    across = (ahead(x + step, y) - ahead(x - step, y)) / (2 * step)
    down = (ahead(x, y + step) - ahead(x, y - step)) / (2 * step)
    return np.clip(ahead(x, y) / np.maximum(np.hypot(across, down), 1e-9), 0, 1)


def positions(orientation):
    """Displayed x and y of every coded luma sample."""
    shown = orientation.displayed
    turned = orientation.turns % 2
    columns, rows = (
        (orientation.coded.height, orientation.coded.width)
        if turned
        else (
            orientation.coded.width,
            orientation.coded.height,
        )
    )
    x, y = np.meshgrid(
        (np.arange(columns) + 0.5) * shown.width / columns, (np.arange(rows) + 0.5) * shown.height / rows
    )
    return orientation.as_coded(x), orientation.as_coded(y)


class Sheet:
    """Weights at every luma sample."""

    def __init__(self, marks, settings, orientation):
        self.marks, self.settings = marks, settings
        x, y = positions(orientation)
        self.d = [distance(mark, x, y) for mark in marks]
        inside = [mark.s * mask(mark, settings, d) for mark, d in zip(marks, self.d, strict=True)]
        self.g = np.max(inside, axis=0)
        self.u = max(mark.s for mark in marks) - self.g
        self.arcs = [arc(mark, x, y) if settings.ground else np.ones_like(x) for mark in marks]

    def shade(self, picture, soft, at):
        """What planes become at the luma samples ``at``."""
        rgb = self.effect(to_rgb(*picture), soft, at)
        for mark, d, front in zip(self.marks, self.d, self.arcs, strict=True):
            rgb = self.paint(rgb, mark, d[at], front[at])
        return to_planes(rgb)

    def effect(self, v, soft, at):
        u, g = self.u[at], self.g[at]
        match self.settings.effect:
            case "dark_overlay":
                return v * (1 - self.settings.dim * u)
            case "spotlight":
                return v * (1 - 0.7 * u)
            case "brightness_boost":
                return np.minimum(np.maximum(255, v), v * (1 + self.settings.boost * g))
            case "blur":
                return (1 - u) * v + u * to_rgb(*soft)
            case _:
                return v

    def paint(self, v, mark, d, front):
        colour = np.array(mark.colour, float).reshape(3, *([1] * d.ndim))
        fill = mark.fill * mark.s * np.clip(0.5 - d, 0, 1)
        v = v * (1 - fill) + colour * fill
        q = self.settings.stroke_px
        if q:
            outline = 0.5 * mark.s * np.clip(0.5 + (q + 2) / 2 - np.abs(d), 0, 1) * front
            v = v * (1 - outline) + 0.3 * colour * outline
            stroke = mark.stroke * mark.s * np.clip(0.5 + q / 2 - np.abs(d), 0, 1) * front
            v = v * (1 - stroke) + colour * stroke
        return v


def gaussian(plane, across, down):
    """The plane under a Gaussian of four deviations on each side; the edge repeats."""
    for axis, sigma in ((1, across), (0, down)):
        reach = math.ceil(4 * sigma)
        taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
        padding = [(0, 0), (0, 0)]
        padding[axis] = (reach, reach)
        padded = np.pad(plane.astype(float), padding, mode="edge")
        count = plane.shape[axis]
        plane = sum(
            tap * np.take(padded, range(start, start + count), axis) for start, tap in enumerate(taps / taps.sum())
        )
    return plane


def drawn(planes, marks, settings, orientation):
    """The planes with the marks drawn on them, unrounded."""
    planes = [plane.astype(float) for plane in planes]
    soft = planes
    if settings.effect == "blur":
        height, width = planes[0].shape
        turned = orientation.turns % 2
        shown_across, shown_down = (
            (orientation.displayed.height, orientation.displayed.width)
            if turned
            else (orientation.displayed.width, orientation.displayed.height)
        )
        across, down = settings.sigma * width / shown_across, settings.sigma * height / shown_down
        soft = [gaussian(planes[0], across, down)] + [gaussian(p, across / 2, down / 2) for p in planes[1:]]
    return over(planes, soft, Sheet(marks, settings, orientation))


def over(planes, soft, sheet):
    """Six shades for each chroma sample, one for each luma sample."""
    height, width = planes[0].shape
    block = np.ix_(np.arange(height) // 2, np.arange(width) // 2)
    everywhere = np.s_[:, :]
    picture, blurred = ([p[0], p[1][block], p[2][block]] for p in (planes, soft))
    luma = sheet.shade(picture, blurred, everywhere)[0]
    chroma = np.zeros((2, *planes[1].shape))
    for down, across, weight in SIX:
        rows = np.minimum(2 * np.arange(planes[1].shape[0]) + down, height - 1)
        columns = np.clip(2 * np.arange(planes[1].shape[1]) + across, 0, width - 1)
        at = np.ix_(rows, columns)
        chroma += weight * sheet.shade([planes[0][at], *planes[1:]], [soft[0][at], *soft[1:]], at)[1:]
    return [luma, chroma[0], chroma[1]]


def rounded(planes):
    return [np.clip(np.floor(plane + 0.5), 0, 255) for plane in planes]
