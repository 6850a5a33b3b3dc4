"""How a picture has to be turned and mirrored to be seen, from its display matrix.

Convention: a picture is first mirrored (columns from right to left), then turned clockwise.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import av
from av.sidedata.sidedata import SideData, Type

_MATRIX = struct.Struct("=9i")


@dataclass(frozen=True, slots=True)
class Orientation:
    """From coded to displayed: ``rotation`` is 0, 90, 180 or 270 degrees clockwise."""

    rotation: int
    mirrored: bool


UPRIGHT = Orientation(0, mirrored=False)


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """The orientation that a decoded frame carries; upright where it carries none."""
    carried = cast("Mapping[Type, SideData]", frame.side_data)
    matrix = carried.get(Type.DISPLAYMATRIX)
    return UPRIGHT if matrix is None else _from_matrix(*_MATRIX.unpack(bytes(matrix)))


def _from_matrix(a: int, b: int, _u: int, c: int, d: int, *_rest: int) -> Orientation:
    """A right step in the coded picture is a step (a, b) on the screen, a down step is (c, d)."""
    area = a * d - b * c
    if area == 0:
        return UPRIGHT
    # A mirror before the turn leaves the down step alone: it tells the angle by itself.
    quarter_turns = round(math.atan2(-c, d) / (math.pi / 2))
    return Orientation(quarter_turns % 4 * 90, mirrored=area < 0)
