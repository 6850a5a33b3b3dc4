"""The figures of the sample match: players in their kits and poses.

Convention: a figure is drawn in units of its height, feet at (0, 0), x to the front, y up; its anchor is the pixel of its feet.
"""

import math
from enum import Enum
from typing import NamedTuple

import numpy as np

from clipmill.engines.sample_match.sprites import FINENESS, Colour, Drawing, Values, shrunk

RUN_STEPS = 8
HEIGHT_STEP = 3
"""Figures are drawn for every third height: between, none is told apart."""


Point = tuple[float, float]


class Kit(NamedTuple):
    """What a figure wears."""

    shirt: Colour
    shorts: Colour
    socks: Colour


class Gait(Enum):
    """How far the legs swing, in radians."""

    STAND = 0.0
    JOG = 0.5
    RUN = 0.85
    CHEER = 0.06
    DIVE = 0.3


class Pose(NamedTuple):
    gait: Gait
    step: int
    right: bool
    """Whether the figure looks to the right."""

    @property
    def phase(self) -> float:
        """Where in its two steps the figure is, in radians."""
        return 2 * math.pi * self.step / RUN_STEPS


class Body(NamedTuple):
    kit: Kit
    skin: Colour
    hair: Colour


def drawn_height(height: float) -> int:
    """The height that stands for a figure's."""
    return max(2, round(height / HEIGHT_STEP)) * HEIGHT_STEP


def draw_figure(body: Body, pose: Pose, height: int) -> Drawing:
    """A player of some height in pixels."""
    dives, stretches = pose.gait is Gait.DIVE, pose.gait in (Gait.DIVE, Gait.CHEER)
    reach, rise = round((0.8 if dives else 0.5) * height), math.ceil((1.3 if stretches else 1.08) * height)
    canvas = _Canvas(reach, rise, height, tilt=1.25 if dives else 0.0, right=pose.right)
    _draw_body(canvas, body, pose)
    return canvas.finished()


class _Canvas:
    """A finely sampled picture of a figure, feet at the middle of the lower edge."""

    def __init__(self, reach: int, rise: int, height: int, *, tilt: float, right: bool) -> None:
        sink = max(2, round(0.12 * height))
        rows, columns = (rise + sink) * FINENESS, 2 * reach * FINENESS
        self._across = (((np.arange(columns) + 0.5) / FINENESS - reach) / height * (1 if right else -1)).astype(
            np.float32
        )
        self._up = ((rise - (np.arange(rows) + 0.5) / FINENESS) / height).astype(np.float32)
        self._tilt = tilt
        self._picture = np.zeros((rows, columns, 3), np.float32)
        self._alpha = np.zeros((rows, columns), np.float32)
        self._anchor = reach, rise

    def limb(self, start: Point, end: Point, radius: float, colour: Colour, light: float = 1.0) -> None:
        """A rounded stroke, lit from the upper left and behind."""
        part, x, y = self._around(start, end, radius)
        dx, dy = end[0] - start[0], end[1] - start[1]
        along = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        off_x, off_y = x - start[0] - along * dx, y - start[1] - along * dy
        inside = off_x * off_x + off_y * off_y < radius * radius
        shade = light * (0.9 + 0.28 * np.clip((off_y - 0.7 * off_x) / radius, -1, 1))
        self._picture[part][inside] = np.array(colour, np.float32) * shade[inside, None]
        self._alpha[part][inside] = 1

    def _around(self, start: Point, end: Point, radius: float) -> tuple[tuple[slice, slice], Values, Values]:
        """The part of the canvas where a stroke can lie, and where its points are in the figure."""
        if not self._tilt:
            rows = _within(self._up, min(start[1], end[1]) - radius, max(start[1], end[1]) + radius)
            columns = _within(self._across, min(start[0], end[0]) - radius, max(start[0], end[0]) + radius)
            x, y = np.meshgrid(self._across[columns], self._up[rows])
            return (rows, columns), x, y
        # A tilted figure turns forward about a point above its feet, so that it lies in the air.
        sine, cosine = math.sin(self._tilt), math.cos(self._tilt)
        x, y = np.meshgrid(self._across + 0.35 * sine, self._up - 0.1 * sine)
        return (slice(None), slice(None)), x * cosine - y * sine, x * sine + y * cosine

    def finished(self) -> Drawing:
        """The figure at the picture's own resolution, cut to what is drawn."""
        down, across = np.flatnonzero(self._alpha.any(axis=1)), np.flatnonzero(self._alpha.any(axis=0))
        top, left = int(down[0]) // FINENESS, int(across[0]) // FINENESS
        part = slice(top * FINENESS, _whole(int(down[-1]))), slice(left * FINENESS, _whole(int(across[-1])))
        alpha = shrunk(self._alpha[part])
        # What is not drawn is black, so the colours come weighted by their cover.
        colours = shrunk(self._picture[part]) / np.maximum(alpha, 1e-6)[..., None]
        return Drawing(np.clip(colours, 0, 255), alpha, (self._anchor[0] - left, self._anchor[1] - top))


