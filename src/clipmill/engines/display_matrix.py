"""How a picture has to be mirrored and turned to be seen, from its display matrix.

Convention: a picture is first mirrored (columns from right to left), then turned clockwise.
"""

import math
import struct
from collections.abc import Mapping
from typing import NamedTuple, cast

import av
from av.sidedata.sidedata import SideData, Type

_MATRIX = struct.Struct("=9i")


class Turn(NamedTuple):
    """``rotation`` is 0, 90, 180 or 270 degrees clockwise."""

    rotation: int
    mirrored: bool


UPRIGHT = Turn(0, mirrored=False)


def turn_of(frame: av.VideoFrame) -> Turn:
    """The turn that a decoded frame asks for; upright where it asks for none, or for one that flattens the picture."""
    carried = cast("Mapping[Type, SideData]", frame.side_data)
    matrix = carried.get(Type.DISPLAYMATRIX)
    return UPRIGHT if matrix is None else _from_matrix(*_MATRIX.unpack(bytes(matrix)))


def _from_matrix(a: int, b: int, _u: int, c: int, d: int, *_rest: int) -> Turn:
    """A step to the right in the coded picture is a step (a, b) on the screen, a step down is (c, d)."""
    area = a * d - b * c
    if area == 0:
        return UPRIGHT
    # A mirror before the turn leaves the step down alone: it tells the angle by itself.
    quarter_turns = round(math.atan2(-c, d) / (math.pi / 2))
    return Turn(quarter_turns % 4 * 90, mirrored=area < 0)