def _whole(last: int) -> int:
    return (last // FINENESS + 1) * FINENESS


def _within(axis: Values, low: float, high: float) -> slice:
    found = np.flatnonzero((axis >= low) & (axis <= high))
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0)


_BOOT: Colour = (28, 28, 30)
# The far side's limbs, -1, lie in shade.
_LIGHT = {-1: 0.72, 1: 1.0}
_HIP, _SHOULDER, _HEAD = 0.49, 0.79, 0.92
_THIGH, _SHIN, _UPPER_ARM, _FOREARM = 0.235, 0.235, 0.16, 0.15


def _draw_body(canvas: _Canvas, body: Body, pose: Pose) -> None:
    swing = pose.gait.value
    lean = 0.16 * min(1.0, swing / Gait.RUN.value)
    bob = 0.02 * abs(math.sin(pose.phase)) * min(1.0, swing * 2)
    hip, shoulder = (0.0, _HIP + bob), (lean * 0.35, _SHOULDER + bob)
    _draw_arm(canvas, body, shoulder, pose, -1)
    _draw_leg(canvas, body, hip, pose, -1)
    canvas.limb(hip, shoulder, 0.112, body.kit.shirt)
    canvas.limb((hip[0], hip[1] - 0.01), (hip[0], hip[1] + 0.03), 0.104, body.kit.shorts)
    _draw_head(canvas, body, (shoulder[0] + lean * 0.2, _HEAD + bob))
    _draw_arm(canvas, body, shoulder, pose, 1)
    _draw_leg(canvas, body, hip, pose, 1)


def _draw_head(canvas: _Canvas, body: Body, place: Point) -> None:
    canvas.limb((place[0] - 0.01, place[1] - 0.1), place, 0.035, body.skin)
    canvas.limb(place, place, 0.079, body.skin)
    canvas.limb((place[0] - 0.035, place[1] + 0.03), (place[0] + 0.02, place[1] + 0.055), 0.05, body.hair)


def _draw_leg(canvas: _Canvas, body: Body, hip: Point, pose: Pose, side: int) -> None:
    swing, light = pose.gait.value, _LIGHT[side]
    thigh = side * swing * math.sin(pose.phase)
    # The knee bends while the leg swings to the front.
    bend = swing * (0.25 + 1.25 * max(0.0, side * math.cos(pose.phase)))
    knee = _from(hip, thigh, _THIGH)
    foot = _from(knee, thigh - bend, _SHIN)
    canvas.limb(hip, knee, 0.056, body.skin, light)
    canvas.limb(hip, _from(hip, thigh, _THIGH * 0.62), 0.078, body.kit.shorts, light)
    canvas.limb(knee, foot, 0.043, body.kit.socks, light)
    canvas.limb((foot[0] - 0.01, foot[1] + 0.005), (foot[0] + 0.075, foot[1]), 0.027, _BOOT, light)


def _draw_arm(canvas: _Canvas, body: Body, shoulder: Point, pose: Pose, side: int) -> None:
    place = shoulder[0], shoulder[1] - 0.02
    if pose.gait in (Gait.CHEER, Gait.DIVE):
        upper = side * (math.pi - 0.35) - 0.25 * math.sin(pose.phase)
        lower = side * math.pi * 0.97
    else:
        upper = -side * pose.gait.value * 0.95 * math.sin(pose.phase) - 0.1
        lower = upper + (0.25 if pose.gait is Gait.STAND else 1.15)
    elbow = _from(place, upper, _UPPER_ARM)
    hand = _from(elbow, lower, _FOREARM)
    canvas.limb(elbow, hand, 0.035, body.skin, _LIGHT[side])
    canvas.limb(place, elbow, 0.049, body.kit.shirt, _LIGHT[side])


def _from(place: Point, angle: float, length: float) -> Point:
    """The point ``length`` away, straight down at angle 0, forward as it grows."""
    return place[0] + length * math.sin(angle), place[1] - length * math.cos(angle)
